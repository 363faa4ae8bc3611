#include "workloads/workload.hpp"

#include "tests/workloads/trace_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace kvferry::workloads {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

SyntheticSpec synthetic() {
  SyntheticSpec spec;
  spec.arrivals = RenewalArrivals{ArrivalProcess::poisson, PerSecond{8}};
  spec.lengths = IndependentLengths{LogNormalLength{1020, 2735}, ConstantLength{128}};
  spec.requests = 50;
  return spec;
}

std::vector<double> dates(const Workload& workload) {
  std::vector<double> values;
  for (const Request& request : workload.requests) values.push_back(request.arrival.value);
  return values;
}

TEST(Workload, ASyntheticWorkloadPairsArrivalsWithLengths) {
  const Workload workload = make_workload(synthetic(), 7);
  const auto arrivals = generate_arrivals(synthetic().arrivals, 50, 7);
  const auto lengths =
      sample_lengths(std::get<IndependentLengths>(synthetic().lengths), {}, 50, 7).pairs;
  ASSERT_EQ(workload.requests.size(), 50U);
  for (std::size_t i = 0; i < 50; ++i) {
    EXPECT_EQ(workload.requests[i].id, static_cast<std::int64_t>(i));
    EXPECT_EQ(workload.requests[i].arrival, arrivals[i]);
    EXPECT_EQ(workload.requests[i].input_tokens, lengths[i].input_tokens);
    EXPECT_EQ(workload.requests[i].output_tokens, 128);
    EXPECT_TRUE(workload.requests[i].prefix_blocks.empty());
  }
  EXPECT_EQ(workload.block_tokens, 0);
}

TEST(Workload, TheSourceOfASyntheticWorkloadNamesItsParameters) {
  const WorkloadSource source = make_workload(synthetic(), 7).source;
  EXPECT_EQ(name_of(source.kind), "synthetic");
  EXPECT_EQ(source.description,
            "arrivals: poisson, rate 8 /s, first request at 0; lengths: input lognormal with "
            "median 1020 and p90 2735, output constant 128");
  EXPECT_FALSE(source.file);
}

TEST(Workload, ArrivalsDoNotDependOnLengths) {
  SyntheticSpec other = synthetic();
  other.lengths = IndependentLengths{ConstantLength{1}, UniformLength{1, 5}};
  EXPECT_EQ(dates(make_workload(synthetic(), 7)), dates(make_workload(other, 7)));
}

TEST(Workload, RequestsFromTheEndOfTheDurationOnAreLeftOut) {
  SyntheticSpec spec = synthetic();
  spec.arrivals = RenewalArrivals{ArrivalProcess::deterministic, PerSecond{8}};
  spec.duration = Seconds{0.5};
  EXPECT_THAT(dates(make_workload(spec, 7)), ::testing::ElementsAre(0, 0.125, 0.25, 0.375));
  spec.duration = Seconds{1000};
  EXPECT_EQ(make_workload(spec, 7).requests.size(), 50U);
}

TEST(Workload, ADurationWithoutRequestsIsRefused) {
  SyntheticSpec spec = synthetic();
  spec.duration = Seconds{0};
  EXPECT_EQ(error_of([&] { make_workload(spec, 7); }),
            "workload: the duration must be above zero, found 0 s");
  spec.duration = Seconds{0.1};
  spec.arrivals =
      RenewalArrivals{ArrivalProcess::deterministic, PerSecond{8}, 1, ArrivalConvention::vllm};
  EXPECT_EQ(error_of([&] { make_workload(spec, 7); }),
            "workload: no request arrives within the duration of 0.1 s");
  spec.duration.reset();
  spec.arrivals = PiecewiseArrivals{{{Seconds{1e-6}, PerSecond{1}, 1}}};
  EXPECT_EQ(error_of([&] { make_workload(spec, 7); }),
            "workload: no request arrives within the phases");
}

TEST(Workload, CutLengthsAreReported) {
  SyntheticSpec spec = synthetic();
  spec.limits.max_output_tokens = 100;
  const Workload workload = make_workload(spec, 7);
  EXPECT_EQ(workload.source.cut_outputs, 50);
  EXPECT_THAT(workload.source.description, HasSubstr(", 50 outputs cut to the limit"));
  EXPECT_EQ(workload.requests[0].output_tokens, 100);
}

