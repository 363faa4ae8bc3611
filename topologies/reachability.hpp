// Whether GPUs can send to each other at all.
#pragma once

#include "topologies/topology.hpp"

#include <optional>
#include <span>
#include <utility>

namespace kvferry::topologies {

/// A pair (one of `sources`, another of `targets`) without a path; nothing when all have one. Takes
/// time in proportion to the links where some vertex is on the way from all to all, as in every
/// connected network.
std::optional<std::pair<GpuId, GpuId>> unreachable_pair(const Topology& topology,
                                                        std::span<const GpuId> sources,
                                                        std::span<const GpuId> targets);

}  // namespace kvferry::topologies
