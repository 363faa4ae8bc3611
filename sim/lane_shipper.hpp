// Gets the bytes of a lane over the network: waits for a place at the NIC, sets up the connection,
// adds what the transfer engine costs, and tries again when a flow breaks.
//
//   a flow breaks     -> a new try after the back-off, over any path that is up
//   no path is up     -> it waits until one is, for as long as its patience lasts
//   too many tries, or out of patience -> it gives up
#pragma once

#include "sim/event_loop.hpp"
#include "sim/flow_gate.hpp"
#include "sim/handoff.hpp"
#include "sim/handoff_table.hpp"
#include "sim/simulation_config.hpp"
#include "sim/transport.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

namespace kvferry::sim {

class LaneShipper {
 public:
  struct Callbacks {
    std::function<void(Lane&)> on_sent;      ///< the last byte of what ship() was given has left
    std::function<void(Lane&)> on_given_up;  ///< its hand-off may be abandoned in the call
  };

  /// All but the configuration must outlive it. @throws InputError when the engine limits rates and
  /// the network cannot
  LaneShipper(EventLoop& loop, Transport& transport, HandoffTable& handoffs,
              const TransferConfig& config, Callbacks callbacks);

  /// `on_start` runs right before each flow starts, the tries after the first included: the time to
  /// set its source's cap.
  void before_a_flow_starts(std::function<void(Lane&)> on_start) {
    before_start_ = std::move(on_start);
  }

  /// Sends some of the lane's bytes; nothing else of the lane is under way.
  /// @param cap of the bytes' source, on top of the engine's
  void ship(Lane& lane, Bytes size, std::int64_t descriptors,
            std::optional<BytesPerSecond> cap = std::nullopt);
  /// The lane has sent all of its bytes: its place at the NIC is free.
  void complete(Lane& lane);
  /// Its hand-off is abandoned: nothing of it goes on.
  void drop(Lane& lane);

  /// Of the flow under way. @pre the network limits rates
  void set_source_cap(Lane& lane, std::optional<BytesPerSecond> cap);
  /// Of the bytes given to ship(), the share that has not been sent, 0 to 1.
  double left(const Lane& lane) const;

  /// Time until the first byte of a transfer arrives, beyond what its bytes take on the wire.
  Seconds delay(const Lane& lane) const { return lane.latency + config_.engine.start; }
  /// Of a transfer on the idle path.
  Seconds idle_time(const Lane& lane, Bytes size, std::int64_t descriptors) const;

 private:
  FlowGate& gate_of(const Lane& lane);
  Seconds connected(const Lane& lane);
  void connect(Lane& lane);
  void start_at(Lane& lane, Seconds when);
  void start_flow(Lane& lane);
  void flow_ended(Lane& lane, const FlowReport& report);
  void broken(Lane& lane);
  void strand(Lane& lane);
  void leave_strand(Lane& lane);
  void retry_stranded();

  EventLoop& loop_;
  Transport& transport_;
  HandoffTable& handoffs_;
  TransferConfig config_;
  Callbacks callbacks_;
  bool engine_is_plain_;
  std::vector<FlowGate> gates_;                             ///< by NIC
  std::unordered_map<std::uint64_t, Seconds> connections_;  ///< by pair; never iterated
  std::vector<Lane*> stranded_;
  std::function<void(Lane&)> before_start_;
};

}  // namespace kvferry::sim
