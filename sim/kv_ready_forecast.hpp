// Predicts how long a KV cache that is handed off now would take to be usable at an instance, for
// the router policy network-aware:
//
//   ready after = wait + (lane + bound) / rate
//
//   wait   0 where the KV cache has room now. Otherwise a full cache is taken to renew itself once
//          in the mean time that answers have held theirs so far: wait = that time * blocks that are
//          missing / blocks of the cache. Before any answer has ended nothing is known: 0
//   lane   the hand-off's raw bytes over its lanes, which have equal shares and run side by side.
//          A codec divides all of them by about the same ratio
//   bound  the bytes of other hand-offs to the instance that have not arrived completely, likewise:
//          those that are not on the links yet come through the same NIC
//   rate   of the lane that would get least now (Transport::expected_rate)
//
// It is a guess: it knows neither what is sent next, nor how much of a flow is left (which counts
// whole in bound, and once more as a sharer of the rate), nor that lanes may share links with one
// another, nor queues at the sender, which delay every choice alike, nor, with early binding, requests
// bound for the instance whose prompts are not complete.
#pragma once

#include "sim/engine.hpp"
#include "sim/live_request.hpp"
#include "sim/model_spec.hpp"
#include "sim/placement.hpp"
#include "sim/transport.hpp"

#include <cstdint>

namespace kvferry::sim {

class KvReadyForecast {
 public:
  /// All must outlive it.
  KvReadyForecast(const Transport& transport, const Placement& placement, const ModelSpec& model)
      : transport_(transport), placement_(placement), model_(model) {}

  /// An answer has ended, after a hand-off or without one.
  void answered(const RequestRecord& record);

  /// @param to by its number in the whole system, settled. @return zero while nobody knows where the
  /// prompt is computed, infinite where no path leads to the instance
  Seconds ready_after(const LiveRequest& request, std::int32_t to, const Engine& engine) const;

  Seconds admission_wait(std::int64_t tokens, const Engine& engine) const;

 private:
  const Transport& transport_;
  const Placement& placement_;
  const ModelSpec& model_;
  std::int64_t answers_ = 0;
  Seconds held_{};  ///< sum over answers: from the start of the hand-off until room is free
};

}  // namespace kvferry::sim
