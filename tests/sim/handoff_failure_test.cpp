// Hand-offs whose links fail, on SimGrid. One lane of 1 GB at 1 GB/s: a second, if nothing happens.
// Each test runs in its own process.
#include "sim/kv_transfer.hpp"
#include "sim/simgrid/engine.hpp"
#include "tests/sim/transfer_bench.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace kvferry::sim {
namespace {

using topologies::GpuId;
using topologies::LinkId;
using topologies::Topology;

constexpr double kTolerance_s = 1e-9;

// Two GPUs and `paths` links from the first to the second, each a path of its own, and links that lead
// elsewhere.
Topology parallel_links(std::int32_t paths, std::int32_t unused) {
  Topology topology;
  topology.gpu_count = 2;
  give_each_gpu_a_nic(topology);
  for (std::int32_t i = 0; i < paths + unused; ++i)
    topology.links.push_back({"path" + std::to_string(i), {1e9}, {0}});
  topology.path_count = [paths](GpuId, GpuId) { return paths; };
  topology.append_path = [](GpuId, GpuId, std::int32_t choice, std::vector<LinkId>& path) {
    path.push_back(choice);
  };
  return topology;
}

class Handoff1GB {
 public:
  Handoff1GB(std::int32_t paths, RetryPolicy retry, std::int32_t unused = 0)
      : topology_(parallel_links(paths, unused)),
        model_(model("llama-3.1-8b")),
        codec_({0, 1, 0, 0}),
        engine_(topology_),
        transport_(engine_.loop(), engine_.network(), topology_, PathPolicy::ecmp),
        transfer_(
            {engine_.loop(), transport_, codec_, model_}, config(retry),
            {[](LiveRequest&) {}, [this](LiveRequest&) { ready_s = engine_.loop().now().value; },
             [this](LiveRequest&) { failed_s = engine_.loop().now().value; }}) {
    at(0, [this] { transfer_.begin(request, 1000, {{0, 1}, {1, 1}}, {{0}, {0}}); });
  }

  void at(double when_s, std::function<void()> what) {
    engine_.loop().at({when_s}, EventPriority::transfer, std::move(what));
  }
  void outage(LinkId link, double from_s, double until_s) {
    at(from_s, [this, link] { transport_.set_up(link, false); });
    at(until_s, [this, link] { transport_.set_up(link, true); });
  }
  void run() { engine_.run(); }
  double now_s() { return engine_.loop().now().value; }
  Transport& transport() { return transport_; }
  KvTransfer& transfer() { return transfer_; }

  LiveRequest request;
  double ready_s = NAN;
  double failed_s = NAN;

 private:
  static TransferConfig config(RetryPolicy retry) {
    TransferConfig config;
    config.overlap = Overlap::none;
    config.retry = retry;
    return config;
  }

