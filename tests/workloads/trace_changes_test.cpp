#include "workloads/trace_changes.hpp"

#include "tests/workloads/trace_text.hpp"
#include "workloads/workload.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace kvferry::workloads {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using Ids = std::vector<std::uint64_t>;

std::vector<Request> at(const std::vector<double>& dates) {
  std::vector<Request> requests;
  for (const double date : dates) {
    Request request;
    request.id = static_cast<std::int64_t>(requests.size());
    request.arrival = Seconds{date};
    request.input_tokens = 20 + request.id;
    request.output_tokens = 5;
    request.prefix_blocks = {0, static_cast<std::uint64_t>(request.id) + 1};
    requests.push_back(request);
  }
  return requests;
}

std::vector<Request> changed(std::vector<Request> requests, const TraceChanges& changes,
                             std::uint64_t seed = 7) {
  change_trace(requests, changes, seed);
  return requests;
}

std::vector<double> dates(const std::vector<Request>& requests) {
  std::vector<double> values;
  for (const Request& request : requests) values.push_back(request.arrival.value);
  return values;
}

// What every workload promises.
void expect_in_order(const std::vector<Request>& requests) {
  for (std::size_t i = 0; i < requests.size(); ++i) {
    EXPECT_EQ(requests[i].id, static_cast<std::int64_t>(i));
    EXPECT_LT(requests[i].after, requests[i].id);
    if (i > 0) {
      EXPECT_GE(requests[i].arrival, requests[i - 1].arrival);
    }
    if (requests[i].after < 0) continue;
    const Request& before = requests[static_cast<std::size_t>(requests[i].after)];
    EXPECT_EQ(before.session, requests[i].session);
  }
}

// 1000 sessions of two turns, interleaved.
std::vector<Request> sessions() {
  std::vector<double> when;
  for (int i = 0; i < 2000; ++i) when.push_back(i * 0.5);
  std::vector<Request> requests = at(when);
  for (Request& request : requests) {
    request.session = request.id % 1000;
    if (request.id >= 1000) request.after = request.id - 1000;
  }
  return requests;
}

TEST(TraceChanges, NothingChangesByDefault) {
  const std::vector<Request> requests = changed(at({0, 0, 3}), {});
  EXPECT_THAT(dates(requests), ElementsAre(0, 0, 3));
  EXPECT_EQ(describe(TraceChanges{}), "");
}

TEST(TraceChanges, EqualDatesAreSpreadEvenly) {
  TraceChanges changes;
  changes.dequantize = Dequantize{Seconds{3}};
  EXPECT_THAT(dates(changed(at({0, 0, 0, 3, 9, 9}), changes)), ElementsAre(0, 1, 2, 3, 9, 10.5));
  EXPECT_THAT(dates(changed(at({0, 0, 2}), changes)), ElementsAre(0, 1, 2))
      << "no further than the next date";
}

TEST(TraceChanges, EqualDatesAreSpreadUniformly) {
  TraceChanges changes;
  changes.dequantize = Dequantize{Seconds{3}, Spread::uniform};
  std::vector<double> batches;
  for (int i = 0; i < 30'000; ++i) batches.push_back(3 * (i / 30));
  const std::vector<Request> requests = changed(at(batches), changes);
  expect_in_order(requests);
  double sum = 0;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const double offset = requests[i].arrival.value - batches[i];
    EXPECT_TRUE(offset > 0 && offset < 3);
    sum += offset;
  }
  EXPECT_NEAR(sum / 30'000, 1.5, 4 * (3 / std::sqrt(12.0)) / std::sqrt(30'000.0));
  EXPECT_EQ(dates(changed(at(batches), changes)), dates(requests));
  EXPECT_NE(dates(changed(at(batches), changes, 8)), dates(requests));
}

