// The state machine of one run: router, instances and transfers, wired together. It sees time and
// network through their interfaces only, so tests drive it without SimGrid.
#pragma once

#include "sim/base/result.hpp"
#include "sim/decode_instance.hpp"
#include "sim/event_loop.hpp"
#include "sim/kv_transfer.hpp"
#include "sim/network.hpp"
#include "sim/placement.hpp"
#include "sim/prefill_instance.hpp"
#include "sim/router.hpp"
#include "workloads/request.hpp"

#include <cstddef>
#include <deque>
#include <optional>
#include <span>
#include <vector>

namespace kvferry::sim {

/// What a system runs on; all must outlive it.
struct Backend {
  EventLoop& loop;
  Network& network;
  codec::TransferCodec& codec;
};

class ServingSystem {
 public:
  /// Schedules the first arrival; the owner of the loop then runs it until nothing is left.
  ServingSystem(const SimulationConfig& config, const Placement& placement, const Backend& backend,
                std::span<const workloads::Request> requests);

  /// Everything but the bytes on the links, once the loop has run.
  SimulationResult take_result();

 private:
  void schedule_next_arrival();
  void arrive(RequestRecord& request);
  Outcome admission_verdict(const RequestRecord& request) const;
  void prefilled(RequestRecord& request);
  void admitted(RequestRecord& request);
  void last_byte_left(RequestRecord& request);
  void kv_ready(RequestRecord& request);
  void stop();
  SimulationTotals totals() const;

  const SimulationConfig& config_;
  const Placement& placement_;
  EventLoop& loop_;
  IterationTime prefill_time_;
  IterationTime decode_time_;
  KvTransfer transfer_;
  Router prefill_router_;
  Router decode_router_;
  std::deque<PrefillInstance> prefill_;  // deques: instances never move
  std::deque<DecodeInstance> decode_;
  std::vector<RequestRecord> records_;
  std::size_t next_arrival_ = 0;
  std::optional<SimulationTotals> totals_at_horizon_;
};

}  // namespace kvferry::sim
