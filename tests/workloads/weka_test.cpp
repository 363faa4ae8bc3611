// Conversations of coding agents.
#include "tests/temporary_folder.hpp"
#include "tests/workloads/trace_text.hpp"
#include "workloads/trace.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <map>
#include <string>
#include <vector>

namespace kvferry::workloads {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

using Drops = std::map<std::string, std::int64_t>;

// A request of 130 tokens, so two full blocks, whose ids begin with `first_id`.
json request(double time_s, int first_id = 1) {
  return {{"t", time_s},
          {"type", "n"},
          {"model", "m"},
          {"in", 130},
          {"out", 10},
          {"stop", ""},
          {"api_time", 2},
          {"hash_ids", {first_id, first_id + 1}},
          {"input_types", {"a"}},
          {"output_types", {"b"}}};
}

json subagent(double time_s, const json& duration_ms, const std::vector<json>& requests) {
  return {{"t", time_s},
          {"type", "subagent"},
          {"agent_id", "x"},
          {"subagent_type", "y"},
          {"duration_ms", duration_ms},
          {"total_tokens", 1},
          {"tool_use_count", 1},
          {"status", duration_ms.is_null() ? "async_launched" : "completed"},
          {"models", {"m"}},
          {"tool_tokens", 0},
          {"system_tokens", 0},
          {"requests", requests}};
}

json tokens(std::int64_t requests) {
  return {{"input", 130 * requests}, {"output", 10 * requests}};
}

// With totals that fit requests as request() makes them.
json conversation(const std::vector<json>& items, const std::string& id = "c") {
  std::int64_t own = 0;
  std::int64_t others = 0;
  std::int64_t subagents = 0;
  for (const json& item : items) {
    if (item["type"] == "subagent") {
      ++subagents;
      others += static_cast<std::int64_t>(item["requests"].size());
    } else {
      ++own;
    }
  }
  return {{"id", id},
          {"models", {"m"}},
          {"block_size", 64},
          {"hash_id_scope", "local"},
          {"tool_tokens", 0},
          {"system_tokens", 0},
          {"requests", items},
          {"totals",
           {{"parent_tokens", tokens(own)},
            {"subagent_tokens", tokens(others)},
            {"combined_tokens", tokens(own + others)},
            {"subagent_count", subagents}}}};
}

TraceOptions defaults() {
  return default_options(TraceFormat::weka);
}

Trace read_weka_text(const json& document, const TraceOptions& options = defaults()) {
  return read_text(TraceFormat::weka, document.dump(), options);
}

std::string weka_error(const json& document, const TraceOptions& options = defaults()) {
  return trace_error(TraceFormat::weka, document.dump(), options);
}

// The complaint about a conversation with one request in which a value is replaced.
std::string request_error(const std::string& key, const json& value) {
  json bad = request(0);
  bad[key] = value;
  return weka_error(conversation({bad}));
}

TEST(Weka, TurnsFollowTheEndOfTheTurnBeforeAfterTheirThinkTime) {
  json second = request(10);
  second["think_time"] = 7.5;
  const Trace trace = read_weka_text(conversation({request(0), second, request(13)}));
  ASSERT_EQ(trace.requests.size(), 3U);
  EXPECT_EQ(trace.requests[1].after, 0);
  EXPECT_EQ(trace.requests[1].think.value, 7.5);
  EXPECT_EQ(trace.requests[1].arrival.value, 0) << "whenever the turn before ends";
  EXPECT_EQ(trace.requests[2].think.value, 1) << "13 - 10 - 2 s of the answer";
  EXPECT_EQ(trace.requests[0].input_tokens, 130);
  EXPECT_EQ(trace.requests[0].prefix_blocks.size(), 2U);
  EXPECT_EQ(trace.block_tokens, 64);
  EXPECT_EQ(trace.account.sessions, 1);
  EXPECT_TRUE(trace.account.warnings.empty());
}

TEST(Weka, WithoutAnswerTimeTheWholeGapIsThinkTime) {
  json first = request(0);
  first["api_time"] = nullptr;
  first["think_time"] = nullptr;
  const Trace trace = read_weka_text(conversation({first, request(9)}));
  EXPECT_EQ(trace.requests[1].think.value, 9);
}

TEST(Weka, OpenReplaySendsByDate) {
  TraceOptions options = defaults();
  options.replay = Replay::open;
  json second = request(10);
  second["think_time"] = 7.5;
  const Trace trace = read_weka_text(conversation({request(0), second}), options);
  EXPECT_EQ(trace.requests[1].arrival.value, 10);
  EXPECT_EQ(trace.requests[1].after, -1);
  EXPECT_EQ(trace.requests[1].think.value, 0);
}

TEST(Weka, LongThinkTimesAreCut) {
  TraceOptions options = defaults();
  options.idle_gap_cap = Seconds{3};
  const Trace trace = read_weka_text(conversation({request(0), request(90)}), options);
  EXPECT_EQ(trace.requests[1].think.value, 3);
}

TEST(Weka, ASubagentRunsFromItsSpawnToTheDateOfItsEntry) {
  // The agent's turn ends at 2, the sub-agent runs from 5 to 11, the next turn starts at 12.
  const json document = conversation(
      {request(0), subagent(11, 6000, {request(0, 100), request(4, 200)}), request(12)});
  const Trace trace = read_weka_text(document);
  ASSERT_EQ(trace.requests.size(), 4U);
  const Request& first = trace.requests[1];
  const Request& second = trace.requests[2];
  const Request& next = trace.requests[3];
  EXPECT_EQ(first.after, 0);
  EXPECT_EQ(first.think.value, 3);
  EXPECT_EQ(second.after, 1);
  EXPECT_EQ(second.think.value, 2);
  EXPECT_EQ(next.after, 2) << "the agent waits for its sub-agent";
  EXPECT_EQ(next.think.value, 1);
  EXPECT_EQ(trace.account.sessions, 1) << "a tree is one session";
}

TEST(Weka, TheDateOfAnEntryMayBeThatOfTheSpawn) {
  TraceOptions options = defaults();
  options.subagent_marker = SubagentMarker::spawn;
  options.replay = Replay::open;
  const json document =
      conversation({request(0), subagent(3, 6000, {request(1, 100)}), request(12)});
  const Trace trace = read_weka_text(document, options);
  EXPECT_EQ(trace.requests[1].arrival.value, 4);
}

TEST(Weka, ASubagentThatIsNotWaitedForDoesNotHoldUpTheAgent) {
  const json document =
      conversation({request(0), subagent(3, nullptr, {request(0, 100)}), request(12)});
  const Trace trace = read_weka_text(document);
  EXPECT_EQ(trace.requests[1].after, 0);
  EXPECT_EQ(trace.requests[1].think.value, 1);
  EXPECT_EQ(trace.requests[2].after, 0);
  EXPECT_EQ(trace.requests[2].think.value, 10);
}

TEST(Weka, OfSeveralSubagentsTheLastOneToEndIsWaitedFor) {
  const json document = conversation({request(0), subagent(9, 6000, {request(0, 100)}),
                                      subagent(8, 5000, {request(0, 200)}), request(12)});
  EXPECT_EQ(read_weka_text(document).requests[3].after, 1);
}

TEST(Weka, IdsMeanSomethingWithinTheirDocumentOnly) {
  const TemporaryFolder folder;
  write_text(folder.path() / "b.json", conversation({request(0)}, "b").dump());
  write_text(folder.path() / "a.json", conversation({request(0), request(5)}, "a").dump());
  write_text(folder.path() / "notes.txt", "not a conversation");
  const Trace trace = read_trace(folder.path().string(), TraceFormat::weka, defaults());
  ASSERT_EQ(trace.requests.size(), 3U);
  EXPECT_THAT((std::vector{trace.requests[0].session, trace.requests[1].session,
                           trace.requests[2].session}),
              ElementsAre(0, 0, 1))
      << "documents in the order of their names";
  EXPECT_EQ(trace.requests[0].prefix_blocks, trace.requests[1].prefix_blocks);
  EXPECT_NE(trace.requests[0].prefix_blocks[0], trace.requests[2].prefix_blocks[0]);
  EXPECT_EQ(trace.account.sessions, 2);
}

TEST(Weka, APartialBlockMayHaveAnId) {
  json with_tail = request(0);
  with_tail["hash_ids"] = {1, 2, 3};
  EXPECT_EQ(read_weka_text(conversation({with_tail})).requests[0].prefix_blocks.size(), 3U);
  EXPECT_EQ(request_error("hash_ids", {1}),
            "FILE: error: 'hash_ids': expected floor or ceil(130 tokens / 64) = 3 ids, found 1");
}

TEST(Weka, AShortPromptHasNoBlocks) {
  json small = request(0);
  small["in"] = 63;
  small["hash_ids"] = json::array();
  json document = conversation({small});
  document["totals"]["parent_tokens"]["input"] = 63;
  document["totals"]["combined_tokens"]["input"] = 63;
  EXPECT_TRUE(read_weka_text(document).requests[0].prefix_blocks.empty());
}

TEST(Weka, AnswersWithoutTokensAreServedForTheirPrompt) {
  json silent = request(0);
  silent["out"] = 0;
  json document = conversation({silent});
  document["totals"]["parent_tokens"]["output"] = 0;
  document["totals"]["combined_tokens"]["output"] = 0;
  const Trace trace = read_weka_text(document);
  EXPECT_EQ(trace.requests[0].output_tokens, 1);
  EXPECT_EQ(trace.account.prefill_only, 1);
}

TEST(Weka, TotalsMustBeTheSums) {
  for (const std::string who : {"parent_tokens", "combined_tokens", "subagent_tokens"}) {
    json document = conversation({request(0)});
    document["totals"][who]["input"] = 131;
    EXPECT_EQ(weka_error(document), "FILE: error: 'totals." + who +
                                        ".input': expected the sum over the requests, " +
                                        (who[0] == 's' ? "0" : "130") + ", found '131'");
  }
  json document = conversation({request(0)});
  document["totals"]["subagent_count"] = 1;
  EXPECT_EQ(
      weka_error(document),
      "FILE: error: 'totals.subagent_count': expected the sum over the requests, 0, found '1'");
}

TEST(Weka, IdsOfUnknownScopeAreRefused) {
  json document = conversation({request(0)});
  document["hash_id_scope"] = "global";
  EXPECT_EQ(weka_error(document),
            "FILE: error: 'hash_id_scope': expected 'local', ids that mean something within their "
            "document, found 'global'");
}

TEST(Weka, DocumentsOfOneTraceHaveOneBlockSize) {
  const TemporaryFolder folder;
  json other = conversation({request(0)}, "b");
  other["block_size"] = 65;
  write_text(folder.path() / "a.json", conversation({request(0)}, "a").dump());
  write_text(folder.path() / "b.json", other.dump());
  EXPECT_THAT(
      error_of([&] { read_trace(folder.path().string(), TraceFormat::weka, defaults()); }),
      HasSubstr("b.json: error: 'block_size': expected that of the documents before it, 64, "
                "found 65"));
  other["block_size"] = 0;
  EXPECT_EQ(weka_error(other), "FILE: error: 'block_size': expected at least 1 token, found 0");
}

TEST(Weka, OneConversationIsNotReadTwice) {
  const TemporaryFolder folder;
  write_text(folder.path() / "a.json", conversation({request(0)}, "a").dump());
  write_text(folder.path() / "b.json", conversation({request(0)}, "a").dump());
  EXPECT_THAT(error_of([&] { read_trace(folder.path().string(), TraceFormat::weka, defaults()); }),
              HasSubstr("b.json: error: 'id': a document before it has the id 'a' too"));
}

TEST(Weka, ADocumentAtFaultCountsWithAllOfItsRequests) {
  const TemporaryFolder folder;
  json bad = conversation({request(0), subagent(11, 6000, {request(0, 9), request(4, 7)})}, "b");
  bad["requests"][0]["in"] = 0;
  write_text(folder.path() / "a.json", conversation({request(0)}, "a").dump());
  write_text(folder.path() / "b.json", bad.dump());
  write_text(folder.path() / "c.json", "{");
  TraceOptions options = defaults();
  options.on_bad_row = OnBadRow::skip;
  const Trace trace = read_trace(folder.path().string(), TraceFormat::weka, options);
  EXPECT_EQ(trace.account.rows_read, 5);
  EXPECT_EQ(trace.account.emitted, 1);
  EXPECT_EQ(trace.account.dropped, (Drops{{"bad-input-tokens", 3}, {"invalid-json", 1}}));
}

TEST(Weka, ATurnThatIsTooLongCutsOffItsConversation) {
  TraceOptions options = defaults();
  options.max_context_tokens = 150;
  json large = request(5, 50);
  large["in"] = 190;
  json document = conversation({request(0), large, request(9)});
  document["totals"]["parent_tokens"]["input"] = 450;
  document["totals"]["combined_tokens"]["input"] = 450;
  const Trace trace = read_weka_text(document, options);
  EXPECT_EQ(trace.account.dropped, (Drops{{"over-context", 1}, {"session-tail", 1}}));
}

TEST(Weka, DatesMustNotDecrease) {
  EXPECT_EQ(weka_error(conversation({request(5), request(4)})),
            "FILE: error: 'requests[1].t': the turn is dated before the one above it");
  EXPECT_EQ(weka_error(conversation({request(0), subagent(30, 6000, {request(5), request(4)})})),
            "FILE: error: 'requests[1].requests[1].t': the turn is dated before the one above it");
}

TEST(Weka, ALateStartIsAWarning) {
  EXPECT_THAT(read_weka_text(conversation({request(5)})).account.warnings,
              ElementsAre("1 conversations do not start at t = 0"));
}

TEST(Weka, AnUnknownTypeIsAFault) {
  EXPECT_EQ(request_error("type", "z"),
            "FILE: error: 'requests[0].type': expected 'n', 's' or 'subagent', found 'z'");
}

TEST(Weka, SubagentsAreChecked) {
  EXPECT_EQ(weka_error(conversation({request(0), subagent(9, 6000, {})})),
            "FILE: error: 'requests[1].requests': the sub-agent has no requests");
  json endless = subagent(9, nullptr, {request(0, 100)});
  endless["status"] = "completed";
  EXPECT_EQ(weka_error(conversation({request(0), endless})),
            "FILE: error: 'requests[1].duration_ms': a completed sub-agent has a duration, found "
            "none");
  EXPECT_EQ(weka_error(conversation({request(0), subagent(5, 6000, {request(0, 100)})})),
            "FILE: error: 'requests[1].duration_ms': the sub-agent was spawned before its "
            "conversation began");
}

TEST(Weka, ValuesAreChecked) {
  EXPECT_THAT(request_error("in", 0), HasSubstr("'requests[0].in': expected a whole number"));
  EXPECT_THAT(request_error("out", -1), HasSubstr("'requests[0].out': expected a whole number"));
  EXPECT_THAT(request_error("t", -1), HasSubstr("'requests[0].t': expected a time from 0"));
  EXPECT_THAT(request_error("think_time", -1), HasSubstr("'requests[0].think_time': expected a"));
  EXPECT_THAT(request_error("api_time", "2"),
              HasSubstr("'requests[0].api_time': expected a number"));
  EXPECT_THAT(request_error("hash_ids", {1, 1}), HasSubstr("found 1 twice in the row"));
  EXPECT_THAT(request_error("surprise", 1), HasSubstr("unknown key 'requests[0].surprise'"));
}

TEST(Weka, IdsMustBeChained) {
  EXPECT_THAT(weka_error(conversation({request(0, 1), request(1, 2)})),
              HasSubstr("an id must stand for a whole prefix"));
}

TEST(Weka, WhatIsNotAConversationIsRefused) {
  EXPECT_EQ(trace_error(TraceFormat::weka, "[]", defaults()),
            "FILE: error: expected a JSON object, found '[]\\n'");
  EXPECT_EQ(trace_error(TraceFormat::weka, "{\"id\": 1, \"id\": 2}", defaults()),
            "FILE: error: the key 'id' is there twice in one object");
  const TemporaryFolder folder;
  EXPECT_THAT(error_of([&] { read_trace(folder.path().string(), TraceFormat::weka, defaults()); }),
              HasSubstr(": error: the folder has no file named *.json"));
}

TEST(Weka, AWindowNeedsDates) {
  TraceOptions options = defaults();
  options.duration = Seconds{5};
  EXPECT_EQ(weka_error(conversation({request(0)}), options),
            "trace options: a window (start, duration) needs dates, which weka conversations do "
            "not have, found one");
}

}  // namespace
}  // namespace kvferry::workloads
