// kvferry from outside: exit status, what goes to stdout and stderr, what is left on disk.
#include "tests/cli/run_program.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <sstream>
#include <string>

namespace kvferry {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

const std::string kSmoke = KVFERRY_TEST_FILES "/golden/smoke.yaml";
const std::string kQuickstart = KVFERRY_TEST_FILES "/../scenarios/quickstart.yaml";

TEST(CommandLine, RunPrintsATableOnStdoutAndMessagesOnStderr) {
  const auto result = run_kvferry("run " + kSmoke);
  EXPECT_EQ(result.status, 0);
  EXPECT_THAT(result.out, AllOf(HasSubstr("TTFT mean"), HasSubstr("goodput"),
                                HasSubstr("wire bytes"), HasSubstr("Where the figures come from")));
  EXPECT_THAT(result.err, HasSubstr("kvferry: info: requests: 40"));
  EXPECT_THAT(run_kvferry("run -q " + kSmoke).err, IsEmpty());
}

TEST(CommandLine, EveryResultSaysWhereItsFiguresComeFrom) {
  const json summary = json::parse(run_kvferry("run -q --format json " + kSmoke).out);
  const json& provenance = summary["provenance"];
  EXPECT_EQ(provenance["codec_time"]["kind"], "published");
  EXPECT_THAT(std::string(provenance["codec_time"]["source"]), HasSubstr("arXiv 2605.01708"));
  EXPECT_EQ(provenance["codec_size"]["kind"], "measured-live");
  EXPECT_THAT(std::string(provenance["codec_size"]["source"]),
              HasSubstr("frames of the real codec"));
  EXPECT_EQ(provenance["execution_time"]["kind"], "fitted");
  EXPECT_THAT(std::string(provenance["execution_time"]["source"]), HasSubstr("aiconfigurator"));
  EXPECT_EQ(provenance["trace"]["kind"], "synthetic");
  EXPECT_EQ(summary["seed"], 11);
  EXPECT_EQ(summary["scenario"]["network"]["link_bandwidth"], "25 Gbit/s");
  EXPECT_EQ(summary["scenario"]["decode"]["max_batch_size"], 256) << "a default, filled in";
}

std::string engine_provenance(const std::string& engine, const std::string& what) {
  const json summary = json::parse(
      run_kvferry("run -q --format json --set transfer.engine=" + engine + " " + kSmoke).out);
  return summary["provenance"]["transfer_engine"][what];
}

TEST(CommandLine, ResultsSayWhichTransferEngineTheyRestOn) {
  EXPECT_EQ(engine_provenance("ideal", "kind"), "none");
  EXPECT_EQ(engine_provenance("moriio-thor2-write", "kind"), "fitted");
  EXPECT_EQ(engine_provenance("mooncake-rdma", "kind"), "fitted, partly assumed");
  EXPECT_THAT(engine_provenance("mooncake-rdma", "source"),
              AllOf(StartsWith("mooncake-rdma: Mooncake"), HasSubstr("; assumed: start")));
  EXPECT_EQ(engine_provenance("efa-srd", "kind"), "assumed");
  EXPECT_EQ(engine_provenance("'{base: moriio-thor2-write, start: 1 us}'", "kind"), "assumed");
}

TEST(CommandLine, TheListOfEnginesSaysWhatIsAssumed) {
  const auto result = run_kvferry("list engines");
  EXPECT_EQ(result.status, 0);
  std::istringstream lines(result.out);
  std::string line;
  while (std::getline(lines, line) && line.find("mooncake-rdma ") != 0) {
  }
  EXPECT_THAT(line, AllOf(HasSubstr("0.8912"), HasSubstr("309 ns + 309 ns"), HasSubstr("max"),
                          HasSubstr("efficiency, per_descriptor, serial_per_descriptor, blend"),
                          HasSubstr(" start "), HasSubstr("ConnectX-7 400 Gbit/s")));
}

TEST(CommandLine, ComparePairsTheSameRequestsAndReportsSpeedUps) {
  const auto result =
      run_kvferry("compare -q --format json --vary transfer.codec=none,splitzip " + kSmoke);
  ASSERT_EQ(result.status, 0) << result.err;
  const json comparison = json::parse(result.out);
  ASSERT_EQ(comparison["variants"].size(), 2U);
  const json& raw = comparison["variants"][0]["summary"];
  const json& splitzip = comparison["variants"][1]["summary"];
  EXPECT_EQ(raw["provenance"]["codec_time"]["kind"], "none");
  EXPECT_EQ(raw["kv_wire_bytes"], raw["kv_raw_bytes"]);
  EXPECT_EQ(splitzip["kv_raw_bytes"], raw["kv_raw_bytes"]) << "the same requests";
  EXPECT_NEAR(splitzip["compression_ratio"], 1.33, 0.01);
  const json& speedup = comparison["variants"][1]["speedup"];
  EXPECT_TRUE(speedup["paired"]);
  EXPECT_EQ(speedup["pairs"], 40);
  EXPECT_GT(speedup["transfer_mean"]["speedup"], 1.2);
  EXPECT_LT(speedup["transfer_mean"]["ci95"][0], speedup["transfer_mean"]["ci95"][1]);
}

TEST(CommandLine, CompareSaysWhenVariantsServeDifferentRequests) {
  const auto result = run_kvferry("compare --vary workload.requests=20,30 " + kSmoke);
  EXPECT_EQ(result.status, 0);
  EXPECT_THAT(result.err, HasSubstr("the variants do not serve the same requests: no speed-ups"));
}

TEST(CommandLine, TheOutputFolderIsCompleteAndNothingElseIsLeft) {
  const TemporaryFolder folder;
  const auto target = folder.path() / "results";
  ASSERT_EQ(run_kvferry("run -q -o " + target.string() + " " + kSmoke).status, 0);
  EXPECT_TRUE(fs::exists(target / "summary.json"));
  EXPECT_TRUE(fs::exists(target / "requests.csv"));
  EXPECT_EQ(run_kvferry("run -q " + (target / "scenario.yaml").string()).status, 0)
      << "the resolved scenario runs";
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), {}), 1) << "no temporary folder";
}

