// Notices incast: flows of many different senders on their way to one receiving NIC.
//
// The receiver of a flow is the last link of its path that leads to a NIC; where a topology does
// not say what its links join, the last link. A sender is a GPU, however many flows it has there.
// Cost of a flow: its path once, and the senders that the receiver has at this moment.
#pragma once

#include "sim/base/result.hpp"
#include "sim/base/units.hpp"
#include "topologies/topology.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace kvferry::sim {

class IncastWatch {
 public:
  /// @param flows senders that make it an incast, at least 1
  IncastWatch(const topologies::Topology& topology, std::int32_t flows);

  void flow_started(std::span<const topologies::LinkId> path, topologies::GpuId from, Seconds now);
  void flow_ended(std::span<const topologies::LinkId> path, topologies::GpuId from, Seconds now);

  IncastUse use(Seconds now) const;

 private:
  struct Sender {
    topologies::GpuId gpu;
    std::int32_t flows;
  };
  using Senders = std::vector<Sender>;  ///< with a flow now, in no order; keeps its memory

  Senders* senders_at_receiver(std::span<const topologies::LinkId> path);
  void account(Seconds now);

  std::size_t limit_;
  std::vector<bool> leads_to_nic_;  ///< by link
  std::vector<Senders> senders_;    ///< by link
  std::int32_t crowded_ = 0;        ///< receivers at the limit or above, since until_
  Seconds until_{};
  IncastUse use_;
};

}  // namespace kvferry::sim
