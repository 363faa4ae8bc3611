// The links of a topology while the system runs: their state, and the flows that are on them. What
// passes over each link is accounted for here, at a cost per flow and link that does not grow with
// the run (link_timelines.hpp and incast.hpp say theirs).
#pragma once

#include "sim/base/result.hpp"
#include "sim/base/units.hpp"
#include "sim/incast.hpp"
#include "sim/link_timelines.hpp"
#include "topologies/topology.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace kvferry::sim {

/// A flow, as the links see it.
struct Passage {
  std::span<const topologies::LinkId> path;
  topologies::GpuId from;
  Seconds started;
};

class Links {
 public:
  /// @param incast_flows senders at one receiver that count as incast
  Links(const topologies::Topology& topology, std::int32_t incast_flows);

  struct State {
    BytesPerSecond capacity;  ///< now; also while it is down
    bool up = true;
    std::int32_t flows = 0;  ///< on it now
  };
  const State& operator[](topologies::LinkId link) const {
    return states_[static_cast<std::size_t>(link)];
  }
  bool all_up(std::span<const topologies::LinkId> path) const;

  void set_capacity(topologies::LinkId link, BytesPerSecond capacity);
  void set_up(topologies::LinkId link, bool up);

  void flow_started(const Passage& flow);
  /// @param sent of its bytes, since it started
  void flow_ended(const Passage& flow, Bytes sent, Seconds now);

  /// The rate that one more flow would get if the links of the path were shared evenly: a guess,
  /// because flows that are limited elsewhere leave more, and others change their mind.
  BytesPerSecond share_of_one_more(std::span<const topologies::LinkId> path) const;

  /// Bytes of flows that have ended, and times until now.
  NetworkUse use(Seconds now) const;

 private:
  State& at(topologies::LinkId link) { return states_[static_cast<std::size_t>(link)]; }
  /// So many flows more, or fewer, from now on.
  void change_flows(topologies::LinkId link, std::int32_t by, Seconds now);

  /// Until the number of flows last changed.
  struct Account {
    LinkUse use;
    Seconds until{};
  };
  static LinkUse continued(const Account& account, std::int32_t flows, Seconds now);

  std::vector<State> states_;
  std::vector<Account> accounts_;
  LinkTimelines timelines_;
  IncastWatch incast_;
};

}  // namespace kvferry::sim