TEST(CommandLine, CompareWritesAFolderPerVariant) {
  const TemporaryFolder folder;
  const auto target = folder.path() / "deep" / "results";
  ASSERT_EQ(run_kvferry("compare -q --vary 'network.link_bandwidth=25 Gbit/s,100 Gbit/s' -o " +
                        target.string() + " " + kSmoke)
                .status,
            0);
  EXPECT_TRUE(fs::exists(target / "compare.json"));
  EXPECT_TRUE(fs::exists(target / "0-25_Gbit_s" / "requests.csv"));
  EXPECT_TRUE(fs::exists(target / "1-100_Gbit_s" / "summary.json"));
}

TEST(CommandLine, OlderResultsAreReplacedOnlyWhenForced) {
  const TemporaryFolder folder;
  const auto target = folder.path() / "results";
  const std::string command = "run -q -o " + target.string() + " " + kSmoke;
  ASSERT_EQ(run_kvferry(command).status, 0);
  write_text(target / "note.txt", "of the first run");
  const auto refused = run_kvferry(command);
  EXPECT_EQ(refused.status, 2);
  EXPECT_EQ(refused.err, "-o " + target.string() +
                             ": error: the folder exists and is not empty; use another one, "
                             "or --force to replace it\n");
  EXPECT_TRUE(fs::exists(target / "note.txt"));
  EXPECT_EQ(run_kvferry(command + " --force").status, 0);
  EXPECT_FALSE(fs::exists(target / "note.txt"));
  EXPECT_TRUE(fs::exists(target / "summary.json"));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), {}), 1);
}

TEST(CommandLine, ForceReplacesNothingButResults) {
  const TemporaryFolder folder;
  const fs::path mine = folder.path() / "mine";
  fs::create_directory(mine);
  write_text(mine / "thesis.txt", "precious");
  write_text(folder.path() / "file", "precious");
  fs::create_symlink(folder.path() / "nowhere", folder.path() / "dangling");
  const auto error_with = [&](const std::string& target) {
    const auto result = run_kvferry("run -q --force -o " + target + " " + kSmoke);
    EXPECT_EQ(result.status, 2) << target;
    return result.err;
  };
  EXPECT_THAT(error_with(mine.string()), HasSubstr("holds other things than results of kvferry"));
  EXPECT_THAT(error_with((folder.path() / "file").string()), HasSubstr("a file, not a folder"));
  EXPECT_THAT(error_with((folder.path() / "dangling").string()), HasSubstr("a link to something"));
  for (const char* current : {".", "./", "..", "/", "$PWD"})
    EXPECT_THAT(error_with(current), HasSubstr("the current folder, or holds it")) << current;
  EXPECT_EQ(read_text(mine / "thesis.txt"), "precious");
  EXPECT_EQ(read_text(folder.path() / "file"), "precious");
}

