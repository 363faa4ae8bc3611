// What fails during a run, as plain values: names are those of the scenario, and stand for links and
// instances once there is a placement (failure_plan.hpp).
#pragma once

#include "sim/base/units.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kvferry::sim {

/// What an instance is at a time.
enum class InstanceState : std::uint8_t {
  up,
  down,  ///< dead, but it will come back
  gone,  ///< dead for good
};

enum class ElementKind : std::uint8_t { link, nic, instance };

struct FailingElement {
  ElementKind kind;
  /// link: its name. instance: `decode.1`, or `decode` for each of the pool. nic: `prefill.0.1` for
  /// that of GPU 1 of instance 0; without the GPU, or the instance, each of theirs.
  std::string name;
};

/// What is left of an element while it is disturbed: nothing, unless one of the two is given. Of
/// links and NICs only.
struct Remains {
  std::optional<double> share;  ///< of the capacity, above 0 to 1
  std::optional<BytesPerSecond> bandwidth;

  bool nothing() const { return !share && !bandwidth; }
};

/// A failure at a stated date.
struct StatedFailure {
  FailingElement element;
  Seconds at;
  std::optional<Seconds> until;  ///< after `at`; absent: for good
  Remains remains;
};

/// Failures by chance: times between repair and failure, and between failure and repair, are
/// exponential, each element's from a random stream of its own.
struct RandomFailure {
  FailingElement element;
  Seconds mtbf;  ///< mean time from the start, or a repair, to the next failure
  Seconds mttr;  ///< mean time to repair
  Remains remains;
};

/// Traffic of others, as the share of a link's capacity that it leaves.
struct BackgroundTraffic {
  struct Step {
    Seconds at;
    double share;  ///< above 0 to 1, from then on
  };
  std::string link;
  std::vector<Step> steps;        ///< in order of time; before the first: 1
  std::optional<Seconds> period;  ///< after which they begin again; above the last step's date
};

/// No two failures of one element with the same kind of remains overlap.
struct FailureConfig {
  std::vector<StatedFailure> stated;
  std::vector<RandomFailure> random;
  std::vector<BackgroundTraffic> background;
  /// How often a request may be computed again: with instances that die sooner than an answer takes
  /// a run would have no end.
  std::int64_t max_restarts = 100;
};

}  // namespace kvferry::sim
