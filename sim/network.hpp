// Flows of bytes between GPUs that share links, and the state of these links. Back-ends:
// simgrid/comm_network.hpp, simgrid/direct_network.hpp. Transport stands above it and chooses paths.
#pragma once

#include "sim/base/units.hpp"
#include "topologies/topology.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <span>

namespace kvferry::sim {

struct FlowSpec {
  topologies::GpuId from;
  topologies::GpuId to;                      ///< another one
  Bytes size;                                ///< above zero
  std::span<const topologies::LinkId> path;  ///< from `from` to `to`; all its links are up
  std::optional<BytesPerSecond> cap;         ///< a rate it does not exceed
};

/// How a flow ended.
struct FlowReport {
  bool delivered = true;  ///< false: a link of its path went down
  double left = 0;        ///< share of its bytes that had not been sent, 0 to 1
};

/// Names a flow under way; a default one names none.
struct FlowHandle {
  std::uint32_t slot{};
  std::uint64_t sequence{};  ///< 0: none
};

class Network {
 public:
  using FlowEnd = std::function<void(const FlowReport&)>;

  Network() = default;
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;
  virtual ~Network() = default;

  /// `on_end` runs once, when the last byte has left the wire or the flow is broken, as an event of
  /// priority `transfer`; flows that end at one instant are reported in the order of their start.
  /// Latency is not included: the caller adds that of the path.
  virtual FlowHandle start(const FlowSpec& flow, FlowEnd on_end) = 0;

  /// The flow ends now and is not reported. One that has ended is none any more.
  virtual void cancel(FlowHandle flow) = 0;

  /// Share of the flow's bytes that have not been sent, 0 to 1. @pre it is under way
  virtual double left(FlowHandle flow) const = 0;

  /// Whether flows may have a cap.
  virtual bool limits_rates() const = 0;

  /// From now on; nothing lifts the cap. @pre limits_rates(), the flow is under way
  virtual void set_cap(FlowHandle flow, std::optional<BytesPerSecond> cap) = 0;

  /// From now on, also for flows under way. @param capacity above zero
  virtual void set_capacity(topologies::LinkId link, BytesPerSecond capacity) = 0;

  /// Down: flows over it are broken, and none may start.
  virtual void set_up(topologies::LinkId link, bool up) = 0;
};

}  // namespace kvferry::sim
