// Sends bytes from GPU to GPU: chooses one of the topology's paths, starts the flow, and keeps the
// account of the links. It sends once; what is to happen when a flow breaks is for its caller to say.
#pragma once

#include "sim/event_loop.hpp"
#include "sim/links.hpp"
#include "sim/network.hpp"
#include "sim/simulation_config.hpp"
#include "topologies/topology.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

namespace kvferry::sim {

struct Shipment {
  topologies::GpuId from;
  topologies::GpuId to;
  Bytes size;              ///< above zero
  std::uint64_t salt = 0;  ///< of the hash: what keeps it stays on its path
  std::optional<BytesPerSecond> cap = {};
};

class Transport {
 public:
  using ShipmentEnd = Network::FlowEnd;

  /// All must outlive it.
  Transport(EventLoop& loop, Network& network, const topologies::Topology& topology,
            PathPolicy policy, std::int32_t incast_flows = NetworkConfig{}.incast_flows);

  /// Starts a flow over a path whose links are all up, another than the policy's if need be. Nothing
  /// when there is none: `on_end` then never runs. Latency is not included.
  std::optional<FlowHandle> send(const Shipment& shipment, ShipmentEnd on_end);

  /// As in Network; the handles are this class's own.
  void cancel(FlowHandle flow);
  double left(FlowHandle flow) const;
  bool limits_rates() const { return network_.limits_rates(); }
  void set_cap(FlowHandle flow, std::optional<BytesPerSecond> cap);

  /// Of the first path, which all others resemble.
  Seconds latency(topologies::GpuId from, topologies::GpuId to) const;
  /// The least capacity on the path that a shipment with this salt would take, when nobody else is
  /// there, and the rate that it would get now; both as in Links::share_of_one_more(). Zero when no
  /// path is up.
  BytesPerSecond line_rate(topologies::GpuId from, topologies::GpuId to) const;
  BytesPerSecond expected_rate(topologies::GpuId from, topologies::GpuId to,
                               std::uint64_t salt) const;

  /// Failures and background traffic. `on_up` runs whenever a link has come up again.
  void when_a_link_is_up(std::function<void()> on_up) { on_link_up_ = std::move(on_up); }
  void set_capacity(topologies::LinkId link, BytesPerSecond capacity);
  void set_up(topologies::LinkId link, bool up);

  const Links& links() const { return links_; }
  const topologies::Topology& topology() const { return topology_; }
  std::int64_t flows() const { return flows_; }

 private:
  struct Underway {
    std::vector<topologies::LinkId> path;
    topologies::GpuId from;
    Bytes size;
    Seconds started;
    std::uint64_t sequence = 0;  ///< 0: nobody's place
    FlowHandle flow;             ///< the network's
    ShipmentEnd on_end;
  };

  bool choose_path(const Shipment& shipment, std::vector<topologies::LinkId>& path) const;
  std::uint32_t take_place();
  void leave_place(std::uint32_t place);
  void ended(std::uint32_t place, const FlowReport& report);
  void account(const Underway& flow, double left);

  EventLoop& loop_;
  Network& network_;
  const topologies::Topology& topology_;
  PathPolicy policy_;
  Links links_;
  std::vector<Underway> underway_;
  std::vector<std::uint32_t> free_places_;
  std::function<void()> on_link_up_;
  std::uint64_t next_sequence_ = 1;
  std::int64_t flows_ = 0;
  mutable std::vector<topologies::LinkId> path_;  ///< kept to save allocations
};

}  // namespace kvferry::sim
