// The JSON Schema that editors use must know exactly the keys that the reader knows.
#include "scenarios/read_network.hpp"
#include "tests/scenarios/scenario_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace kvferry::scenarios {
namespace {

using nlohmann::json;
using Keys = std::set<std::string>;

json schema() {
  std::ifstream file(KVFERRY_TEST_FILES "/../scenarios/scenario.schema.json");
  return json::parse(file);
}

// Follows a reference and, where a name may stand instead of a mapping, takes the mapping.
json expanded(const json& node, const json& root) {
  if (node.contains("$ref"))
    return expanded(root.at(json::json_pointer(std::string(node["$ref"]).substr(1))), root);
  return node.contains("oneOf") ? json(node["oneOf"][1]) : node;
}

// The keys of the mapping at a path such as "workload.trace".
Keys schema_keys(const std::string& path) {
  const json root = schema();
  json node = root;
  std::size_t start = 0;
  while (start < path.size()) {
    const std::size_t dot = std::min(path.find('.', start), path.size());
    node = expanded(node["properties"][path.substr(start, dot - start)], root);
    start = dot + 1;
  }
  const json properties = node["properties"];
  Keys keys;
  for (const auto& [key, value] : properties.items()) keys.insert(key);
  return keys;
}

// The reader lists its valid keys when it meets one that it does not know.
Keys reader_keys(const std::string& path, std::vector<Override> overrides) {
  overrides.push_back({(path.empty() ? "" : path + ".") + "zzz=1"});
  const std::string marker = "; valid keys: ";
  for (const std::string& error : errors_of(kValid, overrides)) {
    const auto at = error.find(marker);
    if (error.find("zzz' ") == std::string::npos && error.find("zzz';") == std::string::npos)
      continue;
    Keys keys;
    std::string rest = error.substr(at + marker.size());
    for (std::size_t comma = rest.find(", "); comma != std::string::npos; comma = rest.find(", ")) {
      keys.insert(rest.substr(0, comma));
      rest.erase(0, comma + 2);
    }
    keys.insert(rest);
    return keys;
  }
  return {"the reader took zzz"};
}

TEST(Schema, KnowsTheKeysThatTheReaderKnows) {
  const std::string trace = "workload={trace: {format: mooncake, path: " + kSomeFile + "}}";
  struct Section {
    std::string path;
    std::vector<Override> overrides;  ///< that make all its keys valid
  };
  for (const auto& [path, overrides] :
       {Section{"", {}},
        Section{"router", {}},
        Section{"prefill", {}},
        Section{"decode", {}},
        Section{"mixed", {}},
        Section{"network.incast", {{"network.incast={flows: 8, efficiency: 0.5}"}}},
        Section{"network.node",
                {{"network.topology=star"},
                 {"network.node={gpudirect: false, pcie_bandwidth: 50 GB/s}"}}},
        Section{"transfer", {}},
        Section{"codec", {{"codec.timing=constant"}}},
        Section{"codec.payload", {}},
        Section{"slo", {}},
        Section{"failures", {}},
        Section{"workload.lengths.input", {}},
        Section{"workload.lengths.output", {}},
        Section{"workload.lengths.input.uniform",
                {{"workload.lengths.input={uniform: {min: 1, max: 2}}"}}},
        Section{"workload.lengths.input.lognormal",
                {{"workload.lengths.input={lognormal: {median: 1, p90: 2}}"}}},
        Section{"workload.lengths.input.normal",
                {{"workload.lengths.input={normal: {mean: 1, deviation: 2}}"}}},
        Section{"workload.lengths.input.exponential",
                {{"workload.lengths.input={exponential: {mean: 1}}"}}},
        Section{"workload.lengths.input.zipf",
                {{"workload.lengths.input={zipf: {min: 1, max: 2, exponent: 1}}"}}},
        Section{"workload.lengths.input.pareto",
                {{"workload.lengths.input={pareto: {min: 1, max: 2, alpha: 1}}"}}},
        Section{"workload.lengths.input.vllm_range",
                {{"workload.lengths.input={vllm_range: {tokens: 1, ratio: 0}}"}}},
        Section{"workload.lengths.input.sglang_range",
                {{"workload.lengths.input={sglang_range: {tokens: 1, ratio: 0}}"}}},
        Section{"workload.shared_prefix", {{"workload.shared_prefix={groups: 1, tokens: 9}"}}},
        Section{"workload.sessions", {{"workload.sessions={turns: {constant: 2}}"}}},
        Section{"workload.sessions.turns", {{"workload.sessions={turns: {constant: 2}}"}}},
        Section{"workload.sessions.think",
                {{"workload.sessions={turns: {constant: 2}, think: {constant: 2 s}}"}}},
        Section{"workload.sessions.think.lognormal",
                {{"workload.sessions={turns: {constant: 2}, think: {lognormal: {median: 1 s, "
                  "p90: 2 s}}}"}}},
        Section{"workload.sessions.think.exponential",
                {{"workload.sessions={turns: {constant: 2}, think: {exponential: {mean: 1 s}}}"}}},
        Section{"workload.trace.loop", {{trace}, {"workload.trace.loop={laps: 2}"}}},
        Section{"workload.trace.superpose",
                {{trace}, {"workload.trace.superpose={copies: 2, shift: 1 s}"}}},
        Section{"workload.lengths.empirical",
                {{"workload.lengths={empirical: {path: " + kSomeFile + "}}"}}},
        Section{"model", {{"model={base: llama-3.1-8b}"}}},
        Section{"stack", {{"stack={base: vllm-0.12}"}}},
        Section{"transfer.engine", {{"transfer.engine={base: ideal}"}}},
        Section{"transfer.engine.small", {{"transfer.engine={base: nccl-sendrecv}"}}},
        Section{"prefill.gpu", {{"prefill.gpu={base: h100-sxm}"}}},
        Section{"decode.gpu.gemm_fp8", {{"decode.gpu={base: h100-sxm}"}}},
        Section{"decode.gpu.prefill_attention", {{"decode.gpu={base: h100-sxm}"}}},
        Section{"decode.gpu.decode_attention", {{"decode.gpu={base: h100-sxm}"}}},
        Section{"transfer.retry", {}},
        Section{"codec.interference", {}},
        Section{"decode.gpu.all_reduce", {{"decode.gpu={base: h100-sxm}"}}},
        Section{"decode.gpu.all_reduce.two_gpus", {{"decode.gpu={base: h100-sxm}"}}}}) {
    EXPECT_EQ(schema_keys(path), reader_keys(path, overrides)) << "section '" << path << "'";
  }
}

// A kind of instances may have any name.
TEST(Schema, KnowsTheKeysOfAKindOfInstances) {
  const json root = schema();
  Keys keys;
  const json properties = root["$defs"]["kind"]["properties"];
  for (const auto& [key, value] : properties.items()) keys.insert(key);
  EXPECT_EQ(keys, reader_keys("decode.more.big", {}));
  EXPECT_EQ(root["$defs"]["pool"]["properties"]["more"]["additionalProperties"]["$ref"],
            "#/$defs/kind");
}

// As with keys: met with a word it does not know, the reader lists its own.
TEST(Schema, KnowsTheRouterPolicies) {
  const json root = schema();
  for (const std::string pool : {"prefill", "decode"}) {
    const json words = root["properties"]["router"]["properties"][pool]["enum"];
    std::string allowed;
    for (const json& word : words)
      allowed += (allowed.empty() ? "" : ", ") + word.get<std::string>();
    EXPECT_THAT(errors_of(kValid, {{"router." + pool + "=zzz"}}),
                testing::ElementsAre(testing::EndsWith("; allowed: " + allowed)));
  }
}

// Each format of a trace has keys of its own; the schema has the union.
TEST(Schema, KnowsTheKeysOfAllFormats) {
  const json root = schema();
  Keys keys;
  for (const json& format :
       root["properties"]["workload"]["properties"]["trace"]["properties"]["format"]["enum"]) {
    keys.merge(reader_keys("workload.trace", {{"workload={trace: {format: " + std::string(format) +
                                               ", path: " + kSomeFile + "}}"}}));
  }
  EXPECT_EQ(schema_keys("workload.trace"), keys);
  const std::string unknown =
      errors_of(kValid, {{"workload={trace: {format: zzz, path: " + kSomeFile + "}}"}}).at(0);
  for (const std::string_view name : workloads::kTraceFormatNames) {
    EXPECT_NE(unknown.find(name), std::string::npos) << name;
  }
}

// Each topology has keys of its own; the schema has the union.
TEST(Schema, KnowsTheTopologiesAndTheirKeys) {
  const json root = schema();
  const json words = root["properties"]["network"]["properties"]["topology"]["enum"];
  Keys keys;
  ASSERT_EQ(words.size(), known_topologies().size());
  for (std::size_t i = 0; i < words.size(); ++i) {
    const KnownTopology& known = known_topologies()[i];
    EXPECT_EQ(words[i], known.word);
    Keys listed{"topology", "backend", "paths", "incast"};  // as all of them have
    listed.insert(known.keys.begin(), known.keys.end());
    if (known.has_node)
      listed.merge(Keys{"link_bandwidth", "link_latency", "gpus_per_node", "node"});
    const Keys read = reader_keys("network", {{"network.topology=" + known.word}});
    EXPECT_EQ(listed, read) << known.word << ": what `kvferry list topologies` says";
    keys.insert(read.begin(), read.end());
  }
  EXPECT_EQ(schema_keys("network"), keys);
}

TEST(Schema, KnowsTheKeysOfListedVerticesAndLinks) {
  const json network = schema()["properties"]["network"]["properties"];
  for (const std::string list : {"vertices", "links"}) {
    Keys keys;
    const json properties = network[list]["items"]["properties"];
    for (const auto& [key, value] : properties.items()) keys.insert(key);
    const std::string vertices = list == "links" ? "[{name: a, kind: gpu}]" : "[{zzz: 1}]";
    Keys read;
    for (const std::string& error : errors_of(
             kValid,
             {{"network={topology: explicit, vertices: " + vertices + ", links: [{zzz: 1}]}"}})) {
      const auto at = error.find(list + "[0].zzz'; valid keys: ");
      if (at == std::string::npos) continue;
      std::istringstream rest(error.substr(error.find("keys: ") + 6));
      for (std::string key; rest >> key;) read.insert(key.substr(0, key.find(',')));
    }
    EXPECT_EQ(keys, read) << list;
  }
}

// `workload` and `workload.lengths` have two forms, each with its own keys; the schema has the
// union.
TEST(Schema, KnowsTheKeysOfBothFormsOfAWorkload) {
  Keys keys = reader_keys("workload", {});
  keys.merge(
      reader_keys("workload", {{"workload={trace: {format: azure, path: " + kSomeFile + "}}"}}));
  EXPECT_EQ(schema_keys("workload"), keys);
  Keys lengths = reader_keys("workload.lengths", {});
  lengths.merge(reader_keys("workload.lengths",
                            {{"workload.lengths={empirical: {path: " + kSomeFile + "}}"}}));
  lengths.merge(
      reader_keys("workload.lengths", {{"workload.lengths={mix: [{input: 1, output: 1}]}"}}));
  EXPECT_EQ(schema_keys("workload.lengths"), lengths);
}

// Each process has keys of its own; the schema has the union.
TEST(Schema, KnowsTheKeysOfAllProcesses) {
  Keys keys;
  Keys processes;
  const json root = schema();
  for (const json& process :
       root["properties"]["workload"]["properties"]["arrivals"]["properties"]["process"]["enum"]) {
    processes.insert(process);
    keys.merge(
        reader_keys("workload.arrivals", {{"workload.arrivals.process=" + std::string(process)}}));
  }
  EXPECT_EQ(schema_keys("workload.arrivals"), keys);
  EXPECT_EQ(schema_keys("workload.trace.session_arrivals"), schema_keys("workload.arrivals"));
  EXPECT_EQ(processes.size(), 12U);
  const std::string unknown = errors_of(kValid, {{"workload.arrivals.process=zzz"}}).at(0);
  for (const std::string& process : processes) {
    EXPECT_NE(unknown.find(process), std::string::npos) << process;
  }
}

// What the reader says of an unknown key in the one item of a list.
Keys item_keys(const std::string& list, const std::string& before = "",
               const std::string& behind = "") {
  for (const std::string& error :
       errors_of(kValid, {{"workload.arrivals.process=piecewise"},
                          {list + "=" + before + "[{zzz: 1}]" + behind}})) {
    const auto at = error.find("zzz'; valid keys: ");
    if (at == std::string::npos) continue;
    std::istringstream rest(error.substr(at + 18));
    Keys keys;
    for (std::string key; rest >> key;) keys.insert(key.substr(0, key.find(',')));
    return keys;
  }
  return {"the reader took zzz"};
}

TEST(Schema, KnowsTheKeysOfItemsOfLists) {
  const auto keys_of = [](const json& list) {
    Keys keys;
    for (const auto& [key, value] : list["items"]["properties"].items()) keys.insert(key);
    return keys;
  };
  const json root = schema();
  const json workload = root["properties"]["workload"]["properties"];
  EXPECT_EQ(keys_of(workload["arrivals"]["properties"]["phases"]),
            item_keys("workload.arrivals.phases"));
  EXPECT_EQ(keys_of(workload["lengths"]["properties"]["mix"]), item_keys("workload.lengths.mix"));
  const json failures = root["properties"]["failures"]["properties"];
  for (const char* list : {"stated", "random", "background"})
    EXPECT_EQ(keys_of(failures[list]), item_keys("failures." + std::string(list))) << list;
  EXPECT_EQ(keys_of(failures["background"]["items"]["properties"]["steps"]),
            item_keys("failures.background", "[{steps: ", "}]"));
  EXPECT_EQ(keys_of(root["$defs"]["lengths"]["properties"]["mixture"]),
            item_keys("workload.lengths.input", "{mixture: ", "}"));
}

}  // namespace
}  // namespace kvferry::scenarios
