// Conversations of coding agents: what is refused, and what counts as dropped.
#include "tests/temporary_folder.hpp"
#include "tests/workloads/weka_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

namespace kvferry::workloads {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

using Drops = std::map<std::string, std::int64_t>;

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