TEST(Workload, EmpiricalLengthsNameTheirTable) {
  const TemporaryFile file("input_tokens,output_tokens\n10,1\n20,2\n");
  SyntheticSpec spec = synthetic();
  spec.lengths = EmpiricalLengths{file.path()};
  const Workload workload = make_workload(spec, 7);
  for (const Request& request : workload.requests) {
    EXPECT_EQ(request.input_tokens, 10 * request.output_tokens);
  }
  ASSERT_TRUE(workload.source.file);
  EXPECT_EQ(workload.source.file->format, "length-table");
  EXPECT_EQ(workload.source.file->account.emitted, 2);
  EXPECT_EQ(workload.source.file->file_bytes, 37);
  EXPECT_THAT(workload.source.description,
              HasSubstr("; lengths: length-table file '" + file.path() + "', 2 of 2 rows, "));
}

TEST(Workload, ATraceIsReplayedWithItsAccount) {
  const TemporaryFile file(kMooncakeText);
  TraceSpec spec{file.path(), TraceFormat::mooncake, {}};
  spec.options.time_scale = 2;
  const Workload workload = make_workload(spec, 7);
  EXPECT_THAT(dates(workload), ::testing::ElementsAre(0, 0.75, 2));
  EXPECT_EQ(workload.block_tokens, 512);
  EXPECT_EQ(name_of(workload.source.kind), "trace");
  ASSERT_TRUE(workload.source.file);
  EXPECT_EQ(workload.source.file->path, file.path());
  EXPECT_EQ(workload.source.file->format, "mooncake");
  EXPECT_EQ(workload.source.file->account.rows_read, 3);
  EXPECT_EQ(without_path(workload.source.description, file.path()),
            "mooncake file 'FILE', 3 of 3 rows, fingerprint 6b023792e6539376, replayed 2 times as "
            "fast");
}

TEST(Workload, SessionsOfATraceCanStartAnew) {
  const TemporaryFile file(
      "arrival_s,input_tokens,output_tokens,session_id\n0,1,1,a\n1,2,1,b\n2,3,1,a\n");
  TraceSpec spec{file.path(), TraceFormat::csv, {}};
  spec.starts = RenewalArrivals{ArrivalProcess::deterministic, PerSecond{0.1}};
  const Workload workload = make_workload(spec, 7);
  EXPECT_THAT(dates(workload), ::testing::ElementsAre(0, 2, 10));
  EXPECT_EQ(workload.requests[1].after, 0);
  EXPECT_EQ(workload.requests[2].input_tokens, 2);
  EXPECT_THAT(workload.source.description,
              HasSubstr(", 2 sessions, ordered replay, started anew: deterministic, rate 0.1 /s"));
}

TEST(Workload, SessionsOfATraceDoNotStartWhenAnswersHaveEnded) {
  const TemporaryFile file("arrival_s,input_tokens,output_tokens\n0,1,1\n1,2,1\n");
  TraceSpec spec{file.path(), TraceFormat::csv, {}};
  spec.starts = ClosedLoopArrivals{2, {}};
  EXPECT_THAT(error_of([&] { make_workload(spec, 7); }),
              HasSubstr("max_concurrency bounds how many are in flight"));
}

TEST(Workload, CarriesTheBoundOfWhatIsInProgress) {
  SyntheticSpec spec = synthetic();
  EXPECT_FALSE(make_workload(spec, 7).max_concurrency);
  spec.max_concurrency = 3;
  EXPECT_EQ(make_workload(spec, 7).max_concurrency, 3);
  spec.max_concurrency = 0;
  EXPECT_EQ(error_of([&] { make_workload(spec, 7); }),
            "workload: max_concurrency must be at least 1, found 0");
}

TEST(Workload, FaultsOfATracePassThrough) {
  const TemporaryFile file("[]\n");
  EXPECT_THAT(error_of([&] {
                make_workload(TraceSpec{file.path(), TraceFormat::mooncake, {}}, 7);
              }),
              StartsWith(file.path() + ":1: error: expected a JSON object"));
}

}  // namespace
}  // namespace kvferry::workloads
