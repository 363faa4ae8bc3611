// Conversations: which turn waits for which, and what becomes of the rest when one is missing.
#include "tests/workloads/trace_text.hpp"
#include "workloads/session_schedule.hpp"
#include "workloads/trace.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace kvferry::workloads {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

using Drops = std::map<std::string, std::int64_t>;

const std::string kHeader = "arrival_s,input_tokens,output_tokens,session_id,think_s\n";

// Two conversations, whose turns are dated 0, 10, 30 and 5, 6.
const std::string kTwoSessions =
    kHeader + "0,10,1,a,\n5,20,1,b,\n6,21,1,b,\n10,11,1,a,\n30,12,1,a,\n";

Trace read_csv(const std::string& text, const TraceOptions& options = {}) {
  return read_text(TraceFormat::csv, text, options);
}

std::string csv_error(const std::string& text, const TraceOptions& options = {}) {
  return trace_error(TraceFormat::csv, text, options);
}

// One value of each request, in order.
template <typename Of>
auto each(const Trace& trace, Of of) {
  std::vector<decltype(of(trace.requests[0]))> values;
  for (const Request& request : trace.requests) values.push_back(of(request));
  return values;
}

std::vector<double> arrivals(const Trace& trace) {
  return each(trace, [](const Request& r) { return r.arrival.value; });
}
std::vector<double> thinks(const Trace& trace) {
  return each(trace, [](const Request& r) { return r.think.value; });
}
std::vector<std::int64_t> afters(const Trace& trace) {
  return each(trace, [](const Request& r) { return r.after; });
}
std::vector<std::int64_t> sessions(const Trace& trace) {
  return each(trace, [](const Request& r) { return r.session; });
}

// Their date is that of the conversation's start, as the trace writer gives it: that three of four gaps
// are zero says nothing about the clock.
TEST(Sessions, TurnsThatWaitSayNothingAboutTheClock) {
  const Trace trace =
      read_csv(kHeader + "0,10,1,a,\n0,11,1,a,2\n0,12,1,a,3\n0,13,1,a,1\n9,20,1,b,\n");
  EXPECT_THAT(trace.account.warnings, IsEmpty());
  EXPECT_THAT(read_csv(kHeader + "0,10,1,,\n0,11,1,,\n0,12,1,,\n9,20,1,,\n").account.warnings,
              ElementsAre(::testing::HasSubstr("2 of 3 gaps between requests are zero")));
}

TEST(Sessions, TurnsKeepTheirDatesAndWaitForTheTurnBefore) {
  const Trace trace = read_csv(kTwoSessions);
  EXPECT_THAT(arrivals(trace), ElementsAre(0, 5, 6, 10, 30));
  EXPECT_THAT(sessions(trace), ElementsAre(0, 1, 1, 0, 0));
  EXPECT_THAT(afters(trace), ElementsAre(-1, -1, 1, 0, 3));
  EXPECT_THAT(thinks(trace), ElementsAre(0, 0, 0, 0, 0));
  EXPECT_EQ(trace.account.sessions, 2);
}

TEST(Sessions, ClosedReplayCountsTheGapsFromTheEndOfTheTurnBefore) {
  TraceOptions options;
  options.replay = Replay::closed;
  const Trace trace = read_csv(kTwoSessions, options);
  // Ids follow the earliest possible dates, which are those of the sessions' starts.
  EXPECT_THAT(arrivals(trace), ElementsAre(0, 0, 0, 5, 5));
  EXPECT_THAT(afters(trace), ElementsAre(-1, 0, 1, -1, 3));
  EXPECT_THAT(thinks(trace), ElementsAre(0, 10, 20, 0, 1));
}

TEST(Sessions, OpenReplayWaitsForNobody) {
  TraceOptions options;
  options.replay = Replay::open;
  const Trace trace = read_csv(kTwoSessions, options);
  EXPECT_THAT(arrivals(trace), ElementsAre(0, 5, 6, 10, 30));
  EXPECT_THAT(afters(trace), ElementsAre(-1, -1, -1, -1, -1));
  EXPECT_THAT(sessions(trace), ElementsAre(0, 1, 1, 0, 0));
}

