#include "workloads/trace_writer.hpp"

#include "tests/workloads/trace_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

namespace kvferry::workloads {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string written(const Workload& workload, TraceForm form) {
  std::string text;
  write_trace(workload, form, [&](std::string_view piece) { text += piece; });
  return text;
}

SyntheticSpec spec_of(std::int64_t requests) {
  SyntheticSpec spec;
  spec.arrivals = RenewalArrivals{ArrivalProcess::poisson, PerSecond{8}};
  spec.lengths = IndependentLengths{LogNormalLength{100, 300}, UniformLength{1, 50}};
  spec.requests = requests;
  return spec;
}

SyntheticSpec chats(std::int64_t requests) {
  SyntheticSpec spec = spec_of(requests);
  spec.conversations.prefixes = SharedPrefixes{3, 40};
  spec.conversations.sessions = SessionSpec{UniformLength{1, 4}, ConstantTime{Seconds{0.25}}};
  return spec;
}

TEST(TraceWriter, AMooncakeTraceComesOutAsItWentIn) {
  const TemporaryFile file(kMooncakeText);
  const Workload workload = make_workload(TraceSpec{file.path(), TraceFormat::mooncake, {}}, 7);
  EXPECT_EQ(written(workload, TraceForm::mooncake), kMooncakeText);
  EXPECT_EQ(written(workload, TraceForm::csv),
            "arrival_s,input_tokens,output_tokens\n0,600,5\n1.5,1024,7\n4,513,9\n");
}

TEST(TraceWriter, GeneratedRequestsAreReadBackToTheNanosecond) {
  SyntheticSpec spec = spec_of(3000);
  spec.conversations.prefixes = SharedPrefixes{3, 40};
  const Workload workload = make_workload(spec, 7);
  TraceOptions options;
  options.block_tokens = 16;
  const Trace trace =
      read_text(TraceFormat::mooncake, written(workload, TraceForm::mooncake), options);
  ASSERT_EQ(trace.requests.size(), 3000U);
  for (std::size_t i = 0; i < 3000; ++i) {
    const Request& sent = workload.requests[i];
    const Request& read = trace.requests[i];
    EXPECT_NEAR(read.arrival.value, sent.arrival.value, 0.51e-9);
    EXPECT_EQ(read.input_tokens, sent.input_tokens);
    EXPECT_EQ(read.output_tokens, sent.output_tokens);
    EXPECT_EQ(read.prefix_blocks, sent.prefix_blocks);
  }
  EXPECT_TRUE(trace.account.ignored_keys.empty());
}

TEST(TraceWriter, DecimalsOfCsvReadBackExactly) {
  const Workload workload = make_workload(spec_of(3000), 7);
  std::istringstream lines(written(workload, TraceForm::csv));
  std::string line;
  std::getline(lines, line);
  EXPECT_EQ(line, "arrival_s,input_tokens,output_tokens");
  for (const Request& request : workload.requests) {
    std::getline(lines, line);
    EXPECT_EQ(std::strtod(line.c_str(), nullptr), request.arrival.value);
    EXPECT_THAT(line, HasSubstr("," + std::to_string(request.input_tokens) + "," +
                                std::to_string(request.output_tokens)));
  }
  EXPECT_FALSE(std::getline(lines, line));
}

TEST(TraceWriter, ConversationsSayWhoWaits) {
  SyntheticSpec spec = chats(3);
  spec.arrivals = RenewalArrivals{ArrivalProcess::deterministic, PerSecond{1}};
  spec.lengths = IndependentLengths{ConstantLength{8}, ConstantLength{16}};
  spec.conversations.prefixes.reset();
  spec.conversations.sessions->turns = ConstantLength{2};
  const Workload workload = make_workload(spec, 7);
  EXPECT_EQ(written(workload, TraceForm::csv),
            "arrival_s,input_tokens,output_tokens,session_id,think_s\n"
            "0,8,16,0,\n0,32,16,0,0.25\n1,8,16,1,\n");
  EXPECT_EQ(
      written(workload, TraceForm::mooncake),
      R"({"timestamp": 0, "input_length": 8, "output_length": 16, "hash_ids": [0], "session_id": "0"}
{"input_length": 32, "output_length": 16, "hash_ids": [1, 2], "session_id": "0", "delay": 250}
{"timestamp": 1000, "input_length": 8, "output_length": 16, "hash_ids": [3], "session_id": "1"}
)");
}

TEST(TraceWriter, UsersKeepTheirDates) {
  SyntheticSpec spec = spec_of(3);
  spec.arrivals = UserArrivals{2, PerSecond{4}};
  spec.lengths = IndependentLengths{ConstantLength{8}, ConstantLength{16}};
  EXPECT_EQ(written(make_workload(spec, 7), TraceForm::csv),
            "arrival_s,input_tokens,output_tokens,session_id,think_s\n"
            "0,8,16,0,\n0.25,8,16,1,\n0.5,8,16,0,0\n");
  EXPECT_EQ(
      written(make_workload(spec, 7), TraceForm::mooncake),
      "{\"timestamp\": 0, \"input_length\": 8, \"output_length\": 16, \"session_id\": \"0\"}\n"
      "{\"timestamp\": 250, \"input_length\": 8, \"output_length\": 16, \"session_id\": "
      "\"1\"}\n"
      "{\"timestamp\": 500, \"input_length\": 8, \"output_length\": 16, \"session_id\": "
      "\"0\"}\n");
}

TEST(TraceWriter, PrioritiesAreWrittenWhereThereAreAny) {
  Workload workload = make_workload(spec_of(2), 7);
  workload.requests[1].priority = -3;
  EXPECT_THAT(written(workload, TraceForm::csv),
              StartsWith("arrival_s,input_tokens,output_tokens,priority\n0,"));
  EXPECT_THAT(written(workload, TraceForm::csv), HasSubstr(",-3\n"));
  EXPECT_THAT(written(workload, TraceForm::mooncake), HasSubstr("\"priority\": -3}\n"));
}

TEST(TraceWriter, LongTracesComeInPieces) {
  const Workload workload = make_workload(chats(20'000), 7);
  std::string text;
  int pieces = 0;
  write_trace(workload, TraceForm::mooncake, [&](std::string_view piece) {
    text += piece;
    ++pieces;
  });
  EXPECT_GT(pieces, 10);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 20'000);
}

void expect_same(const Workload& sent, const std::vector<Request>& read, double tolerance_s) {
  ASSERT_EQ(read.size(), sent.requests.size());
  for (std::size_t i = 0; i < read.size(); ++i) {
    EXPECT_NEAR(read[i].arrival.value, sent.requests[i].arrival.value, tolerance_s);
    EXPECT_EQ(read[i].input_tokens, sent.requests[i].input_tokens);
    EXPECT_EQ(read[i].output_tokens, sent.requests[i].output_tokens);
    EXPECT_EQ(read[i].session, sent.requests[i].session);
    EXPECT_EQ(read[i].after, sent.requests[i].after);
    EXPECT_NEAR(read[i].think.value, sent.requests[i].think.value, tolerance_s);
  }
}

TEST(TraceWriter, ConversationsAreReadBackAsTheyWere) {
  SyntheticSpec spec = chats(2000);
  spec.conversations.sessions->think = ExponentialTime{Seconds{2}};
  const Workload workload = make_workload(spec, 7);
  TraceOptions options;
  options.block_tokens = 16;
  const Trace mooncake =
      read_text(TraceFormat::mooncake, written(workload, TraceForm::mooncake), options);
  expect_same(workload, mooncake.requests, 0.51e-9);
  for (std::size_t i = 0; i < mooncake.requests.size(); ++i)
    EXPECT_EQ(mooncake.requests[i].prefix_blocks, workload.requests[i].prefix_blocks);
  expect_same(workload, read_text(TraceFormat::csv, written(workload, TraceForm::csv)).requests, 0);
}

TEST(TraceWriter, UsersAreReadBackAsTheyWere) {
  SyntheticSpec spec = spec_of(500);
  for (const ArrivalSpec& arrivals : std::vector<ArrivalSpec>{
           UserArrivals{20, PerSecond{4}}, ClosedLoopArrivals{20, ExponentialTime{Seconds{2}}}}) {
    spec.arrivals = arrivals;
    const Workload workload = make_workload(spec, 7);
    expect_same(workload, read_text(TraceFormat::csv, written(workload, TraceForm::csv)).requests,
                0);
    expect_same(workload,
                read_text(TraceFormat::mooncake, written(workload, TraceForm::mooncake)).requests,
                0.51e-9);
  }
}

TEST(TraceWriter, WhatAFormCannotSayIsRefused) {
  Workload workload = make_workload(spec_of(3), 7);
  workload.requests[1].after = 0;
  EXPECT_EQ(error_of([&] { written(workload, TraceForm::csv); }),
            "request 1 cannot be written: it waits for another one outside of a session");
  workload.requests[0].session = workload.requests[1].session = workload.requests[2].session = 0;
  EXPECT_EQ(error_of([&] { written(workload, TraceForm::csv); }),
            "request 2 cannot be written: its session says that it waits for request 1, and it "
            "waits for none");
  workload.requests[2].after = 1;
  workload.requests[2].think = Seconds{1};
  EXPECT_THAT(written(workload, TraceForm::csv), HasSubstr(",0,1\n"));
  EXPECT_EQ(error_of([&] { written(workload, TraceForm::mooncake); }),
            "request 2 cannot be written: it has both a date and a think time, and rows of "
            "Mooncake have one (csv has both)");
  Workload blocks = make_workload(chats(2), 7);
  blocks.requests[0].prefix_blocks.pop_back();
  EXPECT_THAT(error_of([&] { written(blocks, TraceForm::mooncake); }),
              StartsWith("request 0 cannot be written: it names "));
}

}  // namespace
}  // namespace kvferry::workloads
