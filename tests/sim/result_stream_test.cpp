// Results that leave a child process while it runs: all of them arrive, in order, however the pipe
// cuts them and in whatever order one waits for several children.
#include "sim/base/error.hpp"
#include "sim/isolated_simulation.hpp"
#include "tests/sim/small_system.hpp"

#include <gtest/gtest.h>

#include <array>
#include <unistd.h>
#include <vector>

namespace kvferry::sim {
namespace {

// More than two pipes hold; one output token each, so that the run is short.
std::vector<workloads::Request> many_requests(std::int64_t count = 15'000) {
  std::vector<workloads::Request> requests;
  for (std::int64_t id = 0; id < count; ++id)
    requests.push_back(request(id, 0.01 * static_cast<double>(id), 100, 1 + id % 2));
  return requests;
}

void expect_all_of(const SimulationResult& result,
                   const std::vector<workloads::Request>& requests) {
  ASSERT_EQ(result.records.size(), requests.size());
  for (std::size_t i = 0; i < requests.size(); ++i) {
    ASSERT_EQ(result.records[i].request_id, requests[i].id);
    ASSERT_EQ(result.records[i].outcome, Outcome::finished);
  }
}

struct Channel {
  Channel() { EXPECT_EQ(::pipe(ends.data()), 0); }
  ~Channel() {
    close_writing_end();
    ::close(ends[0]);
  }
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;
  void close_writing_end() {
    if (ends[1] >= 0) ::close(ends[1]);
    ends[1] = -1;
  }
  std::array<int, 2> ends{-1, -1};
};

TEST(ResultStream, BlocksMayArriveByteByByte) {
  Channel written;
  ResultStreamWriter writer(written.ends[1]);
  for (std::int64_t id = 0; id < 40; ++id) {
    RequestRecord record;
    record.request_id = id;
    writer.record(record);
    writer.token_gaps({{1}, {2}, {3}, id, 5});
  }
  SimulationTotals totals;
  totals.flows = 7;
  NetworkUse network;
  network.links = {{{11}, {0.5}, {0.25}, 2}, {{13}, {0.75}, {0}, 1}};
  network.timelines = {{0, {Bytes{4}, Bytes{7}}}, {1, {Bytes{13}}}};
  network.bin = {2};
  network.incast = {3, {0.125}};
  writer.finish({totals, network});
  written.close_writing_end();

  Channel dripped;
  CollectingSink sink;
  ResultStreamReader reader(sink);
  char byte = 0;
  while (::read(written.ends[0], &byte, 1) == 1) {
    ASSERT_EQ(::write(dripped.ends[1], &byte, 1), 1);
    ASSERT_TRUE(reader.read(dripped.ends[0]));
  }
  dripped.close_writing_end();
  EXPECT_FALSE(reader.read(dripped.ends[0])) << "the end";
  ASSERT_TRUE(reader.sums());
  const SimulationResult result = sink.take(*reader.sums());
  ASSERT_EQ(result.records.size(), 40U);
  ASSERT_EQ(result.token_gaps.size(), 40U);
  for (std::size_t i = 0; i < 40; ++i) {
    EXPECT_EQ(result.records[i].request_id, static_cast<std::int64_t>(i));
    EXPECT_EQ(result.token_gaps[i].gaps, static_cast<std::int64_t>(i));
  }
  EXPECT_EQ(result.totals.flows, 7);
  EXPECT_EQ(result.network, network);
}

TEST(ResultStream, ThatBreaksOffIsNotAResult) {
  Channel channel;
  ResultStreamWriter writer(channel.ends[1]);
  writer.record({});
  channel.close_writing_end();
  CollectingSink sink;
  ResultStreamReader reader(sink);
  while (reader.read(channel.ends[0])) {
  }
  EXPECT_FALSE(reader.sums());
  EXPECT_FALSE(reader.failure());
}

TEST(IsolatedSimulation, ChildrenSideBySideAreWaitedForInAnyOrder) {
  const auto requests = many_requests();
  const auto codec = codec::make_raw_transfer();
  std::array<CollectingSink, 3> sinks;
  IsolatedSimulation a(small_system(), requests, *codec, sinks[0]);
  IsolatedSimulation b(small_system(), requests, *codec, sinks[1]);
  IsolatedSimulation c(small_system(), requests, *codec, sinks[2]);
  expect_all_of(sinks[2].take(c.wait()), requests);
  expect_all_of(sinks[0].take(a.wait()), requests);
  expect_all_of(sinks[1].take(b.wait()), requests);
}

TEST(IsolatedSimulation, AnyThatGivesSomethingIsReadBeforeOneIsWaitedFor) {
  const auto codec = codec::make_raw_transfer();
  const std::array workloads{many_requests(), many_requests(10)};
  std::array<CollectingSink, 2> sinks;
  IsolatedSimulation a(small_system(), workloads[0], *codec, sinks[0]);
  IsolatedSimulation b(small_system(), workloads[1], *codec, sinks[1]);
  std::vector<IsolatedSimulation*> running{&a, &b};
  while (!running.empty()) {
    pass_on_from_any(running);
    std::erase_if(running, [](const IsolatedSimulation* run) { return run->has_ended(); });
  }
  expect_all_of(sinks[0].take(a.wait()), workloads[0]);
  expect_all_of(sinks[1].take(b.wait()), workloads[1]);
}

TEST(IsolatedSimulation, WhatTheSinkThrowsEndsTheRun) {
  class FullDisk final : public ResultSink {
    void record(const RequestRecord&) override { throw RunError("the disk is full"); }
    void token_gaps(const TokenGapRun&) override {}
  };
  FullDisk sink;
  EXPECT_THROW(
      simulate_isolated(small_system(), many_requests(), *codec::make_raw_transfer(), sink),
      RunError);
}

}  // namespace
}  // namespace kvferry::sim