TEST(Sessions, LongGapsAreCutInEveryReplay) {
  TraceOptions options;
  options.idle_gap_cap = Seconds{8};
  EXPECT_THAT(arrivals(read_csv(kTwoSessions, options)), ElementsAre(0, 5, 6, 8, 16));
  options.replay = Replay::closed;
  EXPECT_THAT(thinks(read_csv(kTwoSessions, options)), ElementsAre(0, 8, 8, 0, 1));
}

TEST(Sessions, DelaysCanBeIgnored) {
  TraceOptions options;
  options.ignore_delays = true;
  const Trace trace = read_csv(kHeader + "0,10,1,a,\n,11,1,a,3\n50,12,1,a,\n", options);
  EXPECT_THAT(arrivals(trace), ElementsAre(0, 0, 0));
  EXPECT_THAT(thinks(trace), ElementsAre(0, 0, 0));
  EXPECT_THAT(afters(trace), ElementsAre(-1, 0, 1));
}

TEST(Sessions, TimeScaleAppliesToThinkTimes) {
  TraceOptions options;
  options.time_scale = 2;
  const Trace trace = read_csv(kHeader + "1,10,1,a,\n,11,1,a,3\n", options);
  EXPECT_THAT(arrivals(trace), ElementsAre(0.5, 0.5));
  EXPECT_THAT(thinks(trace), ElementsAre(0, 1.5));
}

TEST(Sessions, ADroppedTurnCutsOffTheRestOfItsSession) {
  TraceOptions options;
  options.max_context_tokens = 100;
  const Trace trace =
      read_csv(kHeader + "0,10,1,a,\n1,200,1,a,\n2,10,1,a,\n3,10,1,b,\n4,10,1,a,\n", options);
  EXPECT_THAT(arrivals(trace), ElementsAre(0, 3));
  EXPECT_EQ(trace.account.dropped, (Drops{{"over-context", 1}, {"session-tail", 2}}));
  EXPECT_EQ(trace.account.rows_read, 5);
}

TEST(Sessions, ATurnAtFaultCutsOffTheRestOfItsSession) {
  TraceOptions options;
  options.on_bad_row = OnBadRow::skip;
  const Trace trace =
      read_csv(kHeader + "0,10,1,a,\n1,x,1,a,\n2,10,1,a,\n3,y,1,b,\n4,9,1,b,\n", options);
  EXPECT_THAT(arrivals(trace), ElementsAre(0));
  EXPECT_EQ(trace.account.dropped, (Drops{{"bad-input-tokens", 2}, {"session-tail", 2}}));
}

TEST(Sessions, ATurnOutOfOrderInTheFileCutsOffTheRestOfItsSession) {
  TraceOptions options;
  options.on_bad_row = OnBadRow::skip;
  const Trace trace = read_csv(kHeader + "5,10,1,b,\n4,10,1,a,\n6,10,1,a,\n", options);
  EXPECT_EQ(trace.account.dropped, (Drops{{"unsorted", 1}, {"session-tail", 1}}));
}

TEST(Sessions, AWindowMayBeginWithinASession) {
  TraceOptions options;
  options.start = Seconds{8};
  options.duration = Seconds{10};
  const Trace trace = read_csv(kTwoSessions, options);
  EXPECT_THAT(arrivals(trace), ElementsAre(2));
  EXPECT_THAT(afters(trace), ElementsAre(-1));
  EXPECT_EQ(trace.account.orphan_turns, 1);
  EXPECT_EQ(trace.account.dropped, (Drops{{"outside-window", 4}}));
}

TEST(Sessions, RequestsBeyondTheMostAreTheLastOnes) {
  TraceOptions options;
  options.max_requests = 3;
  const Trace trace = read_csv(kTwoSessions, options);
  EXPECT_THAT(arrivals(trace), ElementsAre(0, 5, 6));
  EXPECT_TRUE(trace.account.truncated);
}

TEST(Sessions, ADelayOnAFirstTurnIsAFault) {
  EXPECT_EQ(csv_error(kHeader + "0,10,1,a,2\n"),
            "FILE:2: error: a delay counts from the end of the turn before, and this is the first "
            "turn of its session; found a delay of 2 s");
  EXPECT_EQ(csv_error(kHeader + "0,10,1,,2\n"), csv_error(kHeader + "0,10,1,a,2\n"));
  EXPECT_EQ(csv_error(kHeader + "0,10,1,a,0\n"), "no error");
}

