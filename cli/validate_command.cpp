#include "cli/commands.hpp"
#include "cli/execution.hpp"
#include "scenarios/load_scenario.hpp"
#include "workloads/workload.hpp"

#include <fmt/format.h>

namespace kvferry::cli {

int validate(const ValidateOptions& options) {
  const scenarios::Scenario scenario =
      scenarios::load_scenario(options.scenario, overrides_from(options.set));
  const workloads::Workload workload = requests_of(scenario);
  if (options.resolved) {
    fmt::print("{}", scenarios::to_yaml(scenario.resolved));
  } else {
    fmt::print("{}: valid, {} requests from {}\n", options.scenario, workload.requests.size(),
               workload.source.description);
  }
  return kSuccess;
}

}  // namespace kvferry::cli