TEST(CommandLine, AnEmptyFolderIsFilledAndKeepsItsName) {
  const TemporaryFolder folder;
  const auto target = folder.path() / "results";
  fs::create_directory(target);
  EXPECT_EQ(run_kvferry("run -q -o " + target.string() + "/ " + kSmoke).status, 0);
  EXPECT_TRUE(fs::exists(target / "requests.csv"));
}

TEST(CommandLine, OwnTensorsCanBeThePayload) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "cache.raw";
  write_text(path, std::string(1 << 16, '\x3f'));  // one exponent: 4 + 8 bits remain of 16
  const auto result =
      run_kvferry("run --format json --set codec.payload.path=" + path.string() + " " + kSmoke);
  ASSERT_EQ(result.status, 0) << result.err;
  const json summary = json::parse(result.out);
  EXPECT_NEAR(summary["compression_ratio"], 16.0 / 12.0, 0.002);
  EXPECT_THAT(std::string(summary["provenance"]["codec_size"]["source"]),
              HasSubstr("tensors of cache.raw, for the K and V of every layer alike"));
  write_text(path, "odd");
  const auto refused = run_kvferry("run --set codec.payload.path=" + path.string() + " " + kSmoke);
  EXPECT_EQ(refused.status, 2);
  EXPECT_THAT(refused.err, HasSubstr(path.string() + ": error: "));
}

TEST(CommandLine, NumbersOfTheScenarioAreCalledAssumed) {
  const json summary = json::parse(
      run_kvferry("run -q --format json --set 'prefill.gpu={base: h100-sxm, memory: 96 GB}' " +
                  kSmoke)
          .out);
  const json& execution = summary["provenance"]["execution_time"];
  EXPECT_EQ(execution["kind"], "assumed");
  EXPECT_THAT(std::string(execution["source"]),
              AllOf(HasSubstr("h100-sxm changed by the scenario"), HasSubstr("aiconfigurator")));
}

TEST(CommandLine, OptionsMayComeBeforeOrAfterTheScenario) {
  for (const std::string& arguments :
       {"--set seed=3 --set name=other " + kSmoke + " -q",
        "--set seed=3 " + kSmoke + " --format table --set name=other -q",
        "-q " + kSmoke + " --set seed=3 --set name=other"}) {
    const auto result = run_kvferry("run " + arguments);
    EXPECT_EQ(result.status, 0) << arguments << "\n" << result.err;
    EXPECT_THAT(result.out, AllOf(StartsWith("other: "), HasSubstr("seed 3"))) << arguments;
  }
}

TEST(CommandLine, HelpIsACommandToo) {
  EXPECT_THAT(run_kvferry("help").out, HasSubstr("compare"));
  EXPECT_EQ(run_kvferry("help run").out, run_kvferry("run --help").out);
  EXPECT_THAT(run_kvferry("-q run " + kSmoke).err, IsEmpty());
}

TEST(CommandLine, AFailedRunLeavesNothingBehind) {
  const TemporaryFolder folder;
  const auto bad_trace = folder.path() / "bad.csv";
  write_text(bad_trace, "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-02-30 00:00:00,1,1\n");
  const auto target = folder.path() / "results";
  const auto result = run_kvferry("run -q -o " + target.string() +
                                  " " KVFERRY_TEST_FILES "/../scenarios/azure.yaml " +
                                  "--set workload.trace.path=" + bad_trace.string());
  EXPECT_EQ(result.status, 2);
  EXPECT_THAT(result.err, StartsWith(bad_trace.string() + ":2:1: error: "));
  EXPECT_THAT(result.out, IsEmpty());
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), {}), 1) << "only the trace";
}

// Rows reach the disk in several blocks while the run goes on.
const std::string kOneTokenEach = " --set 'workload.lengths.output={constant: 1}' " + kSmoke;
const std::string kManyRequests = " --set workload.requests=12000" + kOneTokenEach;

