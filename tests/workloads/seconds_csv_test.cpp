// The tables whose dates are decimal seconds: kvferry's own, Vidur's and BurstGPT's.
#include "sim/base/quantity_text.hpp"
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

using Drops = std::map<std::string, std::int64_t>;

const std::string kPlain = "arrival_s,input_tokens,output_tokens\n";
const std::string kVidur = "arrived_at,num_prefill_tokens,num_decode_tokens\n";
const std::string kBurst6 =
    "Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n";
const std::string kBurst8 =
    "Timestamp,Session ID,Elapsed time,Model,Request tokens,Response tokens,Total tokens,Log "
    "Type\n";

std::vector<double> arrivals(const Trace& trace) {
  std::vector<double> values;
  for (const Request& request : trace.requests) values.push_back(request.arrival.value);
  return values;
}

Trace read_burst(const std::string& text) {
  return read_text(TraceFormat::burstgpt, text, default_options(TraceFormat::burstgpt));
}

std::string burst_error(const std::string& text) {
  return trace_error(TraceFormat::burstgpt, text, default_options(TraceFormat::burstgpt));
}

TEST(PlainRows, EveryColumnIsRead) {
  const Trace trace =
      read_text(TraceFormat::csv,
                "request_id,priority,think_s,session_id,output_tokens,input_tokens,arrival_s\n"
                "r1,-3,,s,2,100,0.25\nr2,,1.5,s,3,200,0.5\n");
  ASSERT_EQ(trace.requests.size(), 2U);
  EXPECT_EQ(trace.requests[0].priority, -3);
  EXPECT_EQ(trace.requests[0].input_tokens, 100);
  EXPECT_EQ(trace.requests[1].output_tokens, 3);
  EXPECT_EQ(trace.requests[1].think.value, 1.5);
  EXPECT_EQ(trace.requests[1].arrival.value, 0.5);
  EXPECT_EQ(trace.requests[1].after, 0);
}

TEST(PlainRows, DatesKeepAllTheirDigits) {
  // The third one falls between two nanoseconds.
  const std::vector<double> dates{0.1, 1.0 / 3, 2.0 / 3, 5.8926549999999995, 1e8 + 1.0 / 3};
  std::string text = kPlain;
  for (const double date : dates) text += shortest_decimal(date) + ",1,1\n";
  EXPECT_EQ(arrivals(read_text(TraceFormat::csv, text)), dates);
}

TEST(PlainRows, WhatIsWrittenIsReadBack) {
  const std::string written =
      "arrival_s,input_tokens,output_tokens,session_id,think_s,priority,request_id\n"
      "0,10,1,0,,0,0\n0,11,1,0,0.30000000000000004,0,1\n0.1,20,2,,,-1,2\n"
      "0.1234567891234,12,1,0,2.5,7,3\n";
  std::string again =
      "arrival_s,input_tokens,output_tokens,session_id,think_s,priority,request_id\n";
  for (const Request& request : read_text(TraceFormat::csv, written).requests) {
    again += shortest_decimal(request.arrival.value) + "," + std::to_string(request.input_tokens) +
             "," + std::to_string(request.output_tokens) + "," +
             (request.session < 0 ? "" : std::to_string(request.session)) + "," +
             (request.after < 0 ? "" : shortest_decimal(request.think.value)) + "," +
             std::to_string(request.priority) + "," + std::to_string(request.id) + "\n";
  }
  EXPECT_EQ(again, written);
}

TEST(PlainRows, DatesThatAreNoTimesAreFaults) {
  for (const std::string date : {"-1", "nan", "inf", "1e400", "9.3e9", "", "12:00", "1 "}) {
    EXPECT_EQ(trace_error(TraceFormat::csv, kPlain + date + ",1,1\n"),
              "FILE:2:1: error: 'arrival_s': expected a number of seconds from 0 to 292 years, "
              "found '" +
                  date + "'");
  }
}

TEST(PlainRows, PrioritiesBeyond32BitsAreFaults) {
  const std::string header = "arrival_s,input_tokens,output_tokens,priority\n";
  for (const std::string priority : {"2147483648", "-2147483648", "0.5", "high"}) {
    EXPECT_EQ(trace_error(TraceFormat::csv, header + "0,1,1," + priority + "\n"),
              "FILE:2:7: error: 'priority': expected a whole number from -2147483647 to "
              "2147483647, found '" +
                  priority + "'");
  }
}

TEST(PlainRows, ARepeatedRequestIdIsAFault) {
  EXPECT_EQ(trace_error(TraceFormat::csv,
                        "arrival_s,input_tokens,output_tokens,request_id\n0,1,1,x\n1,1,1,x\n"),
            "FILE:3:7: error: 'request_id': expected a name that no request above has, found 'x'");
}

TEST(PlainRows, LengthsAreChecked) {
  EXPECT_EQ(trace_error(TraceFormat::csv, kPlain + "0,0,1\n"),
            "FILE:2:3: error: 'input_tokens': expected a whole number of tokens from 1 to "
            "2147483647, found '0'");
  EXPECT_EQ(trace_error(TraceFormat::csv, kPlain + "0,1,1.5\n"),
            "FILE:2:5: error: 'output_tokens': expected a whole number of tokens from 1 to "
            "2147483647, found '1.5'");
}

TEST(PlainRows, AnUnknownColumnIsRefused) {
  EXPECT_EQ(trace_error(TraceFormat::csv, "arrival,input_tokens,output_tokens\n0,1,1\n"),
            "FILE:1:1: error: unknown column 'arrival' (did you mean 'arrival_s'?); valid columns: "
            "arrival_s, input_tokens, output_tokens, session_id, think_s, priority, request_id");
}

