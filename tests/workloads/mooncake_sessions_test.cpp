// The conversations that AIPerf and Dynamo write into Mooncake rows.
#include "tests/workloads/trace_text.hpp"
#include "workloads/trace.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace kvferry::workloads {
namespace {

using ::testing::ElementsAre;

using Counts = std::map<std::string, std::int64_t>;

// {"input_length": 600, "output_length": 5, FIELDS}
std::string row(const std::string& fields) {
  return R"({"input_length": 600, "output_length": 5, )" + fields + "}\n";
}

std::string turn(const std::string& session, const std::string& fields) {
  return row("\"session_id\": \"" + session + "\"" + (fields.empty() ? "" : ", " + fields));
}

Trace read_mooncake(const std::string& text, const TraceOptions& options = {}) {
  return read_text(TraceFormat::mooncake, text, options);
}

std::string mooncake_error(const std::string& text, const TraceOptions& options = {}) {
  return trace_error(TraceFormat::mooncake, text, options);
}

TEST(MooncakeSessions, ADelayCountsFromTheEndOfTheTurnBefore) {
  for (const std::string key : {"delay", "delay_ms"}) {
    const Trace trace =
        read_mooncake(turn("a", "\"timestamp\": 500") + turn("a", "\"" + key + "\": 250.5"));
    ASSERT_EQ(trace.requests.size(), 2U);
    EXPECT_EQ(trace.requests[1].session, 0);
    EXPECT_EQ(trace.requests[1].after, 0);
    EXPECT_EQ(trace.requests[1].think.value, 0.2505);
    EXPECT_EQ(trace.requests[1].arrival.value, 0.5);
  }
}

TEST(MooncakeSessions, TurnsWithDatesKeepThem) {
  const Trace trace = read_mooncake(turn("a", "\"timestamp\": 0") + row("\"timestamp\": 400") +
                                    turn("a", "\"timestamp\": 1000"));
  EXPECT_EQ(trace.requests[2].arrival.value, 1);
  EXPECT_EQ(trace.requests[2].after, 0);
  EXPECT_EQ(trace.requests[2].think.value, 0);
  EXPECT_EQ(trace.requests[1].session, -1);
}

TEST(MooncakeSessions, ADelayWinsOverADateAndIsCounted) {
  const Trace trace = read_mooncake(turn("a", "\"timestamp\": 0") +
                                    turn("a", "\"timestamp\": 9000, \"delay\": 100"));
  EXPECT_EQ(trace.requests[1].arrival.value, 0);
  EXPECT_EQ(trace.requests[1].think.value, 0.1);
  EXPECT_EQ(trace.account.ignored_keys, (Counts{{"timestamp", 1}}));
}

TEST(MooncakeSessions, WithoutAnyDatesAllSessionsAreThereFromTheStart) {
  const Trace trace =
      read_mooncake(turn("a", "") + turn("a", "\"delay\": 10") + turn("b", "\"delay\": 0"));
  EXPECT_EQ(trace.requests[2].arrival.value, 0);
  EXPECT_EQ(trace.account.sessions, 2);
  EXPECT_TRUE(trace.account.warnings.empty());
}

TEST(MooncakeSessions, SessionsWithAndWithoutADateAreNotMixed) {
  EXPECT_EQ(mooncake_error(turn("a", "\"timestamp\": 0") + turn("b", "")),
            "FILE:2: error: this session has no 'timestamp', those above have one");
  EXPECT_EQ(mooncake_error(turn("a", "") + row("\"timestamp\": 0")),
            "FILE:2: error: this session starts at a 'timestamp', those above have none");
}

TEST(MooncakeSessions, ARowWithoutASessionNeedsADate) {
  EXPECT_EQ(mooncake_error(row("\"priority\": 0")),
            "FILE:1: error: the key 'timestamp' is missing");
}

TEST(MooncakeSessions, ALaterTurnNeedsADateOrADelay) {
  EXPECT_EQ(mooncake_error(turn("a", "\"timestamp\": 0") + turn("a", "")),
            "FILE:2: error: the turn has neither a date nor a delay after the turn before it");
}

TEST(MooncakeSessions, ADelayOnAFirstTurnIsAFault) {
  const std::string message =
      "FILE:1: error: a delay counts from the end of the turn before, and this is the first turn "
      "of its session; found a delay of 0.1 s";
  EXPECT_EQ(mooncake_error(turn("a", "\"timestamp\": 0, \"delay\": 100")), message);
  EXPECT_EQ(mooncake_error(row("\"timestamp\": 0, \"delay\": 100")), message);
}

TEST(MooncakeSessions, NegativeDelaysAndDelaysOfAnotherTypeAreFaults) {
  const std::string first = turn("a", "\"timestamp\": 0");
  EXPECT_EQ(mooncake_error(first + turn("a", "\"delay\": -1")),
            "FILE:2: error: 'delay': expected a delay from 0 to 292 years, found '-1'");
  EXPECT_EQ(mooncake_error(first + turn("a", "\"delay_ms\": \"5\"")),
            "FILE:2: error: 'delay_ms': expected a number, found '\"5\"'");
}

TEST(MooncakeSessions, DecreasingDatesOfASessionAreAFault) {
  EXPECT_EQ(mooncake_error(turn("a", "\"timestamp\": 5") + turn("a", "\"timestamp\": 4")),
            "FILE:2: error: the turn is dated 1 ms before the turn above it in its session");
}

TEST(MooncakeSessions, NamesAreTextOrWholeNumbers) {
  for (const std::string bad : {"null", "true", "1.5", "\"\"", "[]", "{}"}) {
    EXPECT_EQ(mooncake_error(row("\"timestamp\": 0, \"session_id\": " + bad)),
              "FILE:1: error: 'session_id': expected a name or a whole number, found '" +
                  (bad == "[]"   ? "[...]"
                   : bad == "{}" ? "{...}"
                                 : bad) +
                  "'");
  }
  const Trace trace = read_mooncake(row("\"timestamp\": 0, \"session_id\": 7") +
                                    row("\"timestamp\": 1, \"session_id\": 7"));
  EXPECT_EQ(trace.requests[1].after, 0);
}

TEST(MooncakeSessions, ARepeatedRequestIdIsAFault) {
  const std::string dated = "\"timestamp\": 0, \"request_id\": ";
  EXPECT_EQ(mooncake_error(row(dated + "\"x\"") + row(dated + "7") + row(dated + "\"x\"")),
            "FILE:3: error: 'request_id': expected a name that no request above has, found 'x'");
}

TEST(MooncakeSessions, DynamosLargerPriorityIsTheMoreUrgentOne) {
  const Trace trace = read_mooncake(row("\"timestamp\": 0, \"priority\": 10"));
  EXPECT_EQ(trace.requests[0].priority, -10);
  EXPECT_EQ(mooncake_error(row("\"timestamp\": 0, \"priority\": 2147483648")),
            "FILE:1: error: 'priority': expected a whole number from -2147483647 to 2147483647, "
            "found '2147483648'");
}

TEST(MooncakeSessions, AFaultyTurnCutsOffItsSession) {
  TraceOptions options;
  options.on_bad_row = OnBadRow::skip;
  const Trace trace =
      read_mooncake(turn("a", "\"timestamp\": 0") + turn("a", "\"timestamp\": 1, \"what\": 2") +
                        turn("a", "\"delay\": 3") + turn("b", "\"timestamp\": 9"),
                    options);
  EXPECT_EQ(trace.account.dropped, (Counts{{"session-tail", 1}, {"unknown-key", 1}}));
  EXPECT_EQ(trace.account.emitted, 2);
}

TEST(MooncakeSessions, IncrementalTurnsGrowTheirContext) {
  TraceOptions options;
  options.turn_input = TurnInput::delta;
  options.block_tokens = 256;
  const Trace trace = read_mooncake(turn("a", "\"timestamp\": 0, \"hash_ids\": [0, 1, 2]") +
                                        turn("b", "\"timestamp\": 1, \"hash_ids\": [0, 1, 3]") +
                                        turn("a", "\"timestamp\": 2, \"hash_ids\": [9, 10, 11]"),
                                    options);
  const auto& first = trace.requests[0].prefix_blocks;
  const auto& other = trace.requests[1].prefix_blocks;
  const auto& later = trace.requests[2].prefix_blocks;
  EXPECT_EQ(trace.requests[2].input_tokens, 600 + 5 + 600);
  EXPECT_THAT(first, ElementsAre(0, 1)) << "the partial block changes with the next turn";
  EXPECT_THAT(other, ElementsAre(0, 1)) << "what two sessions share they still share";
  ASSERT_EQ(later.size(), 4U);  // floor(1205 / 256)
  EXPECT_EQ(later[0], 0U);
  EXPECT_EQ(later[1], 1U);
  EXPECT_NE(later[2], 2U);
  EXPECT_EQ(trace.block_tokens, 256);
}

TEST(MooncakeSessions, IncrementalTurnsWithoutIdsShareTheirContextToo) {
  TraceOptions options;
  options.turn_input = TurnInput::delta;
  const Trace trace = read_mooncake(
      turn("a", "\"timestamp\": 0") + turn("a", "\"timestamp\": 1") + turn("b", "\"timestamp\": 2"),
      options);
  const auto& first = trace.requests[0].prefix_blocks;
  ASSERT_EQ(first.size(), 1U);
  ASSERT_EQ(trace.requests[1].prefix_blocks.size(), 2U);
  EXPECT_EQ(trace.requests[1].prefix_blocks[0], first[0]);
  EXPECT_NE(trace.requests[2].prefix_blocks[0], first[0]) << "another session";
  EXPECT_EQ(trace.block_tokens, 512);
}

TEST(MooncakeSessions, AnEndlessContextIsAFault) {
  TraceOptions options;
  options.turn_input = TurnInput::delta;
  options.block_tokens = 1 << 20;
  const std::string text =
      R"({"session_id": "a", "timestamp": 0, "input_length": 2147483647, "output_length": 1})"
      "\n";
  EXPECT_EQ(mooncake_error(text + text, options),
            "FILE:2: error: the session's context is longer than 2147483647 tokens");
}

}  // namespace
}  // namespace kvferry::workloads