  Topology topology_;
  ModelSpec model_;
  FixedCodec codec_;
  SimGridEngine engine_;
  Transport transport_;
  KvTransfer transfer_;
};

TEST(FailingLink, DelaysAHandoffByExactlyItsOutage) {
  Handoff1GB handoff(1, {});
  handoff.outage(0, 0.4, 0.9);
  handoff.run();
  EXPECT_NEAR(handoff.ready_s, 1 + 0.5, kTolerance_s);
  EXPECT_EQ(handoff.transport().flows(), 2);
  EXPECT_EQ(handoff.request.record.retries, 1);
  EXPECT_NEAR(static_cast<double>(handoff.transport().links().use({10}).links.at(0).carried.value),
              1e9, 1);
}

TEST(FailingLink, WithoutResumptionWhatWasSentIsLost) {
  RetryPolicy retry;
  retry.resume = false;
  Handoff1GB handoff(1, retry);
  handoff.outage(0, 0.4, 0.9);
  handoff.run();
  EXPECT_NEAR(handoff.ready_s, 0.9 + 1, kTolerance_s);
  EXPECT_NEAR(static_cast<double>(handoff.transport().links().use({10}).links.at(0).carried.value),
              1.4e9, 1);
}

TEST(FailingLink, IsLeftForAnotherPathAtOnce) {
  Handoff1GB handoff(2, {});
  handoff.outage(0, 0.25, 10);
  handoff.outage(1, 0.5, 0.6);  // whichever path it took, it is on one of them
  handoff.run();
  // On path 0: broken at 0.25, goes on over path 1, is broken there at 0.5 until 0.6. On path 1: broken at
  // 0.5, path 0 is down: likewise.
  EXPECT_NEAR(handoff.ready_s, 1 + 0.1, kTolerance_s);
}

TEST(FailingLink, IsTriedAgainAfterTheBackOff) {
  RetryPolicy retry;
  retry.backoff = {0.3};
  Handoff1GB handoff(1, retry);
  handoff.outage(0, 0.4, 0.5);   // back at 0.5, tried at 0.7
  handoff.outage(0, 0.8, 0.81);  // and 0.6 s later, twice as long
  handoff.run();
  EXPECT_NEAR(handoff.ready_s, 0.4 + 0.3 + 0.1 + 0.6 + 0.5, kTolerance_s);
}

TEST(FailingLink, IsGivenUpWhenPatienceEnds) {
  RetryPolicy retry;
  retry.patience = {0.2};
  Handoff1GB handoff(1, retry);
  handoff.outage(0, 0.4, 0.9);
  handoff.run();
  EXPECT_NEAR(handoff.failed_s, 0.6, kTolerance_s);
  EXPECT_TRUE(std::isnan(handoff.ready_s));
}

// The other links of the machine go on and off, and none of them helps.
TEST(FailingLink, OtherLinksThatComeUpDoNotRenewThePatience) {
  RetryPolicy retry;
  retry.patience = {0.2};
  Handoff1GB handoff(1, retry, 1);
  handoff.outage(0, 0.4, 2);
  handoff.outage(1, 0.45, 0.5);
  handoff.outage(1, 0.55, 0.59);
  handoff.run();
  EXPECT_NEAR(handoff.failed_s, 0.6, kTolerance_s);
}

TEST(FailingLink, IsGivenUpAfterTheLastTry) {
  RetryPolicy retry;
  retry.limit = 1;
  Handoff1GB handoff(1, retry);
  handoff.outage(0, 0.4, 0.5);
  handoff.outage(0, 0.6, 0.7);
  handoff.run();
  EXPECT_NEAR(handoff.failed_s, 0.6, kTolerance_s);
}

// It waits for a path when it is abandoned: nothing of it wakes when the link is back.
TEST(FailingLink, AHandoffMayBeAbandonedWhileItWaits) {
  Handoff1GB handoff(1, {});
  handoff.outage(0, 0.4, 0.9);
  handoff.at(0.5, [&] { EXPECT_TRUE(handoff.transfer().abandon(handoff.request)); });
  handoff.run();
  EXPECT_TRUE(std::isnan(handoff.ready_s));
  EXPECT_TRUE(std::isnan(handoff.failed_s));
  EXPECT_NEAR(static_cast<double>(handoff.request.record.kv_wire.value), 0.4e9, 2)
      << "what has travelled";
  EXPECT_EQ(handoff.transport().flows(), 1);
}

// It backs off for 100 s when it is abandoned: the clock ends with the last thing that happens, the
// repair at 0.5 s and the abandonment at 0.6 s, not with a try that nobody waits for.
TEST(FailingLink, ABackOffDoesNotKeepTheClockRunningForAnAbandonedHandoff) {
  RetryPolicy retry;
  retry.backoff = {100};
  Handoff1GB handoff(1, retry);
  handoff.outage(0, 0.4, 0.5);
  handoff.at(0.6, [&] { EXPECT_TRUE(handoff.transfer().abandon(handoff.request)); });
  handoff.run();
  EXPECT_NEAR(handoff.now_s(), 0.6, kTolerance_s);
  EXPECT_EQ(handoff.transport().flows(), 1);
}

// Half the capacity from 0.5 to 0.75, and a quarter of the bytes sent meanwhile at half the rate.
TEST(FailingLink, MayOnlyBeSlower) {
  Handoff1GB handoff(1, {});
  handoff.at(0.5, [&] { handoff.transport().set_capacity(0, {0.5e9}); });
  handoff.at(0.75, [&] { handoff.transport().set_capacity(0, {1e9}); });
  handoff.run();
  EXPECT_NEAR(handoff.ready_s, 1 + 0.125, kTolerance_s);
}

}  // namespace
}  // namespace kvferry::sim
