// The `failures` section: what fails, when, and for how long.
#pragma once

#include "scenarios/section_reader.hpp"
#include "sim/failure_config.hpp"
#include "sim/failure_plan.hpp"

#include <optional>

namespace kvferry::scenarios {

/// What failures are checked against.
struct FailureBounds {
  const sim::FailureTargets* targets = nullptr;  ///< none: names are not looked up
  std::optional<Seconds> horizon;
  const topologies::Topology* topology = nullptr;  ///< of the targets
};

sim::FailureConfig read_failures(SectionReader&& section, const FailureBounds& bounds);

}  // namespace kvferry::scenarios
