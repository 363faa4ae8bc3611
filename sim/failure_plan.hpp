// Which links and engines the names of a failure stand for.
#pragma once

#include "sim/failure_config.hpp"
#include "sim/placement.hpp"
#include "sim/simulation_config.hpp"
#include "topologies/topology.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kvferry::sim {

/// Something that fails as one.
struct FailureTarget {
  std::string name;  ///< the same for the same thing, however it was named
  std::vector<topologies::LinkId> links;
  std::int32_t engine = -1;  ///< by number in the whole system; -1: it is links
};

/// Looks names up. The placement must outlive it.
class FailureTargets {
 public:
  FailureTargets(const SimulationConfig& config, const Placement& placement);

  /// At least one. @throws std::invalid_argument saying what there is instead
  std::vector<FailureTarget> of(const FailingElement& element) const;

 private:
  struct Pool {
    std::string name;
    std::int32_t first = 0;  ///< of its engines
    std::int32_t count = 0;
  };
  struct Range {
    std::int32_t first;
    std::int32_t last;  ///< included
  };
  Range engines_of(const std::string& found, const std::vector<std::string>& parts) const;
  std::vector<FailureTarget> link_of(const std::string& name) const;
  std::vector<FailureTarget> instances_of(const std::string& name) const;
  std::vector<FailureTarget> nics_of(const std::string& name) const;
  FailureTarget nic(topologies::NicId nic) const;

  const Placement& placement_;
  std::vector<Pool> pools_;
};

/// One target's disturbances: at a date, or again and again.
struct Disturbance {
  FailureTarget target;
  Remains remains;
  Seconds at{};                  ///< stated
  std::optional<Seconds> until;  ///< likewise
  std::optional<Seconds> mtbf;   ///< by chance
  Seconds mttr{};                ///< likewise
};

struct LinkBackground {
  topologies::LinkId link;
  BackgroundTraffic traffic;
};

struct FailurePlan {
  std::vector<Disturbance> disturbances;
  std::vector<LinkBackground> background;
};

/// @throws std::invalid_argument as FailureTargets::of()
FailurePlan plan_failures(const SimulationConfig& config, const Placement& placement);

}  // namespace kvferry::sim
