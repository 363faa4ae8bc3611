#include "tests/benchmarks/measured_run.hpp"

#include "analysis/run_accumulator.hpp"
#include "analysis/run_summary.hpp"
#include "codec/payload_pool.hpp"
#include "codec/transfer_codec.hpp"
#include "scenarios/load_scenario.hpp"
#include "sim/base/error.hpp"
#include "sim/isolated_simulation.hpp"
#include "workloads/workload.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <exception>
#include <memory>
#include <sys/resource.h>
#include <sys/wait.h>
#include <system_error>
#include <type_traits>
#include <unistd.h>

namespace kvferry::benchmarks {
namespace {

std::unique_ptr<codec::TransferCodec> codec_of(const scenarios::CodecConfig& config) {
  if (config.codec == scenarios::TransferCodecName::none) return codec::make_raw_transfer();
  auto pool =
      std::make_shared<const codec::PayloadPool>(codec::PayloadPool::synthesize(config.payload));
  return codec::make_recorded_codec(std::move(pool), config.profile, config.outside_profile);
}

rusage usage_of(int who) {
  rusage usage{};
  if (::getrusage(who, &usage) != 0)
    throw std::system_error(errno, std::generic_category(), "getrusage");
  return usage;
}

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

// Of this process and those that it has waited for.
void add_usage(RunCost& cost) {
  constexpr std::int64_t kMaxrssUnit = 1024;
  for (const int who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
    const rusage usage = usage_of(who);
    cost.cpu += {seconds(usage.ru_utime) + seconds(usage.ru_stime)};
    cost.memory += Bytes{kMaxrssUnit * usage.ru_maxrss};
  }
}

RunCost run_here(const std::string& yaml, Iterations iterations) {
  scenarios::Scenario scenario = scenarios::load_scenario_text(yaml, "bench_simulator", {});
  const workloads::Workload workload = workloads::make_workload(scenario.workload, scenario.seed);
  scenario.system.max_concurrency = workload.max_concurrency;
  scenario.system.key_tokens = workload.block_tokens;
  scenario.system.skip_ahead = iterations == Iterations::skipped;
  const auto codec = codec_of(scenario.codec);
  analysis::RunAccumulator results(workload.requests.size());
  const SimulationSums sums =
      sim::simulate_isolated(scenario.system, workload.requests, *codec, results);
  const analysis::RunSummary summary = analysis::summarize(results, sums, {});
  RunCost cost;
  cost.requests = summary.requests;
  cost.completed = summary.completed;
  cost.output_tokens = summary.output_tokens;
  add_usage(cost);
  return cost;
}

// Never returns: the child must not run the caller's destructors.
[[noreturn]] void run_in_child(int pipe, const std::string& yaml, Iterations iterations) {
  int status = 1;
  try {
    const RunCost cost = run_here(yaml, iterations);
    if (::write(pipe, &cost, sizeof cost) == static_cast<ssize_t>(sizeof cost)) status = 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
  }
  std::fflush(nullptr);
  ::_exit(status);
}

}  // namespace

RunCost measure_run(const std::string& scenario_yaml, Iterations iterations) {
  static_assert(std::is_trivially_copyable_v<RunCost>);
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0)
    throw std::system_error(errno, std::generic_category(), "creating a pipe");
  std::fflush(nullptr);  // or the child would print it again
  const pid_t child = ::fork();
  if (child < 0) throw std::system_error(errno, std::generic_category(), "starting a process");
  if (child == 0) run_in_child(ends[1], scenario_yaml, iterations);
  ::close(ends[1]);
  RunCost cost;
  const bool complete = ::read(ends[0], &cost, sizeof cost) == static_cast<ssize_t>(sizeof cost);
  ::close(ends[0]);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!complete || status != 0) throw RunError("a measured run failed");
  return cost;
}

}  // namespace kvferry::benchmarks
