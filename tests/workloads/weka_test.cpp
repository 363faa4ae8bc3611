// Conversations of coding agents: what is read, and who waits for whom.
#include "tests/temporary_folder.hpp"
#include "tests/workloads/weka_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace kvferry::workloads {
namespace {

using ::testing::ElementsAre;

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

}  // namespace
}  // namespace kvferry::workloads
