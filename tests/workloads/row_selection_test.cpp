// Faults that are skipped, windows, policies, order and scale; and the account of it all.
#include "tests/workloads/trace_text.hpp"
#include "workloads/trace.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <map>
#include <string>

namespace kvferry::workloads {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

using Drops = std::map<std::string, std::int64_t>;

std::string row(const std::string& timestamp_ms, std::int64_t input_tokens = 10,
                std::int64_t output_tokens = 5) {
  return "{\"timestamp\": " + timestamp_ms + ", \"input_length\": " + std::to_string(input_tokens) +
         ", \"output_length\": " + std::to_string(output_tokens) + "}\n";
}

// `count` rows, one every `step_ms`.
std::string rows(int count, int step_ms) {
  std::string text;
  for (int i = 0; i < count; ++i) text += row(std::to_string(i * step_ms));
  return text;
}

Trace read_mooncake(const std::string& text, const TraceOptions& options = {}) {
  return read_text(TraceFormat::mooncake, text, options);
}

std::string mooncake_error(const std::string& text, const TraceOptions& options = {}) {
  return trace_error(TraceFormat::mooncake, text, options);
}

std::vector<double> arrivals(const Trace& trace) {
  std::vector<double> values;
  for (const Request& request : trace.requests) values.push_back(request.arrival.value);
  return values;
}

TraceOptions skipping() {
  TraceOptions options;
  options.on_bad_row = OnBadRow::skip;
  return options;
}

TraceOptions sorting() {
  TraceOptions options;
  options.on_unsorted = OnUnsorted::sort;
  return options;
}

TEST(RowSelection, SkippedRowsAreCountedByReason) {
  const Trace trace = read_mooncake(
      row("0") + "[]\n" + row("null") + row("1", 0) + "oops\n" + row("2"), skipping());
  EXPECT_EQ(trace.account.rows_read, 6);
  EXPECT_EQ(trace.account.emitted, 2);
  EXPECT_EQ(trace.account.dropped,
            (Drops{{"not-an-object", 2}, {"wrong-type", 1}, {"bad-input-tokens", 1}}));
  EXPECT_EQ(trace.requests[1].id, 1);
}

TEST(RowSelection, AThousandRowsAtFaultAreSkippedAndOneMoreIsTooMany) {
  std::string text = row("0");
  for (int i = 0; i < 1000; ++i) text += "[]\n";
  EXPECT_EQ(read_mooncake(text, skipping()).account.dropped, (Drops{{"not-an-object", 1000}}));
  EXPECT_EQ(mooncake_error(text + "[]\n", skipping()),
            "FILE: error: 1001 of 1002 rows are at fault, more than 1000 and more than 1 %; the "
            "first one:\nFILE:2: error: expected a JSON object, found '[]'");
}

TEST(RowSelection, OnePercentOfALongFileMayBeAtFault) {
  std::string text;
  for (int i = 0; i < 1010; ++i) text += "[]\n";
  text += rows(101'000 - 1010, 10);
  EXPECT_EQ(read_mooncake(text, skipping()).account.emitted, 99'990);
  EXPECT_THAT(mooncake_error(text + "[]\n", skipping()), StartsWith("FILE: error: 1011 of 101001"));
}

TEST(RowSelection, AFileOfWhichNothingIsLeftIsRefused) {
  EXPECT_EQ(mooncake_error("[]\n{}\n", skipping()),
            "FILE: error: no request is left of 2 rows; dropped: missing-key 1, not-an-object 1");
  TraceOptions options;
  options.start = Seconds{10};
  EXPECT_EQ(mooncake_error(row("0"), options),
            "FILE: error: no request is left of 1 rows; dropped: outside-window 1");
}

TEST(RowSelection, AnswersWithoutTokensAreAFaultByDefault) {
  const std::string message =
      ": expected at least 1 token (on_zero_output: drop leaves such rows out, "
      "prefill-only serves them for their prompt), found '0'";
  EXPECT_EQ(mooncake_error(row("0") + row("1", 10, 0)), "FILE:2: error: 'output_length'" + message);
  EXPECT_EQ(trace_error(TraceFormat::azure,
                        "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:15:46,374,0\n"),
            "FILE:2:25: error: 'GeneratedTokens'" + message);
}

TEST(RowSelection, AnswersWithoutTokensCanBeDropped) {
  TraceOptions options;
  options.on_zero_output = OnZeroOutput::drop;
  const Trace trace = read_mooncake(row("0") + row("1", 10, 0) + row("2"), options);
  EXPECT_EQ(trace.account.dropped, (Drops{{"zero-output", 1}}));
  EXPECT_THAT(arrivals(trace), ElementsAre(0, 0.002));
}

TEST(RowSelection, RequestsBeyondTheContextAreDroppedByDefault) {
  TraceOptions options;
  options.max_context_tokens = 100;
  const Trace trace = read_mooncake(row("0", 95, 5) + row("1", 96, 5), options);
  EXPECT_EQ(trace.account.emitted, 1);
  EXPECT_EQ(trace.account.dropped, (Drops{{"over-context", 1}}));
}

TEST(RowSelection, RequestsBeyondTheContextCanBeRefused) {
  TraceOptions options;
  options.max_context_tokens = 100;
  options.on_over_context = OnOverContext::reject;
  EXPECT_EQ(mooncake_error(row("0", 95, 5) + row("1", 96, 5), options),
            "FILE:2: error: input + output = 96 + 5 tokens exceed the context of 100 tokens");
  EXPECT_EQ(trace_error(TraceFormat::azure, kAzureText, options),
            "FILE:2:29: error: input + output = 374 + 44 tokens exceed the context of 100 tokens");
}

TEST(RowSelection, UnsortedRowsAreRefusedByDefault) {
  EXPECT_EQ(mooncake_error(row("5") + row("5") + row("3")),
            "FILE:3: error: the row is dated 2 ms before the row above it "
            "(on_unsorted: sort puts them in order)");
  EXPECT_EQ(trace_error(TraceFormat::azure,
                        "ContextTokens,TIMESTAMP,GeneratedTokens\n"
                        "1,2023-11-16 18:15:46,1\n1,2023-11-16 18:15:45.5,1\n"),
            "FILE:3:3: error: the row is dated 0.5 s before the row above it "
            "(on_unsorted: sort puts them in order)");
}

TEST(RowSelection, UnsortedRowsCanBeSkipped) {
  const Trace trace = read_mooncake(row("5") + row("3") + row("4") + row("6"), skipping());
  EXPECT_THAT(arrivals(trace), ElementsAre(0.005, 0.006));
  EXPECT_EQ(trace.account.dropped, (Drops{{"unsorted", 2}}));
  EXPECT_EQ(trace.account.unsorted_rows, 2);
}

TEST(RowSelection, SortingIsStableAndCounted) {
  const Trace trace =
      read_mooncake(row("5", 1) + row("3", 2) + row("5", 3) + row("3", 4), sorting());
  EXPECT_THAT(arrivals(trace), ElementsAre(0.003, 0.003, 0.005, 0.005));
  std::vector<std::int64_t> inputs;
  for (const Request& request : trace.requests) inputs.push_back(request.input_tokens);
  EXPECT_THAT(inputs, ElementsAre(2, 4, 1, 3));
  EXPECT_EQ(trace.requests[3].id, 3);
  EXPECT_EQ(trace.account.unsorted_rows, 2);
}

TEST(RowSelection, SortedDatesCountFromTheEarliest) {
  const Trace trace = read_text(TraceFormat::azure,
                                "TIMESTAMP,ContextTokens,GeneratedTokens\n"
                                "2023-11-16 18:15:47,1,1\n2023-11-16 18:15:46,2,1\n",
                                sorting());
  EXPECT_THAT(arrivals(trace), ElementsAre(0, 1));
}

TEST(RowSelection, TheWindowIsHalfOpenAndArrivalsCountFromItsStart) {
  TraceOptions options;
  options.start = Seconds{0.2};
  options.duration = Seconds{0.3};
  const Trace trace = read_mooncake(rows(8, 100), options);
  EXPECT_THAT(arrivals(trace), ElementsAre(0, 0.1, 0.2));
  EXPECT_EQ(trace.account.rows_read, 8);
  EXPECT_EQ(trace.account.dropped, (Drops{{"outside-window", 5}}));
}

TEST(RowSelection, TheFirstRequestKeepsItsDistanceFromTheWindowsStart) {
  TraceOptions options;
  options.start = Seconds{0.05};
  EXPECT_THAT(arrivals(read_mooncake(rows(3, 100), options)), ElementsAre(0.05, 0.15));
}

TEST(RowSelection, FaultsOutsideTheWindowCountAllTheSame) {
  TraceOptions options;
  options.duration = Seconds{1};
  EXPECT_THAT(mooncake_error(row("0") + row("5000", 0), options), StartsWith("FILE:2: error:"));
}

TEST(RowSelection, TimeScaleDividesArrivals) {
  TraceOptions options;
  options.start = Seconds{0.1};
  options.time_scale = 3;
  EXPECT_THAT(arrivals(read_mooncake(row("100") + row("400") + row("500"), options)),
              ElementsAre(0, 0.3 / 3, 0.4 / 3));
}

TEST(RowSelection, ReadingStopsAfterTheLastRequestWanted) {
  TraceOptions options;
  options.max_requests = 2;
  const Trace trace = read_mooncake(rows(3, 100) + "this is not read", options);
  EXPECT_EQ(trace.account.rows_read, 2);
  EXPECT_EQ(trace.account.emitted, 2);
  EXPECT_TRUE(trace.account.truncated);
  EXPECT_EQ(trace.file_bytes, static_cast<std::int64_t>(rows(2, 100).size()));
  EXPECT_EQ(trace.fingerprint, read_mooncake(rows(2, 100)).fingerprint);
}

TEST(RowSelection, AFileWithExactlyTheRequestsWantedIsNotTruncated) {
  TraceOptions options;
  options.max_requests = 3;
  EXPECT_FALSE(read_mooncake(rows(3, 100), options).account.truncated);
}

TEST(RowSelection, WhenSortingTheEarliestRequestsAreKept) {
  TraceOptions options = sorting();
  options.max_requests = 2;
  const Trace trace = read_mooncake(row("5") + row("3") + row("4"), options);
  EXPECT_THAT(arrivals(trace), ElementsAre(0.003, 0.004));
  EXPECT_EQ(trace.account.dropped, (Drops{{"beyond-max-requests", 1}}));
  EXPECT_TRUE(trace.account.truncated);
}

TEST(RowSelection, EveryRowEndsInExactlyOneCounter) {
  TraceOptions options = skipping();
  options.on_zero_output = OnZeroOutput::drop;
  options.max_context_tokens = 100;
  options.duration = Seconds{1};
  // The third row is at fault, beyond the context and outside the window: the fault counts.
  const Trace trace = read_mooncake(row("0") + row("100", 200, 0) + row("-1", 200, 0) +
                                        row("200", 200, 5) + row("5000", 200, 0) + row("6000"),
                                    options);
  EXPECT_EQ(trace.account.rows_read, 6);
  EXPECT_EQ(trace.account.emitted, 1);
  EXPECT_EQ(
      trace.account.dropped,
      (Drops{
          {"bad-timestamp", 1}, {"outside-window", 2}, {"over-context", 1}, {"zero-output", 1}}));
}

TEST(RowSelection, BatchedTimestampsEarnAWarning) {
  const std::string batch = row("0") + row("0") + row("0") + row("3000") + row("3000");
  EXPECT_THAT(read_mooncake(batch).account.warnings,
              ElementsAre(StartsWith("3 of 4 gaps between requests are zero")));
  const std::string half = row("0") + row("0") + row("3000");
  EXPECT_THAT(read_mooncake(half).account.warnings, IsEmpty());
}

TEST(RowSelection, ImplausibleRatesEarnAWarning) {
  EXPECT_THAT(read_mooncake(row("0") + row("0.05")).account.warnings,
              ElementsAre(HasSubstr("20000 requests per second")));
  EXPECT_THAT(read_mooncake(row("0") + row("20000000")).account.warnings,
              ElementsAre(HasSubstr("requests per second: is the unit of its timestamps right?")));
  EXPECT_THAT(read_mooncake(row("0") + row("1000")).account.warnings, IsEmpty());
}

TEST(RowSelection, SecondsReadAsMillisecondsEarnAWarning) {
  const std::string text = rows(1001, 5);
  EXPECT_THAT(read_mooncake(text).account.warnings,
              ElementsAre("1001 requests within 5 s: timestamps are read as milliseconds, are they "
                          "seconds?"));
  TraceOptions options;
  options.time_unit = Seconds{1e-3};
  EXPECT_THAT(read_mooncake(text, options).account.warnings, IsEmpty());
  EXPECT_THAT(read_mooncake(rows(1000, 5)).account.warnings, IsEmpty());
}

TEST(RowSelection, OptionsOutOfRangeAreRefused) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto complaint = [](auto change) {
    TraceOptions options;
    change(options);
    return mooncake_error(row("0"), options);
  };
  for (const double bad : {-1.0, nan, 1e10}) {
    EXPECT_THAT(complaint([&](TraceOptions& o) { o.start = Seconds{bad}; }),
                StartsWith("trace options: start must be from 0 to 4e9 s, found"));
  }
  for (const double bad : {-1.0, 0.0, nan, 1e10}) {
    EXPECT_THAT(complaint([&](TraceOptions& o) { o.duration = Seconds{bad}; }),
                StartsWith("trace options: duration must be above 0 and at most 4e9 s, found"));
    EXPECT_THAT(complaint([&](TraceOptions& o) { o.time_unit = Seconds{bad}; }),
                StartsWith("trace options: time_unit must be above 0"));
    EXPECT_THAT(complaint([&](TraceOptions& o) { o.time_scale = bad; }),
                StartsWith("trace options: time_scale must be from 1e-6 to 1e6, found"));
  }
  EXPECT_EQ(complaint([](TraceOptions& o) { o.max_requests = 0; }),
            "trace options: max_requests must be at least 1, found 0");
  EXPECT_EQ(complaint([](TraceOptions& o) { o.max_context_tokens = 1; }),
            "trace options: max_context_tokens must be at least 2, found 1");
}

}  // namespace
}  // namespace kvferry::workloads