TEST(TraceChanges, RequestsWithoutADateOfTheirOwnAreNotSpread) {
  std::vector<Request> requests = at({0, 0, 0, 3});
  requests[1].after = 0;
  TraceChanges changes;
  changes.dequantize = Dequantize{Seconds{3}};
  EXPECT_THAT(dates(changed(requests, changes)), ElementsAre(0, 0, 1.5, 3));
}

TEST(TraceChanges, ThinningKeepsItsShare) {
  std::vector<double> when;
  for (int i = 0; i < 40'000; ++i) when.push_back(i);
  TraceChanges changes;
  changes.keep = 0.3;
  const std::vector<Request> requests = changed(at(when), changes);
  expect_in_order(requests);
  EXPECT_NEAR(static_cast<double>(requests.size()), 12'000, 4 * std::sqrt(40'000 * 0.21));
  for (const Request& request : requests)
    EXPECT_EQ(static_cast<double>(request.input_tokens - 20), request.arrival.value);
  changes.keep = 1;
  EXPECT_EQ(changed(at(when), changes).size(), 40'000U);
}

TEST(TraceChanges, ThinningKeepsOrDropsWholeSessions) {
  TraceChanges changes;
  changes.keep = 0.5;
  const std::vector<Request> requests = changed(sessions(), changes);
  expect_in_order(requests);
  std::map<std::int64_t, int> turns;
  for (const Request& request : requests) ++turns[request.session];
  for (const auto& [session, count] : turns) EXPECT_EQ(count, 2) << session;
  EXPECT_NEAR(static_cast<double>(turns.size()), 500, 4 * std::sqrt(250.0));
}

TEST(TraceChanges, LoopedLapsAreStrangersToOneAnother) {
  TraceChanges changes;
  changes.loop = Looping{3, 0};
  const std::vector<Request> requests = changed(at({0, 2, 4}), changes);
  expect_in_order(requests);
  EXPECT_THAT(dates(requests), ElementsAre(0, 2, 4, 6, 8, 10, 12, 14, 16)) << "a mean gap apart";
  std::set<std::uint64_t> first_blocks;
  for (const Request& request : requests) first_blocks.insert(request.prefix_blocks[0]);
  EXPECT_EQ(first_blocks.size(), 3U) << "shared within a lap, not between laps";
  EXPECT_EQ(requests[0].prefix_blocks, (Ids{0, 1})) << "the first lap keeps its ids";
  EXPECT_EQ(requests[3].input_tokens, 20);
}

TEST(TraceChanges, AChosenSharedPrefixIsKept) {
  TraceChanges changes;
  changes.loop = Looping{2, 1};
  const std::vector<Request> requests = changed(at({0, 2}), changes);
  EXPECT_EQ(requests[2].prefix_blocks[0], 0U);
  EXPECT_NE(requests[2].prefix_blocks[1], 1U);
}

TEST(TraceChanges, SuperposedCopiesAreMergedWithSessionsOfTheirOwn) {
  TraceChanges changes;
  changes.superpose = Superposition{3, Seconds{0.7}, 0};
  const std::vector<Request> requests = changed(sessions(), changes);
  expect_in_order(requests);
  ASSERT_EQ(requests.size(), 6000U);
  std::map<std::int64_t, std::vector<double>> turns;
  for (const Request& request : requests) turns[request.session].push_back(request.arrival.value);
  ASSERT_EQ(turns.size(), 3000U);
  for (const auto& [session, when] : turns) {
    ASSERT_EQ(when.size(), 2U) << session;
    EXPECT_NEAR(when[1] - when[0], 500, 1e-9);
  }
  EXPECT_NEAR(requests.back().arrival.value, 999.5 + 1.4, 1e-9);
}

TEST(TraceChanges, LoopingAndSuperposingGiveDifferentBlocks) {
  TraceChanges changes;
  changes.loop = Looping{2, 0};
  changes.superpose = Superposition{2, Seconds{100}, 0};
  std::set<std::uint64_t> ids;
  for (const Request& request : changed(at({0, 1}), changes)) {
    ids.insert(request.prefix_blocks.begin(), request.prefix_blocks.end());
  }
  EXPECT_EQ(ids.size(), 12U) << "3 ids of the original, in each of 4 copies";
}

TEST(TraceChanges, DescriptionsNameTheMethod) {
  TraceChanges changes;
  changes.dequantize = Dequantize{Seconds{3}, Spread::uniform};
  changes.keep = 0.5;
  changes.loop = Looping{2, 0};
  changes.superpose = Superposition{3, Seconds{90}, 1};
  EXPECT_EQ(describe(changes),
            ", equal dates spread uniformly over 3 s, thinned to 50 %, looped: 2 laps with blocks "
            "of their own, superposed: 3 copies 90 s apart that share the first 1 blocks");
}

TEST(TraceChanges, ParametersOutOfRangeAreRefused) {
  const auto complaint = [](const TraceChanges& changes, const std::vector<double>& when = {0, 1}) {
    return error_of([&] { changed(at(when), changes); });
  };
  TraceChanges changes;
  changes.dequantize = Dequantize{Seconds{0}};
  EXPECT_EQ(complaint(changes),
            "trace: the interval of dequantize must be above 0 and at most 1e9 s, found 0 s");
  for (const double keep : {0.0, -1.0, 1.5, std::nan("")}) {
    changes = {};
    changes.keep = keep;
    EXPECT_THAT(complaint(changes),
                HasSubstr("trace: the share to keep must be above 0 and at most 1, found "));
  }
  changes = {};
  changes.keep = 1e-12;
  EXPECT_EQ(complaint(changes), "trace: thinning must leave a request, found none of 2");
  changes = {};
  changes.loop = Looping{0, 0};
  EXPECT_EQ(complaint(changes), "trace: the number of laps must be from 1 to 500000000, found 0");
  changes.loop = Looping{2, 0};
  EXPECT_EQ(complaint(changes, {5, 5}),
            "trace: a loop needs requests at two dates at least, found 2 requests within 0 s");
  changes = {};
  changes.superpose = Superposition{2, Seconds{-1}, 0};
  EXPECT_EQ(complaint(changes), "trace: the shift must be from 0 to 1e9 s, found -1 s");
  changes.superpose = Superposition{2, Seconds{1}, -1};
  EXPECT_EQ(complaint(changes),
            "trace: the number of shared blocks must not be negative, found -1");
}

const std::string kBatches =
    "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:00:00,1,1\n2023-11-16 18:00:00,2,1\n"
    "2023-11-16 18:00:00,3,1\n2023-11-16 18:00:03,4,1\n";

TEST(TraceChanges, ATraceOfBatchesIsWarnedAboutUnlessItIsSpread) {
  const TemporaryFile file(kBatches);
  TraceSpec spec{file.path(), TraceFormat::azure, {}, {}};
  const auto warnings = [&] { return make_workload(spec, 7).source.file->account.warnings; };
  EXPECT_THAT(warnings(), ElementsAre(AllOf(HasSubstr("2 of 3 gaps between requests are zero"),
                                            HasSubstr("(dequantize spreads them)"))));
  spec.changes.dequantize = Dequantize{Seconds{3}};
  EXPECT_THAT(warnings(), IsEmpty());
}

TEST(TraceChanges, TheTickIsInTheTimeOfTheTraceAndTheDescriptionSaysAll) {
  const TemporaryFile file(kBatches);
  TraceSpec spec{file.path(), TraceFormat::azure, {}, {}};
  spec.options.time_scale = 2;
  spec.changes.dequantize = Dequantize{Seconds{3}};
  const Workload workload = make_workload(spec, 7);
  EXPECT_THAT(dates(workload.requests), ElementsAre(0, 0.5, 1, 1.5));
  EXPECT_THAT(workload.source.description,
              HasSubstr(", replayed 2 times as fast, equal dates spread evenly over 1.5 s"));
  EXPECT_THAT(workload.source.description, Not(HasSubstr("thinned")));
}

}  // namespace
}  // namespace kvferry::workloads
