// Decode instances chosen by when the KV cache could be there: the forecast by hand, and what it is
// worth in whole runs.
#include "sim/base/random.hpp"
#include "sim/isolated_simulation.hpp"
#include "sim/kv_memory.hpp"
#include "sim/kv_ready_forecast.hpp"
#include "tests/sim/fake_backend.hpp"
#include "tests/sim/small_system.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <vector>

namespace kvferry::sim {
namespace {

constexpr double kTokenBytes = 131'072;  // Llama-3.1-8B: 32 layers, 8 heads, 128 values of K and V

// One prefill and one decode instance, and what is bound for the latter. NICs of 10 GB/s.
class Forecast : public ::testing::Test {
 protected:
  explicit Forecast(SimulationConfig config = small_system())
      : config_(std::move(config)),
        placement_(place(config_)),
        network_(loop_, {10e9}),
        transport_(loop_, network_, placement_.topology, PathPolicy::ecmp),
        time_(decode_time(config_)),
        engine_(loop_, sink_, setup(),
                {[](LiveRequest&, Seconds) {}, [](LiveRequest&) {}, [](LiveRequest&) {},
                 [](LiveRequest&) {}}),
        forecast_(transport_, placement_, config_.model) {}

  LiveRequest& add(std::int64_t tokens) {
    requests_.push_back(request(std::ssize(requests_), 0, tokens, 10));
    LiveRequest& live = live_.emplace_back();
    live.request = &requests_.back();
    live.record.request_id = live.request->id;
    live.record.input_tokens = tokens;
    live.record.output_tokens = 10;
    live.prompt_engine = 0;
    return live;
  }
  double ready_after(std::int64_t tokens) {
    return forecast_.ready_after(add(tokens), 1, engine_).value;
  }

  SimulationConfig config_;
  Placement placement_;
  FakeLoop loop_;
  FakeNetwork network_;
  Transport transport_;
  CollectingSink sink_;
  IterationTime time_;
  Engine engine_;
  KvReadyForecast forecast_;

