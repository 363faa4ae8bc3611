#include "tests/workloads/trace_text.hpp"
#include "workloads/trace.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

namespace kvferry::workloads {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string mooncake_error(const std::string& text, const TraceOptions& options = {}) {
  return trace_error(TraceFormat::mooncake, text, options);
}

Trace read_mooncake(const std::string& text, const TraceOptions& options = {}) {
  return read_text(TraceFormat::mooncake, text, options);
}

// A row that is fine but for what the arguments say.
std::string row_with(const std::string& key, const std::string& value) {
  std::map<std::string, std::string> values{
      {"timestamp", "0"}, {"input_length", "600"}, {"output_length", "5"}, {"hash_ids", "[0, 1]"}};
  values[key] = value;
  std::string row;
  for (const auto& [name, text] : values) {
    row += (row.empty() ? "{\"" : ", \"") + name + "\": " + text;
  }
  return row + "}\n";
}

TEST(MooncakeRows, TheFourPublishedKeysAreRead) {
  const Trace trace = read_mooncake(std::string(kMooncakeText));
  ASSERT_EQ(trace.requests.size(), 3U);
  const Request& second = trace.requests[1];
  EXPECT_EQ(second.id, 1);
  EXPECT_EQ(second.arrival.value, 1.5);
  EXPECT_EQ(second.input_tokens, 1024);
  EXPECT_EQ(second.output_tokens, 7);
  EXPECT_THAT(second.prefix_blocks, ElementsAre(0, 2));
  EXPECT_EQ(trace.block_tokens, 512);
}

TEST(MooncakeRows, DynamoAliasesAreAccepted) {
  const Trace trace =
      read_mooncake(R"({"created_time": 250, "input_tokens": 10, "output_tokens": 3})");
  EXPECT_EQ(trace.requests[0].arrival.value, 0.25);
  EXPECT_EQ(trace.requests[0].input_tokens, 10);
  EXPECT_EQ(trace.requests[0].output_tokens, 3);
}

TEST(MooncakeRows, AKeyAndItsAliasTogetherAreAFault) {
  EXPECT_EQ(mooncake_error(row_with("input_tokens", "600")),
            "FILE:1: error: the key 'input_tokens' repeats another one under its other name");
}

TEST(MooncakeRows, KeysWithoutEffectAreCounted) {
  const Trace trace = read_mooncake(
      row_with("extra", R"({"a": [1, {"b": null}], "c": true})") + row_with("tools", "[]") +
      row_with("group_id", "null") + row_with("strict_priority", "1.5") +
      row_with("policy_class", "\"x\"") + row_with("message_mode", "false"));
  EXPECT_EQ(trace.account.emitted, 6);
  const std::map<std::string, std::int64_t> expected{{"extra", 1},        {"tools", 1},
                                                     {"group_id", 1},     {"strict_priority", 1},
                                                     {"policy_class", 1}, {"message_mode", 1}};
  EXPECT_EQ(trace.account.ignored_keys, expected);
}

TEST(MooncakeRows, GraphsOfRequestsAreRefusedByNameEvenWhenRowsAreSkipped) {
  TraceOptions skipping;
  skipping.on_bad_row = OnBadRow::skip;
  for (const std::string key :
       {"wait_for", "branches", "prefix_reset", "tool_wait_ms", "tool_events"}) {
    EXPECT_EQ(mooncake_error(row_with(key, "0"), skipping),
              "FILE:1: error: the key '" + key +
                  "' belongs to a graph of requests, which is not simulated; turns that follow one "
                  "another have a 'session_id'");
  }
}

TEST(MooncakeRows, PromptsAsTextAreFaults) {
  for (const std::string key : {"text_input", "messages", "payload"}) {
    EXPECT_EQ(mooncake_error(row_with(key, "\"Hello\"")),
              "FILE:1: error: the key '" + key +
                  "' holds text, which is not tokenised here; give 'input_length' instead");
  }
}

TEST(MooncakeRows, AnUnknownKeyIsAFaultWithTheNearestName) {
  EXPECT_EQ(mooncake_error(row_with("input_lenght", "600")),
            "FILE:1: error: unknown key 'input_lenght' (did you mean 'input_length'?); valid keys: "
            "timestamp, input_length, output_length, hash_ids, created_time, input_tokens, "
            "output_tokens, session_id, delay, delay_ms, request_id, priority, strict_priority, "
            "policy_class, group_id, extra, tools, message_mode");
}

TEST(MooncakeRows, WhatIsNotAnObjectIsAFault) {
  for (const std::string line : {"[1, 2]", "7", "null", "\"text\"", "timestamp,input_length"}) {
    EXPECT_EQ(mooncake_error(line), "FILE:1: error: expected a JSON object, found '" + line + "'");
  }
}

// The complaint about a line that stops being JSON at that character.
std::string not_json(int character, const std::string& found) {
  return "FILE:1: error: expected one JSON object, but at character " + std::to_string(character) +
         " it is not valid JSON, found " + found;
}

TEST(MooncakeRows, WhatIsNotJsonIsAFault) {
  EXPECT_EQ(mooncake_error("{\"timestamp\": 0, \"input_length\": 5"),
            not_json(35, "the end of the line"));
  EXPECT_EQ(mooncake_error("{\"timestamp\": NaN}"), not_json(15, "'NaN}'"));
  EXPECT_EQ(mooncake_error("{\"timestamp\": Infinity}"), not_json(15, "'Infinity}'"));
  EXPECT_EQ(mooncake_error("{\"timestamp\": 01}"), not_json(16, "'1}'"));
  EXPECT_EQ(mooncake_error("{'timestamp': 0}"), not_json(2, "''timestamp': 0}'"));
  EXPECT_EQ(mooncake_error("{\"timestamp\": 0,}"), not_json(17, "'}'"));
}

TEST(MooncakeRows, BytesAfterTheObjectAreAFault) {
  const std::string row = R"({"timestamp": 0, "input_length": 1, "output_length": 1})";
  EXPECT_EQ(mooncake_error(row + " x"), not_json(57, "'x'"));
  EXPECT_EQ(mooncake_error(row + "{\"a\": 1}"), not_json(56, "'{\"a\": 1}'"));
}

TEST(MooncakeRows, ANumberTooLargeForADoubleIsAFault) {
  EXPECT_EQ(mooncake_error(row_with("timestamp", "1e400")),
            "FILE:1: error: the number '1e400' is too large to be read");
  EXPECT_EQ(mooncake_error(row_with("timestamp", std::string(400, '9'))),
            "FILE:1: error: the number '" + std::string(77, '9') + "...' is too large to be read");
}

TEST(MooncakeRows, ARepeatedKeyIsRefusedEvenWhenRowsAreSkipped) {
  TraceOptions skipping;
  skipping.on_bad_row = OnBadRow::skip;
  EXPECT_EQ(mooncake_error(R"({"timestamp": 0, "timestamp": 1})", skipping),
            "FILE:1: error: the key 'timestamp' is there twice in one object");
  EXPECT_EQ(mooncake_error(row_with("extra", R"([{"a": 1}, {"a": {}, "b": 2, "a": 3}])"), skipping),
            "FILE:1: error: the key 'a' is there twice in one object");
  EXPECT_EQ(read_mooncake(row_with("extra", R"([{"a": 1}, {"a": {"a": 2}}])")).account.emitted, 1);
}

TEST(MooncakeRows, AMissingKeyIsAFault) {
  EXPECT_EQ(mooncake_error(R"({"input_length": 5, "output_length": 1})"),
            "FILE:1: error: the key 'timestamp' is missing");
  EXPECT_EQ(mooncake_error(R"({"timestamp": 0, "output_length": 1, "hash_ids": [0]})"),
            "FILE:1: error: the key 'input_length' is missing");
  EXPECT_EQ(mooncake_error(R"({"timestamp": 0, "input_length": 5})"),
            "FILE:1: error: the key 'output_length' is missing");
  EXPECT_EQ(mooncake_error("{}"), "FILE:1: error: the key 'timestamp' is missing");
}

TEST(MooncakeRows, AValueOfTheWrongTypeIsAFault) {
  for (const std::string key : {"timestamp", "input_length", "output_length"}) {
    for (const std::string value : {"null", "true", "\"12\""}) {
      EXPECT_EQ(mooncake_error(row_with(key, value)),
                "FILE:1: error: '" + key + "': expected a number, found '" + value + "'");
    }
    EXPECT_EQ(mooncake_error(row_with(key, "[1]")),
              "FILE:1: error: '" + key + "': expected a number, found '[...]'");
    EXPECT_EQ(mooncake_error(row_with(key, "{}")),
              "FILE:1: error: '" + key + "': expected a number, found '{...}'");
  }
}

TEST(MooncakeRows, HashIdsThatAreNotAnArrayOfIdsAreAFault) {
  const std::string message =
      "FILE:1: error: 'hash_ids': expected an array of whole numbers from 0 to 2^64 - 1, found '";
  for (const std::string value : {"null", "7", "\"0 1\"", "true", "-1"}) {
    EXPECT_EQ(mooncake_error(row_with("hash_ids", value)), message + value + "'");
  }
  for (const std::string id :
       {"-1", "1.0", "0.5", "18446744073709551616", "null", "\"1\"", "true"}) {
    EXPECT_EQ(mooncake_error(row_with("hash_ids", "[0, " + id + "]")), message + id + "'");
  }
  EXPECT_EQ(mooncake_error(row_with("hash_ids", "[0, [1]]")), message + "[...]'");
  EXPECT_EQ(mooncake_error(row_with("hash_ids", "[0, {}]")), message + "{...}'");
  EXPECT_EQ(mooncake_error(row_with("hash_ids", "{}")), message + "{...}'");
}

TEST(MooncakeRows, HashIdsKeepAll64Bits) {
  const Trace trace =
      read_mooncake(row_with("hash_ids", "[9007199254740993, 18446744073709551615]"));
  EXPECT_THAT(trace.requests[0].prefix_blocks,
              ElementsAre(9007199254740993ULL, 18446744073709551615ULL));
}

TEST(MooncakeRows, LengthsOutOfRangeAreFaults) {
  const std::string expected = ": expected a whole number of tokens from 1 to 2147483647, found '";
  for (const std::string value :
       {"0", "-1", "512.5", "2147483648", "1e30", "18446744073709551615", "18446744073709551616"}) {
    EXPECT_EQ(mooncake_error(row_with("input_length", value)),
              "FILE:1: error: 'input_length'" + expected + value + "'");
  }
  for (const std::string value : {"-1", "0.5", "2147483648"}) {
    EXPECT_EQ(mooncake_error(row_with("output_length", value)),
              "FILE:1: error: 'output_length'" + expected + value + "'");
  }
}

TEST(MooncakeRows, IntegralFloatsAreLengths) {
  const Trace trace = read_mooncake(
      R"({"timestamp": 0, "input_length": 512.0, "output_length": 1.2e2, "hash_ids": [0]})");
  EXPECT_EQ(trace.requests[0].input_tokens, 512);
  EXPECT_EQ(trace.requests[0].output_tokens, 120);
}

TEST(MooncakeRows, TimestampsMayHaveFractions) {
  const Trace trace = read_mooncake(row_with("timestamp", "0.5") + row_with("timestamp", "1.25"));
  EXPECT_EQ(trace.requests[0].arrival.value, 0.0005);
  EXPECT_EQ(trace.requests[1].arrival.value, 0.00125);
}

TEST(MooncakeRows, TimestampsOutOfRangeAreFaults) {
  for (const std::string value : {"-1", "-0.5", "1e300", "18446744073709551615"}) {
    EXPECT_EQ(
        mooncake_error(row_with("timestamp", value)),
        "FILE:1: error: 'timestamp': expected a time from 0 to 292 years, found '" + value + "'");
  }
}

TEST(MooncakeRows, TheTimeUnitCanBeSet) {
  TraceOptions options;
  options.time_unit = Seconds{1};
  EXPECT_EQ(read_mooncake(row_with("timestamp", "1.5"), options).requests[0].arrival.value, 1.5);
}

TEST(MooncakeRows, NanosecondTimestampsStayExactBeyond2To53) {
  TraceOptions options;
  options.time_unit = Seconds{1e-9};
  options.start = Seconds{1700158546};
  const Trace trace = read_mooncake(row_with("timestamp", "1700158546000000001"), options);
  EXPECT_EQ(trace.requests[0].arrival.value, 1e-9);
}

TEST(MooncakeRows, DeepNestingIsRefused) {
  const auto nested = [](std::size_t levels) {
    return row_with("extra", std::string(levels, '[') + std::string(levels, ']'));
  };
  EXPECT_EQ(read_mooncake(nested(63)).account.emitted, 1);
  EXPECT_EQ(mooncake_error(nested(64)), "FILE:1: error: the row is nested deeper than 64 levels");
  EXPECT_THAT(mooncake_error(row_with("extra", std::string(1'000'000, '['))),
              StartsWith("FILE:1: error: the row is nested deeper"));
}

TEST(MooncakeRows, AnEndlessArrayOfIdsIsRefusedBeforeItIsStored) {
  // ceil((2^31 - 1) / 2^30) + 1 = 3 ids at most.
  TraceOptions options;
  options.block_tokens = 1 << 30;
  EXPECT_EQ(mooncake_error(row_with("hash_ids", "[0, 1, 2, 3]"), options),
            "FILE:1: error: 'hash_ids': more than 3 ids, the most that a prompt can have");
}

TEST(MooncakeRows, LaterRowsAreNamedByTheirLine) {
  EXPECT_THAT(mooncake_error(row_with("timestamp", "0") + "\n" + row_with("timestamp", "null")),
              StartsWith("FILE:3: error: 'timestamp'"));
}

}  // namespace
}  // namespace kvferry::workloads
