// The links of a topology while the system runs: their state, and the flows that are on them. What
// passes over each link is accounted for here.
#pragma once

#include "sim/base/units.hpp"
#include "topologies/topology.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace kvferry::sim {

class Links {
 public:
  explicit Links(const topologies::Topology& topology);

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

  void flow_started(std::span<const topologies::LinkId> path);
  /// @param sent of its bytes, since `started`
  void flow_ended(std::span<const topologies::LinkId> path, Bytes sent, Seconds started,
                  Seconds now);

  /// The rate that one more flow would get if the links of the path were shared evenly: a guess,
  /// because flows that are limited elsewhere leave more, and others change their mind.
  BytesPerSecond share_of_one_more(std::span<const topologies::LinkId> path) const;

  /// Of flows that have ended.
  const std::vector<Bytes>& carried() const { return carried_; }

 private:
  State& at(topologies::LinkId link) { return states_[static_cast<std::size_t>(link)]; }

  std::vector<State> states_;
  std::vector<Bytes> carried_;
};

}  // namespace kvferry::sim
