// A decode engine with continuous batching: requests join at iteration boundaries, every iteration
// gives each of them one token.
//
// Admission reserves the KV blocks of the whole answer before any byte is sent, first come, first
// served; nothing is ever preempted. A full cache therefore holds back hand-offs, and the prefill
// side keeps its blocks meanwhile.
#pragma once

#include "sim/base/result.hpp"
#include "sim/engine_parts.hpp"
#include "sim/simulation_config.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <vector>

namespace kvferry::sim {

class DecodeInstance {
 public:
  using OnAdmitted = std::function<void(RequestRecord&)>;

  struct Options {
    std::int64_t max_batch_size;
    FirstToken first_token;
  };

  DecodeInstance(const EngineParts& parts, Options options, OnAdmitted on_admitted);

  /// Asks for room; `on_admitted` runs at once or when others have finished.
  /// @pre input + output fit into the empty KV cache
  void request_admission(RequestRecord& request);

  /// The request's KV cache is complete on this instance.
  void join(RequestRecord& request);

  /// Requests that wait for room, are being handed off, or run.
  std::int64_t load() const { return load_; }
  const KvBlocks& blocks() const { return blocks_; }
  const BusyClock& clock() const { return clock_; }
  const std::vector<TokenGapRun>& token_gaps() const { return token_gaps_; }

 private:
  struct Sequence {
    RequestRecord* request;
    std::int64_t context;    ///< tokens in the KV cache
    std::int64_t remaining;  ///< decode iterations still to come
    Seconds last_token;      ///< kNever before the first
  };

  void admit_waiting();
  void consider_dispatch();
  void start_iteration();
  void end_iteration();
  void emit_token(Sequence& sequence, std::int64_t& steady_gaps);
  void finish(RequestRecord& request);
  std::int64_t decode_iterations(const RequestRecord& request) const;

  EventLoop& loop_;
  const IterationTime& iteration_time_;
  KvBlocks blocks_;
  Options options_;
  OnAdmitted on_admitted_;
  std::deque<RequestRecord*> waiting_for_room_;
  std::deque<Sequence> ready_;
  std::vector<Sequence> running_;
  std::vector<TokenGapRun> token_gaps_;
  std::int64_t load_ = 0;
  bool iterating_ = false;  ///< an iteration runs, or is about to be formed
  BusyClock clock_;
};

}  // namespace kvferry::sim