TEST(VidurRows, DatesAreRoundedToNanoseconds) {
  const Trace trace =
      read_text(TraceFormat::vidur, kVidur + "0.0,374,44\n5.8926549999999995,396,109\n");
  EXPECT_THAT(arrivals(trace), ElementsAre(0, 5.892655));
  EXPECT_EQ(trace.requests[1].input_tokens, 396);
  EXPECT_EQ(trace.requests[1].output_tokens, 109);
}

TEST(VidurRows, AMissingColumnIsRefused) {
  EXPECT_EQ(trace_error(TraceFormat::vidur, "num_prefill_tokens,num_decode_tokens\n1,1\n"),
            "FILE:1:1: error: the column 'arrived_at' is missing; columns found: "
            "num_prefill_tokens, num_decode_tokens");
}

TEST(BurstGptRows, BothHeadersAreRead) {
  const Trace six = read_burst(kBurst6 +
                               "5,ChatGPT,472,18,490,Conversation log\n"
                               "45,GPT-4,1087,230,1317,API log\n");
  EXPECT_THAT(arrivals(six), ElementsAre(0, 40)) << "from the first row on";
  EXPECT_EQ(six.requests[1].output_tokens, 230);
  EXPECT_EQ(six.requests[1].session, -1);
  const Trace eight = read_burst(kBurst8 +
                                 "19440110.0,s1,43,GPT-4,906,446,1352,Conversation log\n"
                                 "19440120.5,,2,GPT-4,9,4,13,API log\n"
                                 "19440161.0,s1,2,GPT-4,36,29,65,Conversation log\n");
  EXPECT_THAT(arrivals(eight), ElementsAre(0, 10.5, 51));
  EXPECT_EQ(eight.requests[1].session, -1) << "rows of the API log have no session";
  EXPECT_EQ(eight.requests[2].after, 0);
  EXPECT_EQ(eight.requests[2].think.value, 0);
}

TEST(BurstGptRows, ClosedReplayLeavesOutTheTimeThatTheAnswerTook) {
  TraceOptions options = default_options(TraceFormat::burstgpt);
  options.replay = Replay::closed;
  const Trace trace = read_text(TraceFormat::burstgpt,
                                kBurst8 +
                                    "10,s,43,GPT-4,1,1,2,x\n60,s,9,GPT-4,1,1,2,x\n"
                                    "65,s,1,GPT-4,1,1,2,x\n",
                                options);
  EXPECT_EQ(trace.requests[1].think.value, 7);  // 60 - 10 - 43
  EXPECT_EQ(trace.requests[2].think.value, 0);  // 65 - 60 - 9 < 0
}

TEST(BurstGptRows, FailedRequestsAreLeftOutAndDoNotEndTheirSession) {
  const Trace trace =
      read_burst(kBurst8 +
                 "10,s,1,GPT-4,5,1,6,x\n11,s,1,GPT-4,0,0,0,x\n12,s,1,GPT-4,5,0,5,x\n"
                 "13,s,1,GPT-4,7,1,8,x\n");
  EXPECT_THAT(arrivals(trace), ElementsAre(0, 3));
  EXPECT_EQ(trace.requests[1].after, 0);
  EXPECT_EQ(trace.account.dropped, (Drops{{"zero-output", 2}}));
}

TEST(BurstGptRows, FailedRequestsCanBeAFault) {
  EXPECT_EQ(trace_error(TraceFormat::burstgpt, kBurst6 + "5,ChatGPT,472,0,472,x\n", {}),
            "FILE:2:15: error: 'Response tokens': expected at least 1 token (on_zero_output: drop "
            "leaves such rows out, prefill-only serves them for their prompt), found '0'");
}

TEST(BurstGptRows, OtherModelsAndLogTypesAreLeftOutAndCounted) {
  TraceOptions options = default_options(TraceFormat::burstgpt);
  options.model = "GPT-4";
  options.log_type = "API log";
  const Trace trace = read_text(TraceFormat::burstgpt,
                                kBurst6 +
                                    "5,ChatGPT,4,1,5,API log\n6,GPT-4,4,1,5,API log\n"
                                    "7,GPT-4,4,1,5,Conversation log\n8,GPT-4,4,0,4,API log\n",
                                options);
  EXPECT_THAT(arrivals(trace), ElementsAre(1));
  EXPECT_EQ(trace.account.dropped,
            (Drops{{"other-log-type", 1}, {"other-model", 1}, {"zero-output", 1}}));
}

TEST(BurstGptRows, TheTotalMustBeTheSum) {
  EXPECT_EQ(burst_error(kBurst6 + "5,ChatGPT,472,18,491,x\n"),
            "FILE:2:18: error: 'Total tokens': expected the sum of request and response, 472 + 18 "
            "= 490, found '491'");
}

TEST(BurstGptRows, ImpossibleValuesAreFaults) {
  EXPECT_EQ(burst_error(kBurst6 + "5,ChatGPT,0,18,18,x\n"),
            "FILE:2:11: error: 'Request tokens': expected a whole number of tokens from 1 to "
            "2147483647, found '0'");
  EXPECT_EQ(burst_error(kBurst8 + "5,s,-1,GPT-4,1,1,2,x\n"),
            "FILE:2:5: error: 'Elapsed time': expected a number of seconds from 0 to 292 years, "
            "found '-1'");
}

TEST(SecondsTables, ATimeUnitDoesNotApply) {
  TraceOptions options;
  options.time_unit = Seconds{1};
  for (const TraceFormat format : {TraceFormat::csv, TraceFormat::vidur, TraceFormat::burstgpt}) {
    EXPECT_EQ(trace_error(format, kPlain, options),
              "trace options: time_unit applies to the timestamps of mooncake, not to those of " +
                  std::string(name_of(format)) + ", found 1 s");
  }
}

}  // namespace
}  // namespace kvferry::workloads
