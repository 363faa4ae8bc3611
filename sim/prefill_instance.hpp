// A prefill engine: takes waiting prompts in order, as many as the token budget and the KV cache
// allow, and runs them through the model in one iteration.
#pragma once

#include "sim/base/record.hpp"
#include "sim/engine_parts.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <vector>

namespace kvferry::sim {

struct BatchLimits {
  std::int64_t requests;
  std::int64_t tokens;  ///< a single longer prompt runs alone
};

class PrefillInstance {
 public:
  using OnPrefilled = std::function<void(RequestRecord&)>;

  PrefillInstance(const EngineParts& parts, BatchLimits limits, OnPrefilled on_prefilled);

  /// @pre the prompt fits into the empty KV cache
  void enqueue(RequestRecord& request);

  /// The last byte of the request's KV has left: its blocks are free again.
  void release(const RequestRecord& request);

  /// Requests waiting or running.
  std::int64_t load() const { return static_cast<std::int64_t>(waiting_.size() + batch_.size()); }
  const KvBlocks& blocks() const { return blocks_; }
  const BusyClock& clock() const { return clock_; }

 private:
  void consider_dispatch();
  void dispatch();
  void form_batch();
  void end_batch();

  EventLoop& loop_;
  const IterationTime& iteration_time_;
  KvBlocks blocks_;
  BatchLimits limits_;
  OnPrefilled on_prefilled_;
  std::deque<RequestRecord*> waiting_;
  std::vector<RequestRecord*> batch_;
  bool dispatch_pending_ = false;
  BusyClock clock_;
};

}  // namespace kvferry::sim