TEST(CommandLine, ALongRunLeavesEveryRowInOrder) {
  const TemporaryFolder folder;
  const auto target = folder.path() / "results";
  ASSERT_EQ(run_kvferry("run -q -o " + target.string() + kManyRequests).status, 0);
  std::istringstream rows(read_text(target / "requests.csv"));
  std::string row;
  std::getline(rows, row);
  EXPECT_THAT(row, StartsWith("request_id,"));
  int expected = 0;
  while (std::getline(rows, row)) {
    ASSERT_THAT(row, StartsWith(std::to_string(expected) + ","));
    ++expected;
  }
  EXPECT_EQ(expected, 12000);
}

TEST(CommandLine, ADiskThatFillsUpDuringARunLeavesNothingBehind) {
  const TemporaryFolder folder;
  const auto target = folder.path() / "results";
  const auto result =
      run_kvferry("run -q -o " + target.string() + kManyRequests, "trap '' XFSZ; ulimit -f 1000;");
  EXPECT_EQ(result.status, 1);
  EXPECT_EQ(result.err, "kvferry: error: cannot write '" + (target / "requests.csv").string() +
                            "': is the disk full?\n");
  EXPECT_THAT(result.out, IsEmpty());
  EXPECT_TRUE(fs::is_empty(folder.path()));
}

// Whenever the signal comes: before the first row reaches the disk, or between two.
TEST(CommandLine, AnInterruptedRunLeavesNothingBehind) {
  for (const char* seconds : {"0.2", "0.6", "1", "1.4"}) {
    const TemporaryFolder folder;
    const auto result = run_kvferry("run -q --set workload.requests=3000000 -o " +
                                        (folder.path() / "results").string() + kOneTokenEach,
                                    std::string("timeout -s TERM ") + seconds);
    EXPECT_NE(result.status, 0) << "three million requests take longer";
    EXPECT_THAT(result.out, IsEmpty());
    EXPECT_TRUE(fs::is_empty(folder.path())) << seconds;
  }
}

TEST(CommandLine, AFullDiskIsReported) {
  if (!fs::exists("/dev/full")) GTEST_SKIP() << "NOT CHECKED: no /dev/full";
  const std::string command = std::string(KVFERRY_BINARY) + " list models >/dev/full 2>/dev/null";
  const int status = std::system(command.c_str());
  EXPECT_EQ(WEXITSTATUS(status), 1);
}

TEST(CommandLine, ValidateChecksAndPrintsTheResolvedScenario) {
  const auto plain = run_kvferry("validate " + kSmoke);
  EXPECT_EQ(plain.status, 0);
  EXPECT_THAT(plain.out, HasSubstr("valid, 40 requests from"));
  const auto resolved = run_kvferry("validate --resolved " + kSmoke + " --set slo.ttft='2 s'");
  EXPECT_THAT(resolved.out, AllOf(HasSubstr("kv_memory_fraction: 0.9"), HasSubstr("ttft: 2 s")));
  EXPECT_EQ(run_kvferry("validate " + kSmoke + " --set model=gpt").status, 2);
}

TEST(CommandLine, AScenarioMayStandBetweenOptions) {
  const auto result = run_kvferry("validate --set seed=5 " + kSmoke + " --resolved");
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("seed: 5\n"));
}

TEST(CommandLine, ListShowsTheCatalogWithSources) {
  for (const char* what :
       {"models", "gpus", "topologies", "codecs", "profiles", "policies", "payloads", "stacks"}) {
    const auto result = run_kvferry(std::string("list ") + what);
    EXPECT_EQ(result.status, 0) << what;
    EXPECT_THAT(result.out, HasSubstr("\n")) << what;
  }
  EXPECT_THAT(run_kvferry("list gpus").out,
              AllOf(HasSubstr("h100-sxm"), HasSubstr("989.4 TFLOP/s")));
  EXPECT_THAT(run_kvferry("list profiles").out,
              AllOf(HasSubstr("h200-sxm"), HasSubstr("published")));
}

struct WrongUse {
  std::string arguments;
  std::string message;
};

