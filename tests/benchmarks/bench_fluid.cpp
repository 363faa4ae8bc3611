// How far hand-offs of one flow per lane are from hand-offs of a flow per chunk, and what each costs:
// the table of sim/FLUID.md.
//
//   bench_fluid [WORD ...]      only the rows whose bottleneck is one of these
#include "tests/sim/handoff_study.hpp"

#include <algorithm>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

namespace kvferry::sim {
namespace {

std::string fabric_of(const StudyCase& study) {
  std::string text = study.fabric == StudyFabric::star ? "star" : "two-tier";
  if (study.lanes > 1) text += ", " + std::to_string(study.lanes) + " lanes";
  if (study.computed_in.value > 0) text += ", layerwise";
  return text;
}

// How far apart two runs in chunks are whose encoders differ by a hundred-thousandth.
StudyCase nearly(StudyCase study) {
  study.encode = study.encode * (1 + 1e-5);
  return study;
}

void print_row(const StudyCase& study) {
  const StudyRun chunks = run_study(study, Fidelity::chunks);
  const StudyRun fluid = run_study(study, Fidelity::fluid);
  const StudyError error = compare(chunks, fluid);
  const StudyError floor = compare(chunks, run_study(nearly(study), Fidelity::chunks));
  const auto per_handoff = [&](const StudyRun& run) {
    return static_cast<double>(run.events) / static_cast<double>(study.handoffs);
  };
  std::printf(
      "| %-10s | %4.1f | %3d | %-17s | %+.2f %% | %+.2f %% | %.2f %% | %.2f %% | %.1f %% | %.2f %% "
      "| "
      "%.1f | %.1f | %.1f %% | %.1f %% |\n",
      study.name.c_str(), study.load, study.chunks, fabric_of(study).c_str(), 100 * error.mean,
      100 * error.p99, 100 * error.each_mean, 100 * error.each_p99, 100 * error.each_worst,
      100 * floor.each_p99, per_handoff(chunks), per_handoff(fluid), 100 * error.events,
      100 * error.cpu);
  std::fflush(stdout);
}

}  // namespace
}  // namespace kvferry::sim

int main(int count, char** arguments) {
  using namespace kvferry::sim;
  const std::vector<std::string> wanted(arguments + 1, arguments + count);
  std::puts(
      "| slowest | load | chunks | fabric | mean | p99 | each: mean | p99 | worst | chunks p99 | "
      "events: chunks "
      "| fluid | fluid / chunks | CPU "
      "|\n|---|---|---|---|---|---|---|---|---|---|---|---|---|---|");
  try {
    for (const StudyCase& study : all_studies()) {
      if (wanted.empty() || std::ranges::count(wanted, study.name) > 0) print_row(study);
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
