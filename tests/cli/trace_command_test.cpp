// `kvferry trace` from outside.
#include "tests/cli/run_program.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>

namespace kvferry {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

const std::string kQuickstart = KVFERRY_TEST_FILES "/../scenarios/quickstart.yaml";
const std::string kRows =
    R"({"timestamp": 0, "input_length": 600, "output_length": 5, "hash_ids": [0, 1]}
{"timestamp": 1500, "input_length": 1024, "output_length": 7, "hash_ids": [0, 2]}
{"timestamp": 4000, "input_length": 513, "output_length": 9, "hash_ids": [0, 3]}
)";
const std::string kChat =
    "seed: 3\nworkload:\n  arrivals: {process: poisson, rate: 2 /s}\n"
    "  lengths: {input: {constant: 20}, output: {constant: 12}}\n  requests: 40\n"
    "  sessions: {turns: {constant: 4}, think: {exponential: {mean: 2 s}}}\n";

struct Files {
  TemporaryFolder folder;
  std::string trace = (folder.path() / "trace.jsonl").string();
  std::string chat = (folder.path() / "chat.yaml").string();
  std::string out = (folder.path() / "out").string();

  Files() {
    write_text(trace, kRows);
    write_text(chat, kChat);
  }
  std::ptrdiff_t count() const { return std::distance(fs::directory_iterator(folder.path()), {}); }
};

TEST(TraceCommand, StatsPrintsATable) {
  const Files files;
  const auto result =
      run_kvferry("trace stats " + files.trace + " --from mooncake --lru 2 --lru 100");
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(result.out,
              AllOf(HasSubstr("mooncake file '"), HasSubstr("requests    3\n"),
                    HasSubstr("span        4.000 s\n"), HasSubstr("rate        0.5000 /s\n"),
                    HasSubstr("input tokens   600  1024  1024  1024  712.3  2137\n"),
                    HasSubstr("prefix blocks of 512 tokens: 6, 4 of them distinct\n"),
                    HasSubstr("unlimited           2     0.3333        1024     0.4792\n"),
                    HasSubstr("\n2 "), HasSubstr("\n100 ")));
  EXPECT_THAT(result.err, HasSubstr("kvferry: info: requests: 3 from mooncake file"));
}

TEST(TraceCommand, StatsPrintsJson) {
  const Files files;
  const auto result = run_kvferry("trace stats -q --format json --lru 2 --from mooncake " +
                                  files.trace + " --set requests=2");
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(result.err, IsEmpty());
  const json statistics = json::parse(result.out);
  EXPECT_EQ(statistics["requests"], 2);
  EXPECT_EQ(statistics["arrivals"]["rate_per_s"], 1 / 1.5);
  EXPECT_EQ(statistics["prefixes"]["reuse"][0]["capacity_blocks"], json());
  EXPECT_EQ(statistics["prefixes"]["reuse"][1]["capacity_blocks"], 2);
  EXPECT_EQ(statistics["prefixes"]["reuse"][0]["hit_blocks"], 1);
  EXPECT_FALSE(statistics.contains("sessions"));
}

TEST(TraceCommand, StatsOfAScenarioAreThoseOfWhatItGenerates) {
  const Files files;
  const json statistics =
      json::parse(run_kvferry("trace stats -q --format json --from scenario " + files.chat).out);
  EXPECT_EQ(statistics["requests"], 40);
  EXPECT_EQ(statistics["sessions"]["count"], 10);
  EXPECT_EQ(statistics["sessions"]["turns"]["max"], 4);
  EXPECT_EQ(statistics["sessions"]["waiting"], 30);
  EXPECT_EQ(statistics["arrivals"]["dated"], 10);
  EXPECT_GT(statistics["prefixes"]["reuse"][0]["token_share"], 0.5);
}

TEST(TraceCommand, ConvertReadsAndWritesTheSame) {
  const Files files;
  const auto result = run_kvferry("trace convert " + files.trace +
                                  " --from mooncake --to mooncake -o " + files.out);
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(read_text(files.out), kRows);
  EXPECT_EQ(result.out, files.out + ": 3 requests, " + std::to_string(kRows.size()) + " bytes\n");
  EXPECT_THAT(result.err, HasSubstr("block ids are of 512 tokens"));
}

TEST(TraceCommand, ConvertChangesWhatItIsTold) {
  const Files files;
  const auto result = run_kvferry("trace convert " + files.trace +
                                  " --from mooncake --to csv --set time_scale=2 --set "
                                  "'loop={laps: 2}' -o " +
                                  files.out);
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(read_text(files.out),
            "arrival_s,input_tokens,output_tokens\n0,600,5\n0.75,1024,7\n2,513,9\n3,600,5\n"
            "3.75,1024,7\n5,513,9\n");
  EXPECT_THAT(
      result.err,
      AllOf(HasSubstr("info: seed: 1\n"), HasSubstr("replayed 2 times as fast, looped: 2 laps"),
            HasSubstr("warning: csv has no block ids: 6 requests lose theirs")));
}

TEST(TraceCommand, GenerateWritesTheRequestsOfAScenario) {
  const Files files;
  const auto result =
      run_kvferry("trace generate " + files.chat + " --to mooncake -o " + files.out);
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(result.err, AllOf(HasSubstr("info: seed: 3"), HasSubstr("block_tokens: 16")));
  const std::string first = read_text(files.out);
  EXPECT_EQ(std::count(first.begin(), first.end(), '\n'), 40);
  EXPECT_THAT(first, HasSubstr("\"session_id\": \"9\", \"delay\": "));
  EXPECT_EQ(
      run_kvferry("trace generate -q --force " + files.chat + " --to mooncake -o " + files.out)
          .status,
      0);
  EXPECT_EQ(read_text(files.out), first) << "the same bytes for the same seed";
  EXPECT_EQ(run_kvferry("trace generate -q --force --set seed=4 " + files.chat +
                        " --to mooncake -o " + files.out)
                .status,
            0);
  EXPECT_NE(read_text(files.out), first);
}

