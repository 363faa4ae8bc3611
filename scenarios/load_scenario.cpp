#include "scenarios/load_scenario.hpp"

#include "scenarios/config_node.hpp"
#include "scenarios/read_codec.hpp"
#include "scenarios/read_failures.hpp"
#include "scenarios/read_system.hpp"
#include "scenarios/read_workload.hpp"
#include "sim/base/error.hpp"
#include "sim/failure_plan.hpp"
#include "sim/network_backend.hpp"
#include "sim/placement.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

namespace kvferry::scenarios {
namespace {

Slo read_slo(SectionReader&& slo) {
  return {slo.maybe("ttft", Time{}), slo.maybe("tpot", Time{})};
}

// Their names are those of a placed system, which must be sound before it can be placed.
sim::FailureConfig read_failures_of(SectionReader& root, const sim::SimulationConfig& system,
                                    bool is_sound) {
  FailureBounds bounds{nullptr, system.horizon, nullptr};
  if (!root.has("failures") || !is_sound) return read_failures(root.section("failures"), bounds);
  const sim::Placement placement = sim::place(system);
  const sim::FailureTargets targets(system, placement);
  bounds.targets = &targets;
  bounds.topology = &placement.topology;
  return read_failures(root.section("failures"), bounds);
}

// A fluid hand-off in chunks limits the rate of its flow.
void check_fidelity(const SectionReader& root, const sim::SimulationConfig& system,
                    bool compresses) {
  const sim::TransferConfig& transfer = system.transfer;
  const bool in_chunks = transfer.overlap == sim::Overlap::layerwise ||
                         (transfer.overlap == sim::Overlap::pipelined && compresses);
  if (transfer.fidelity != sim::Fidelity::fluid || !in_chunks ||
      system.mode == sim::Mode::colocated ||
      sim::resolved(system.network.backend) == sim::NetworkBackend::direct)
    return;
  root.error_within("transfer", "fidelity",
                    "'fluid' limits the rate of flows, which network.backend: comm cannot; "
                    "allowed: auto, chunks, or another back-end");
}

Scenario read_scenario(const ConfigNode& tree, const std::string& default_name,
                       Diagnostics& diagnostics) {
  Scenario scenario;
  SectionReader root(tree, diagnostics, scenario.resolved);
  scenario.name = root.optional("name", Text{}, default_name);
  scenario.seed = root.optional("seed", Seed{}, std::uint64_t{1});
  scenario.warmup = root.optional("warmup", Time{Sign::not_negative}, Seconds{0});
  scenario.system = read_system(root);
  scenario.system.seed = scenario.seed;
  {
    SectionReader transfer = root.section("transfer");
    scenario.system.transfer = read_transfer(transfer);
    SectionReader codec = root.section("codec");
    scenario.system.transfer.interference = read_interference(codec.section("interference"));
    scenario.codec = read_codec(transfer, codec, scenario.system.model, scenario.seed);
    scenario.system.transfer.adaptive_codec = scenario.codec.codec == TransferCodecName::adaptive;
  }
  check_fidelity(root, scenario.system, scenario.codec.codec != TransferCodecName::none);
  if (scenario.system.model.kv_type == sim::KvType::fp8 &&
      scenario.codec.codec != TransferCodecName::none) {
    root.error("kv_type",
               "SplitZip encodes BF16 values: an fp8 cache travels with transfer.codec: none");
  }
  scenario.workload_place = root.place_of("workload").text();
  scenario.workload = read_workload(root.required_section("workload"));
  scenario.slo = read_slo(root.section("slo"));
  if (diagnostics.empty()) check_system(root, scenario.system);
  if (diagnostics.empty()) check_prefix_caching(root, scenario.system, scenario.workload);
  scenario.system.failures = read_failures_of(root, scenario.system, diagnostics.empty());
  return scenario;
}

}  // namespace

std::string read_scenario_file(const std::string& path) {
  if (std::filesystem::is_directory(path))
    throw InputError(path + ": error: this is a folder, not a scenario");
  std::ifstream file(path, std::ios::binary);
  if (!file)
    throw InputError(path + ": error: the scenario cannot be read: no such file, or no permission");
  return {std::istreambuf_iterator<char>(file), {}};
}

Scenario load_scenario(const std::string& path, const std::vector<Override>& overrides) {
  return load_scenario_text(read_scenario_file(path), path, overrides);
}

Scenario load_scenario_text(const std::string& text, const std::string& origin,
                            const std::vector<Override>& overrides) {
  Diagnostics diagnostics;
  ConfigNode tree = parse_config(text, origin, diagnostics);
  for (const Override& override : overrides) apply_override(tree, override, diagnostics);
  Scenario scenario =
      read_scenario(tree, std::filesystem::path(origin).stem().string(), diagnostics);
  diagnostics.throw_if_any();
  return scenario;
}

}  // namespace kvferry::scenarios