TEST(Sessions, NegativeAndEndlessDelaysAreFaults) {
  for (const std::string delay : {"-1", "inf", "nan", "1e400", "soon"}) {
    EXPECT_EQ(
        csv_error(kHeader + "0,10,1,a,\n1,10,1,a," + delay + "\n"),
        "FILE:3:10: error: 'think_s': expected a delay from 0 to 292 years, found '" + delay + "'");
  }
}

TEST(Sessions, DatesThatDecreaseWithinASessionAreAFaultEvenWhenSorting) {
  TraceOptions options;
  options.on_unsorted = OnUnsorted::sort;
  EXPECT_EQ(csv_error(kHeader + "5,10,1,a,\n4,10,1,a,\n", options),
            "FILE:3: error: the turn is dated 1 s before the turn above it in its session");
}

TEST(Sessions, SortingKeepsTurnsBehindTheTurnBefore) {
  TraceOptions options;
  options.on_unsorted = OnUnsorted::sort;
  const Trace trace = read_csv(kHeader + "5,10,1,a,\n,11,1,a,2\n1,20,1,b,\n5,21,1,b,\n", options);
  EXPECT_THAT(arrivals(trace), ElementsAre(1, 5, 5, 5));
  EXPECT_THAT(afters(trace), ElementsAre(-1, -1, 1, 0));
}

TEST(Sessions, ATurnWithoutADateCannotBeSentByItsDate) {
  TraceOptions options;
  options.replay = Replay::open;
  EXPECT_EQ(csv_error(kHeader + "5,10,1,a,\n,11,1,a,2\n", options),
            "FILE:3: error: the turn has a delay instead of a date, so that it cannot be sent "
            "whatever has ended (replay: ordered waits)");
}

TEST(Sessions, OptionsThatMakeNoSenseAreRefused) {
  TraceOptions options;
  options.idle_gap_cap = Seconds{-1};
  EXPECT_EQ(csv_error(kTwoSessions, options),
            "trace options: idle_gap_cap must be at least 0, found -1 s");
  options.idle_gap_cap.reset();
  options.ignore_delays = true;
  options.replay = Replay::open;
  EXPECT_EQ(csv_error(kTwoSessions, options),
            "trace options: ignore_delays is about turns that wait, and with replay: open none "
            "does, found both");
}

TEST(Sessions, AnswersWithoutTokensCanBeServedForTheirPrompt) {
  TraceOptions options;
  options.on_zero_output = OnZeroOutput::prefill_only;
  const Trace trace = read_csv("arrival_s,input_tokens,output_tokens\n0,10,0\n1,10,2\n", options);
  EXPECT_THAT(each(trace, [](const Request& r) { return r.output_tokens; }), ElementsAre(1, 2));
  EXPECT_EQ(trace.account.prefill_only, 1);
  EXPECT_THAT(trace.account.dropped, IsEmpty());
}

Request request(std::int64_t id, double arrival, std::int64_t session, std::int64_t after) {
  Request made;
  made.id = id;
  made.arrival = {arrival};
  made.session = session;
  made.after = after;
  return made;
}

TEST(SessionSchedule, OrderingRenumbersWhatRequestsWaitFor) {
  std::vector<Request> requests{request(0, 5, 7, -1), request(1, 4, 7, 0), request(2, 1, 3, -1)};
  EXPECT_EQ(order_by_arrival(requests), 2);
  EXPECT_EQ(requests[0].session, 0);
  EXPECT_EQ(requests[1].session, 1);
  EXPECT_EQ(requests[2].after, 1);
  EXPECT_EQ(requests[2].arrival.value, 5) << "not before the one that it waits for";
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(requests[i].id, static_cast<std::int64_t>(i));
}

TEST(SessionSchedule, ConversationsAndLoneRequestsGetNewStarts) {
  std::vector<Request> requests{request(0, 0, 0, -1), request(1, 0, -1, -1), request(2, 3, 0, 0),
                                request(3, 4, 1, -1)};
  ASSERT_EQ(count_starts(requests), 3);
  start_sessions(requests, {{10}, {11}, {12}});
  std::vector<double> dates;
  for (const Request& r : requests) dates.push_back(r.arrival.value);
  EXPECT_THAT(dates, ElementsAre(10, 11, 12, 13));
  EXPECT_EQ(requests[3].after, 0);
}

}  // namespace
}  // namespace kvferry::workloads