TEST(TraceCommand, GenerateTakesWholeScenarios) {
  const Files files;
  const auto result = run_kvferry("trace generate " + kQuickstart +
                                  " --set workload.requests=5 --to csv -o " + files.out);
  EXPECT_EQ(result.status, 0) << result.err;
  const std::string text = read_text(files.out);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 6);
}

TEST(TraceCommand, NothingIsOverwrittenUnlessForced) {
  const Files files;
  const std::string command =
      "trace convert " + files.trace + " --from mooncake --to csv -o " + files.out;
  write_text(files.out, "precious");
  const auto refused = run_kvferry(command);
  EXPECT_EQ(refused.status, 2);
  EXPECT_EQ(refused.err, files.out +
                             ": error: the file exists; use another name, or --force to "
                             "replace it\n");
  EXPECT_EQ(read_text(files.out), "precious");
  EXPECT_EQ(run_kvferry(command + " --force").status, 0);
  EXPECT_THAT(read_text(files.out), StartsWith("arrival_s,"));
  const auto same = run_kvferry("trace convert " + files.trace +
                                " --from mooncake --to csv --force -o " + files.trace);
  EXPECT_EQ(same.status, 2);
  EXPECT_THAT(same.err, HasSubstr("the output is the input itself"));
  EXPECT_EQ(read_text(files.trace), kRows);
}

TEST(TraceCommand, NothingIsLeftAfterAFailure) {
  const Files files;
  write_text(files.trace, kRows + "{\"timestamp\": 5}\n");
  const auto result =
      run_kvferry("trace convert " + files.trace + " --from mooncake --to csv -o " + files.out);
  EXPECT_EQ(result.status, 2);
  EXPECT_THAT(result.err, HasSubstr("trace.jsonl:4: error: "));
  EXPECT_THAT(result.out, IsEmpty());
  EXPECT_EQ(files.count(), 2) << "no output, no temporary file";
}

struct WrongUse {
  std::string arguments;
  std::string message;
};

TEST(TraceCommand, WrongUseExitsWithTwoAndSaysWhatWasMeant) {
  const Files files;
  for (const auto& [arguments, message] :
       {WrongUse{"trace",
                 "kvferry: error: a command is missing; commands: stats, convert, "
                 "generate\nTry 'kvferry trace --help'.\n"},
        WrongUse{"trace stat x", "kvferry: error: unknown command 'stat' (did you mean 'stats'?)"},
        WrongUse{"trace stats x", "kvferry: error: --from is required\n"},
        WrongUse{"trace stats x --fron mooncake",
                 "kvferry: error: unknown option '--fron' (did you mean '--from'?); options: "},
        WrongUse{"trace stats x --from moncake", "kvferry: error: --from: moncake not in {"},
        WrongUse{"trace stats nowhere --from mooncake",
                 "nowhere: error: key "
                 "'workload.trace.path': no such file: 'nowhere'\n"},
        WrongUse{"trace stats x --from mooncake --lru 0", "kvferry: error: --lru: "},
        WrongUse{"trace convert x --from mooncake --to csv",
                 "kvferry: error: --output is required\n"},
        WrongUse{"trace convert x --from scenario --to csv -o y",
                 "kvferry: error: --from: scenario not in {"},
        WrongUse{"trace generate nowhere.yaml --to csv -o y",
                 "nowhere.yaml: error: the scenario cannot be read: no such file, or no "
                 "permission\n"},
        WrongUse{"trace generate " + files.chat + " --to csv -o nowhere/y",
                 "nowhere/y: error: there is no folder '"},
        WrongUse{"trace generate " + files.chat + " --set workload.sesions=3 --to csv -o y",
                 "--set workload.sesions=3: error: unknown key 'workload.sesions' (did you mean "
                 "'sessions'?)"}}) {
    const auto result = run_kvferry(arguments);
    EXPECT_EQ(result.status, 2) << arguments;
    EXPECT_THAT(result.err, StartsWith(message)) << arguments;
    EXPECT_THAT(result.out, IsEmpty()) << arguments;
  }
}

TEST(TraceCommand, HelpNamesTheFormatsAndExamples) {
  EXPECT_THAT(run_kvferry("trace --help").out,
              AllOf(HasSubstr("stats"), HasSubstr("convert"), HasSubstr("generate")));
  EXPECT_THAT(run_kvferry("trace stats --help").out,
              AllOf(HasSubstr("mooncake|azure"), HasSubstr("scenario"), HasSubstr("Examples:")));
}

TEST(TraceCommand, ThePublishedConversationsComeOutByteForByte) {
  const std::string path = KVFERRY_SHARED_FILES "/traces/mooncake/conversation_trace.jsonl";
  if (!fs::exists(path)) GTEST_SKIP() << "NOT CHECKED: the published trace is not here " << path;
  const Files files;
  ASSERT_EQ(run_kvferry("trace convert " + path + " --from mooncake --to mooncake -o " + files.out)
                .status,
            0);
  EXPECT_TRUE(read_text(files.out) == read_text(path));
  const json statistics = json::parse(
      run_kvferry("trace stats -q --format json --from mooncake --lru 10000 " + path).out);
  EXPECT_EQ(statistics["prefixes"]["reuse"][0]["hit_blocks"], 105'710);
  EXPECT_EQ(statistics["prefixes"]["reuse"][1]["hit_blocks"], 60'921);
}

}  // namespace
}  // namespace kvferry