 private:
  EngineSetup setup() const {
    const KvMemory memory = kv_memory(config_.decode, config_.model, config_.weights);
    KvCacheConfig cache;
    cache.capacity_blocks = memory.blocks;
    return {EngineRole::decode, 1,  config_.decode,      time_, cache,
            memory.block,       {}, config_.first_token, true};
  }
  std::deque<workloads::Request> requests_;
  std::deque<LiveRequest> live_;
};

// size / NIC
TEST_F(Forecast, IdleLinksGiveTheirWholeRate) {
  EXPECT_DOUBLE_EQ(ready_after(1000), 1000 * kTokenBytes / 10e9);
}

// Two flows into the receiving NIC leave a third of it.
TEST_F(Forecast, FlowsOnThePathLeaveAShare) {
  for (int i = 0; i < 2; ++i) transport_.send({0, 8, {1'000'000}}, [](const FlowReport&) {});
  EXPECT_DOUBLE_EQ(ready_after(1000), 3 * 1000 * kTokenBytes / 10e9);
}

// What is bound for the instance comes through its NIC as well: (1000 + 500) tokens / NIC.
TEST_F(Forecast, HandOffsThatAreNotOnTheLinksYetCount) {
  engine_.submit_handoff(add(500));
  EXPECT_DOUBLE_EQ(ready_after(1000), 1500 * kTokenBytes / 10e9);
  LiveRequest& other = add(300);
  engine_.submit_handoff(other);
  EXPECT_DOUBLE_EQ(ready_after(1000), 1800 * kTokenBytes / 10e9);
  engine_.kv_arrived(other);
  EXPECT_DOUBLE_EQ(ready_after(1000), 1500 * kTokenBytes / 10e9) << "what has arrived does not";
  transport_.send({1, 8, {1'000'000}}, [](const FlowReport&) {});
  EXPECT_DOUBLE_EQ(ready_after(1000), 2 * 1500 * kTokenBytes / 10e9) << "at the rate of a sharer";
}

TEST_F(Forecast, NobodyKnowsThePathBeforeThePrefillInstance) {
  LiveRequest& request = add(1000);
  request.prompt_engine = -1;
  EXPECT_EQ(forecast_.ready_after(request, 1, engine_), Seconds{0});
}

TEST_F(Forecast, NoPathMeansNever) {
  transport_.set_up(placement_.topology.path(0, 8).front(), false);
  EXPECT_TRUE(std::isinf(ready_after(1000)));
}

class ForecastOfLanes : public Forecast {
 protected:
  ForecastOfLanes()
      : Forecast([] {
          SimulationConfig config = small_system();
          config.prefill.tensor_parallel = 4;
          config.decode.tensor_parallel = 2;
          return config;
        }()) {}
};

// Four lanes of a quarter each; a flow from GPU 3 halves what the last one gets.
TEST_F(ForecastOfLanes, TheSlowestLaneDecides) {
  EXPECT_DOUBLE_EQ(ready_after(1000), 250 * kTokenBytes / 10e9);
  transport_.send({3, 12, {1'000'000}}, [](const FlowReport&) {});
  EXPECT_DOUBLE_EQ(ready_after(1000), 2 * 250 * kTokenBytes / 10e9);
}

// Caches of 1000 blocks of 16 tokens, of which 10 are kept free.
class ForecastOfAFullCache : public Forecast {
 protected:
  ForecastOfAFullCache()
      : Forecast([] {
          SimulationConfig config = small_system();
          const double weights =
              static_cast<double>(weight_bytes(config.model, config.weights).value);
          config.decode.kv_memory_fraction = (weights + 16'010 * kTokenBytes) / 80e9;
          return config;
        }()) {}
};

TEST_F(ForecastOfAFullCache, WaitsInProportionToWhatIsMissing) {
  ASSERT_EQ(engine_.cache().capacity(), 1000);
  engine_.submit_handoff(add(16 * 900));
  // 50 blocks: 900 + 50 + 10 <= 1000. 200 blocks: 900 + 200 + 10 - 1000 = 110 are missing.
  EXPECT_EQ(forecast_.admission_wait(16 * 50, engine_), Seconds{0});
  EXPECT_EQ(forecast_.admission_wait(16 * 200, engine_), Seconds{0}) << "no answer has ended yet";
  RequestRecord record;
  record.outcome = Outcome::finished;
  for (const double held : {2.0, 4.0}) {
    record.transfer_start = {10};
    record.finish = {10 + held};
    forecast_.answered(record);
  }
  // Mean 3 s: 3 * 110 / 1000; with 200 blocks ahead in the queue 3 * 310 / 1000.
  EXPECT_DOUBLE_EQ(forecast_.admission_wait(16 * 200, engine_).value, 0.33);
  engine_.submit_handoff(add(16 * 200));
  EXPECT_DOUBLE_EQ(forecast_.admission_wait(16 * 200, engine_).value, 0.93);
  // The hand-offs themselves come on top: 900 + 200 + 200 blocks through the NIC.
  EXPECT_DOUBLE_EQ(ready_after(16 * 200), 0.93 + 16 * 1300 * kTokenBytes / 10e9);
}

// All of the answer came with prefill, at 8 s; the hand-off took from 10 s to 10.5 s. 110 of 1000 blocks
// are missing: 0.5 * 110 / 1000.
TEST_F(ForecastOfAFullCache, AnAnswerThatEndedBeforeItsHandOffHeldRoomForTheHandOff) {
  engine_.submit_handoff(add(16 * 900));
  RequestRecord record;
  record.outcome = Outcome::finished;
  record.finish = {8};
  record.transfer_start = {10};
  record.kv_ready = {10.5};
  forecast_.answered(record);
  EXPECT_DOUBLE_EQ(forecast_.admission_wait(16 * 200, engine_).value, 0.055);
}

struct Quality {
  double mean_ttft = 0;
  double p99_ttft = 0;
  double mean_tpot = 0;
};

Quality quality(SimulationConfig config, RouterPolicy policy,
                const std::vector<workloads::Request>& requests) {
  config.decode.router = policy;
  const auto result = simulate_isolated(config, requests, *codec::make_raw_transfer());
  std::vector<double> ttft;
  Quality quality;
  const auto count = static_cast<double>(requests.size());
  for (const RequestRecord& r : result.records) {
    ttft.push_back((r.first_token - r.arrival).value);
    quality.mean_ttft += ttft.back() / count;
    quality.mean_tpot +=
        (r.finish - r.first_token).value / static_cast<double>(r.output_tokens - 1) / count;
  }
  std::ranges::sort(ttft);
  quality.p99_ttft = ttft[ttft.size() * 99 / 100];
  return quality;
}

// One prompt in five is long.
std::vector<workloads::Request> mixed_prompts(std::uint64_t seed, double rate) {
  RandomStream random(seed, "mixed prompts");
  std::vector<workloads::Request> requests;
  double when = 0;
  for (std::int64_t id = 0; id < 1500; ++id) {
    when += random.exponential() / rate;
    const std::int64_t prompt = random.below(5) == 0 ? 12'000 : 1000;
    requests.push_back(
        request(id, when, prompt, 50 + static_cast<std::int64_t>(random.below(200))));
  }
  return requests;
}

// Nodes of two GPUs whose uplink is one NIC's: the second hand-off would share that of the first.
TEST(NetworkAware, AvoidsTheNodeWhoseUplinkIsTaken) {
  SimulationConfig config = small_system();
  config.prefill.instances = 4;
  config.decode.instances = 4;
  config.prefill.router = RouterPolicy::round_robin;
  two_tier(config).gpus_per_node = 2;
  two_tier(config).oversubscription = 2;
  const std::vector requests{request(0, 0, 20'000, 10), request(1, 0.001, 200, 10),
                             request(2, 0.002, 20'000, 10)};
  const auto instances_of = [&](RouterPolicy policy) {
    config.decode.router = policy;
    const auto result = simulate_isolated(config, requests, *codec::make_raw_transfer());
    std::vector<std::int32_t> instances;
    for (const RequestRecord& record : result.records) instances.push_back(record.decode_instance);
    return instances;
  };
  // The short prompt is ready first. Then there are two long ones, from different nodes.
  EXPECT_EQ(instances_of(RouterPolicy::least_loaded), (std::vector{0, 0, 1}));
  EXPECT_EQ(instances_of(RouterPolicy::network_aware), (std::vector{0, 0, 2}));
}

TEST(NetworkAware, IsAsGoodAsLeastLoadedWhereTheNetworkIsIdle) {
  SimulationConfig config = small_system();
  config.prefill.instances = 8;
  config.decode.instances = 4;
  two_tier(config).link_bandwidth = {400e9};
  const auto requests = mixed_prompts(1, 15);
  const Quality by_load = quality(config, RouterPolicy::least_loaded, requests);
  const Quality by_network = quality(config, RouterPolicy::network_aware, requests);
  EXPECT_NEAR(by_network.mean_ttft / by_load.mean_ttft, 1, 0.01);
  EXPECT_NEAR(by_network.p99_ttft / by_load.p99_ttft, 1, 0.01);
  EXPECT_NEAR(by_network.mean_tpot / by_load.mean_tpot, 1, 0.01);
}

// Four decode nodes of four instances behind uplinks of one NIC; the prefill side has twice as many
// nodes, so that the uplinks into the decode nodes are what limits.
TEST(NetworkAware, BeatsLeastLoadedOnAnOversubscribedFabric) {
  SimulationConfig config = small_system();
  config.prefill.instances = 32;
  config.prefill.router = RouterPolicy::round_robin;
  config.decode.instances = 16;
  two_tier(config).link_bandwidth = {25e9 / 8};
  two_tier(config).gpus_per_node = 4;
  two_tier(config).oversubscription = 4;
  for (const std::uint64_t seed : {1U, 2U, 3U, 4U, 5U}) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const auto requests = mixed_prompts(seed, 20);
    const Quality by_load = quality(config, RouterPolicy::least_loaded, requests);
    const Quality by_network = quality(config, RouterPolicy::network_aware, requests);
    EXPECT_LT(by_network.mean_ttft, 0.9 * by_load.mean_ttft);
    EXPECT_LT(by_network.p99_ttft, 0.95 * by_load.p99_ttft);
    EXPECT_NEAR(by_network.mean_tpot / by_load.mean_tpot, 1, 0.03) << "and costs no answer much";
  }
}

}  // namespace
}  // namespace kvferry::sim
