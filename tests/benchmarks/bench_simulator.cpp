// CPU seconds of whole runs, the simulation's process and its reader's together, beside runs whose
// every iteration is an event: the reference, in the same run of this program.
//
//   bench_simulator [AzureLLMInferenceTrace_conv.csv]
//
// Without an argument the trace is looked for beside the repository; where it is not, synthetic
// requests of its rate and lengths stand in for it. Each
// figure is the least of three runs.
#include "tests/benchmarks/measured_run.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>

namespace kvferry::benchmarks {
namespace {

constexpr double kMebibyte = 1024.0 * 1024.0;

// Medians and 90th percentiles of the Azure 2023 conversation trace.
const std::string kConversationLengths =
    "  lengths:\n"
    "    input: {lognormal: {median: 1020, p90: 2735}}\n"
    "    output: {lognormal: {median: 129, p90: 424}}\n";

struct System {
  std::int64_t instances;  ///< of each pool
  std::string codec;
  std::string link;  ///< bandwidth of each GPU's NIC
};

std::string yaml_of(const System& system) {
  const std::string pool = "{instances: " + std::to_string(system.instances) + ", gpu: h100-sxm}\n";
  std::string yaml =
      "name: bench\nseed: 7\nmodel: llama-3.1-8b\nprefill: " + pool + "decode: " + pool +
      "network: {topology: two-tier, link_bandwidth: " + system.link + ", link_latency: 2 us}\n" +
      "transfer: {overlap: pipelined, layers_per_chunk: 4, codec: " + system.codec + "}\n";
  if (system.codec != "none")
    yaml += "codec: {timing: profile, profile: h200-sxm, payload: {synthetic: llama-3.1-8b}}\n";
  return yaml + "workload:\n";
}

std::string synthetic(std::int64_t requests, double per_second) {
  return "  arrivals: {process: poisson, rate: " + std::to_string(per_second) + " /s}\n" +
         kConversationLengths + "  requests: " + std::to_string(requests) + "\n";
}

RunCost least_of_three(const std::string& yaml, Iterations iterations) {
  RunCost least = measure_run(yaml, iterations);
  for (int i = 1; i < 3; ++i) least.cpu = std::min(least.cpu, measure_run(yaml, iterations).cpu);
  return least;
}

RunCost measure_row(const char* name, const std::string& yaml, Iterations iterations) {
  const RunCost cost = least_of_three(yaml, iterations);
  std::printf("%-44s %9lld %11lld %8.2f %10.2f %8.0f\n", name,
              static_cast<long long>(cost.completed), static_cast<long long>(cost.output_tokens),
              cost.cpu.value, static_cast<double>(cost.output_tokens) / cost.cpu.value / 1e6,
              static_cast<double>(cost.memory.value) / kMebibyte);
  std::fflush(stdout);
  return cost;
}

/// The workload of the conversations, in YAML.
std::string conversations(const std::string& trace) {
  constexpr std::int64_t kRequests = 19'366;
  constexpr double kPerSecond = 5.53;
  if (std::filesystem::exists(trace)) {
    std::printf("conversations: %s\n", trace.c_str());
    return "  trace: {path: \"" + trace + "\", format: azure}\n";
  }
  std::printf(
      "conversations: SYNTHETIC, of the rate and lengths of the Azure 2023 conversation trace "
      "(no file at %s)\n",
      trace.c_str());
  return synthetic(kRequests, kPerSecond);
}

void bench_conversations(const std::string& workload) {
  const std::string link = "25 Gbit/s";
  const std::string plain = yaml_of({2, "none", link}) + workload;
  const RunCost raw = measure_row("conversations, 2 + 2, codec none", plain, Iterations::skipped);
  const RunCost single = measure_row("  every iteration an event", plain, Iterations::single);
  const RunCost codec = measure_row("conversations, 2 + 2, codec splitzip",
                                    yaml_of({2, "splitzip", link}) + workload, Iterations::skipped);
  std::printf("  skipping iterations: %.1f times as fast\n", single.cpu.value / raw.cpu.value);
  std::printf("  switching the codec on: %+.2f CPU s\n", (codec.cpu - raw.cpu).value);
}

// NICs of 400 Gbit/s, as H100 servers have them. With slower ones more flows are on the wire at a
// time, and share links with more others: that is what the last row shows.
void bench_scale() {
  constexpr double kPerSecond = 512;
  constexpr std::int64_t kFew = 100'000;
  constexpr std::int64_t kMany = 1'000'000;
  const std::string system = yaml_of({64, "none", "400 Gbit/s"});
  const std::string small = system + synthetic(kFew, kPerSecond);
  const RunCost few = measure_row("100,000 requests, 64 + 64", small, Iterations::skipped);
  const RunCost single = measure_row("  every iteration an event", small, Iterations::single);
  const RunCost many = measure_row("1,000,000 requests, 64 + 64",
                                   system + synthetic(kMany, kPerSecond), Iterations::skipped);
  measure_row("100,000 requests, NICs of 25 Gbit/s",
              yaml_of({64, "none", "25 Gbit/s"}) + synthetic(kFew, kPerSecond),
              Iterations::skipped);
  std::printf("  skipping iterations: %.1f times as fast\n", single.cpu.value / few.cpu.value);
  std::printf("  ten times the requests: %.2f times the CPU seconds\n",
              many.cpu.value / few.cpu.value);
}

}  // namespace
}  // namespace kvferry::benchmarks

int main(int count, char** arguments) {
  using namespace kvferry::benchmarks;
  const std::string beside =
      KVFERRY_SHARED_FILES "/traces/azure2023/AzureLLMInferenceTrace_conv.csv";
  try {
    const std::string workload = conversations(count > 1 ? arguments[1] : beside);
    std::printf("%-44s %9s %11s %8s %10s %8s\n", "", "completed", "tokens", "CPU s", "Mtokens/s",
                "MiB");
    bench_conversations(workload);
    bench_scale();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