TEST(CommandLine, WrongUseExitsWithTwoAndSaysWhatWasMeant) {
  for (const auto& [arguments, message] :
       {WrongUse{"",
                 "kvferry: error: a command is missing; commands: run, compare, validate, "
                 "calibrate, accuracy, list, "
                 "codec, trace, topology\n"},
        WrongUse{"rnu x.yaml",
                 "kvferry: error: unknown command 'rnu' (did you mean 'run'?); commands: run, "
                 "compare, validate, calibrate, accuracy, list, codec, trace, topology\n"},
        WrongUse{"run x.yaml --sett a=b",
                 "kvferry: error: unknown option '--sett' (did you mean '--set'?); options: "
                 "--help, --set, --quiet, "
                 "--output, --force, --verify, "
                 "--format\n"},
        WrongUse{"run", "kvferry: error: scenario is required\nTry 'kvferry run --help'.\n"},
        WrongUse{"list", "kvferry list: error: say what to list; lists: models, gpus, "},
        WrongUse{"run x.yaml --format xml", "kvferry: error: --format: xml not in {table,json}\n"},
        WrongUse{
            "run nowhere.yaml",
            "nowhere.yaml: error: the scenario cannot be read: no such file, or no permission\n"},
        WrongUse{"list gpu",
                 "kvferry list: error: unknown list 'gpu' (did you mean 'gpus'?); lists: models, "
                 "gpus, topologies, "
                 "codecs, profiles, policies, payloads, stacks, engines\n"},
        WrongUse{
            "compare x.yaml --vary codec",
            "--vary codec: error: expected key.path=a,b, such as transfer.codec=none,splitzip\n"},
        WrongUse{"compare x.yaml --vary a=b",
                 "--vary a=b: error: expected at least two values, separated by commas\n"},
        WrongUse{"compare x.yaml --vary a=b,b",
                 "--vary a=b,b: error: expected values that differ\n"}}) {
    const auto result = run_kvferry(arguments);
    EXPECT_EQ(result.status, 2) << arguments;
    EXPECT_THAT(result.err, StartsWith(message)) << arguments;
    EXPECT_THAT(result.out, IsEmpty()) << arguments;
  }
}

TEST(CommandLine, AFaultyVariantIsReportedBeforeAnythingRuns) {
  const auto result = run_kvferry("compare --vary transfer.codec=none,zip " + kSmoke);
  EXPECT_EQ(result.status, 2);
  EXPECT_EQ(
      result.err,
      "--vary transfer.codec=zip: error: key 'transfer.codec': unknown codec 'zip' (did you mean "
      "'splitzip'?); allowed: none, splitzip, adaptive\n");
}

TEST(CommandLine, HelpAndVersionExitWithZero) {
  EXPECT_EQ(run_kvferry("--help").status, 0);
  EXPECT_EQ(run_kvferry("compare --help").status, 0);
  EXPECT_THAT(run_kvferry("--version").out, StartsWith("kvferry "));
}

TEST(CommandLine, ARejectedRequestIsCountedWithItsReason) {
  const auto result = run_kvferry(
      "run " + kSmoke + " --set 'workload.lengths.input={uniform: {min: 1, max: 200000}}'");
  EXPECT_EQ(result.status, 0);
  EXPECT_THAT(result.out, HasSubstr("(exceeds-context)"));
}

TEST(CommandLine, ThePublishedTracesRunThroughCompare) {
  const std::string traces = KVFERRY_SHARED_FILES "/traces";
  if (!fs::exists(traces))
    GTEST_SKIP() << "NOT CHECKED: the published traces are not here (" << traces << ")";
  struct Case {
    const char* scenario;
    std::string trace;
    std::int64_t requests;
  };
  for (const Case& c :
       {Case{"mooncake", traces + "/mooncake/conversation_trace.jsonl", 12'031},
        Case{"azure", traces + "/azure2023/AzureLLMInferenceTrace_conv.csv", 19'366}}) {
    const auto result =
        run_kvferry(std::string("compare -q --format json --vary transfer.codec=none,splitzip "
                                "--set workload.trace.path=") +
                    c.trace + " " KVFERRY_TEST_FILES "/../scenarios/" + c.scenario + ".yaml");
    ASSERT_EQ(result.status, 0) << result.err;
    const json comparison = json::parse(result.out);
    for (const json& variant : comparison["variants"]) {
      const json& summary = variant["summary"];
      EXPECT_EQ(summary["completed"].get<std::int64_t>() + summary["rejected"].get<std::int64_t>(),
                c.requests);
      EXPECT_EQ(summary["provenance"]["trace"]["account"]["rows_read"], c.requests);
    }
    EXPECT_GT(comparison["variants"][1]["speedup"]["transfer_mean"]["ci95"][0], 1.2) << c.scenario;
  }
}

}  // namespace
}  // namespace kvferry
