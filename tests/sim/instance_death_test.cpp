// Instances that die and come back, against times worked out by hand.
#include "sim/isolated_simulation.hpp"
#include "tests/sim/failing_system.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

namespace kvferry::sim {
namespace {

constexpr double kTolerance_s = 1e-9;

SimulationResult run(const SimulationConfig& config,
                     const std::vector<workloads::Request>& requests) {
  return simulate_isolated(config, requests, *codec::make_raw_transfer());
}

RequestRecord run_one(const SimulationConfig& config, std::int64_t output) {
  return run(config, {request(0, 0, 1000, output)}).records.front();
}

// Of a cache of so many tokens: 131,072 bytes each at 10 GB/s.
double hand_off_s(std::int64_t tokens) {
  return static_cast<double>(tokens) * 131'072 / 10e9;
}

// Iterations of one answer whose cache grows from `first` to `last` tokens.
double decoding_s(const SimulationConfig& config, std::int64_t first, std::int64_t last) {
  double sum = 0;
  for (std::int64_t context = first; context < last; ++context) sum += decode_s(config, context);
  return sum;
}

// Dead from the middle of its prefill for D: half a prefill is lost, and D passes before it begins
// again.   delay = prefill / 2 + D
TEST(InstanceDeath, OfThePrefillSideDelaysALoneRequestByWhatWasComputedAndTheOutage) {
  SimulationConfig config = small_system();
  const RequestRecord whole = run_one(config, 10);
  const double prefill = prefill_s(config, 1000);
  config.failures.stated = {dies("prefill.0", prefill / 2, 0.5)};
  const RequestRecord record = run_one(config, 10);
  const double delay = prefill / 2 + 0.5;
  EXPECT_NEAR(record.prefill_start.value, delay, kTolerance_s) << "of the attempt that succeeded";
  EXPECT_NEAR(record.first_token.value, whole.first_token.value + delay, kTolerance_s);
  EXPECT_NEAR(record.finish.value, whole.finish.value + delay, kTolerance_s);
  EXPECT_EQ(record.restarts, 1);
}

// Tokens 1 ... 4 came at KV ready and after three iterations; the fourth iteration is cut half-way.
// The cache of 1000 + 4 tokens is computed by prefill, waits there until D has passed, and is handed
// off; with it comes token 5. Five iterations remain, with 1004 ... 1008 tokens.
//   KV ready' = death + D + hand-off(1004)      finish = KV ready' + iterations(1004 ... 1008)
TEST(InstanceDeath, OfTheDecodeSideCostsTheOutageAndAHandOffOfTheLongerPrompt) {
  SimulationConfig config = small_system();
  const double kv_ready = prefill_s(config, 1000) + hand_off_s(1000);
  const double fourth_token = kv_ready + decoding_s(config, 1000, 1003);
  const double death = fourth_token + decode_s(config, 1003) / 2;
  ASSERT_LT(prefill_s(config, 1004), 0.5) << "it is computed while the decode side is dead";
  config.failures.stated = {dies("decode.0", death, 0.5)};
  const SimulationResult result = run(config, {request(0, 0, 1000, 10)});
  const RequestRecord& record = result.records.front();
  const double ready_again = death + 0.5 + hand_off_s(1004);
  EXPECT_NEAR(record.first_token.value, kv_ready, kTolerance_s) << "the client has it";
  EXPECT_NEAR(record.kv_ready.value, kv_ready, kTolerance_s) << "of the first token's attempt";
  EXPECT_NEAR(record.finish.value, ready_again + decoding_s(config, 1004, 1009), kTolerance_s);
  EXPECT_EQ(record.restarts, 1);
  EXPECT_EQ(record.kv_raw.value, (1000 + 1004) * 131'072);
  EXPECT_EQ(result.totals.decode_iterations, 3 + 5);
  std::int64_t gaps = 0;
  std::int64_t long_gaps = 0;
  for (const TokenGapRun& run_of_gaps : result.token_gaps) {
    gaps += run_of_gaps.gaps * run_of_gaps.sequences;
    if (run_of_gaps.first_gap.value < 0.5) continue;
    ++long_gaps;
    EXPECT_NEAR(run_of_gaps.first_gap.value, ready_again - fourth_token, kTolerance_s);
  }
  EXPECT_EQ(gaps, 9);
  EXPECT_EQ(long_gaps, 1);
}

// As above, but another decode instance takes it as soon as it is computed again.
TEST(InstanceDeath, OfOneOfTwoDecodeInstancesCostsAPrefillAndAHandOff) {
  SimulationConfig config = small_system();
  config.decode.instances = 2;
  const double kv_ready = prefill_s(config, 1000) + hand_off_s(1000);
  const double death = kv_ready + decoding_s(config, 1000, 1003) + decode_s(config, 1003) / 2;
  config.failures.stated = {dies("decode.0", death)};
  const RequestRecord record = run_one(config, 10);
  const double ready_again = death + prefill_s(config, 1004) + hand_off_s(1004);
  EXPECT_NEAR(record.finish.value, ready_again + decoding_s(config, 1004, 1009), kTolerance_s);
  EXPECT_EQ(record.decode_instance, 1);
}

// The decode side computes each token itself: 3 tokens after three iterations, the cache of 1003 is
// computed again, and iterations(1003 ... 1009) give tokens 4 ... 10.
TEST(InstanceDeath, WithTheFirstTokenOfADecodeStepTheNextIsOneToo) {
  SimulationConfig config = small_system();
  config.first_token = FirstToken::decode_step;
  config.decode.instances = 2;
  const double kv_ready = prefill_s(config, 1000) + hand_off_s(1000);
  const double death = kv_ready + decoding_s(config, 1000, 1003) + decode_s(config, 1003) / 2;
  config.failures.stated = {dies("decode.0", death)};
  const RequestRecord record = run_one(config, 10);
  const double ready_again = death + prefill_s(config, 1003) + hand_off_s(1003);
  EXPECT_NEAR(record.finish.value, ready_again + decoding_s(config, 1003, 1010), kTolerance_s);
}

// The first token came with the first prefill, the second with the next one.
//   finish = death + prefill(1001) + hand-off(1001) + iterations(1001 ... 1008)
TEST(InstanceDeath, WithTheFirstTokenOfPrefillTheNextAttemptGivesTheSecond) {
  SimulationConfig config = small_system();
  config.first_token = FirstToken::prefill;
  config.prefill.instances = 2;
  const double prefill_end = prefill_s(config, 1000);
  const double death = prefill_end + hand_off_s(1000) / 2;
  config.failures.stated = {dies("prefill.0", death)};
  const RequestRecord record = run_one(config, 10);
  const double ready = death + prefill_s(config, 1001) + hand_off_s(1001);
  EXPECT_NEAR(record.first_token.value, prefill_end, kTolerance_s);
  EXPECT_NEAR(record.finish.value, ready + decoding_s(config, 1001, 1009), kTolerance_s);
}

// The client has its only token: nothing is left to be computed.
TEST(InstanceDeath, ARequestWhoseClientHasEverythingIsNotComputedAgain) {
  SimulationConfig config = small_system();
  config.first_token = FirstToken::prefill;
  const double prefill_end = prefill_s(config, 1000);
  config.failures.stated = {dies("prefill.0", prefill_end + hand_off_s(1000) / 2)};
  const RequestRecord record = run_one(config, 1);
  EXPECT_EQ(record.outcome, Outcome::finished);
  EXPECT_NEAR(record.finish.value, prefill_end, kTolerance_s);
  EXPECT_EQ(record.restarts, 0);
}

// Half a hand-off is lost; prefill still has the cache.   KV ready = prefill + 3/2 hand-off
TEST(InstanceDeath, AHandOffTowardsTheDeadGoesToAnother) {
  SimulationConfig config = small_system();
  config.decode.instances = 2;
  const double prefill = prefill_s(config, 1000);
  config.failures.stated = {dies("decode.0", prefill + hand_off_s(1000) / 2)};
  const SimulationResult result = run(config, {request(0, 0, 1000, 2)});
  const RequestRecord& record = result.records.front();
  EXPECT_NEAR(record.kv_ready.value, prefill + 1.5 * hand_off_s(1000), kTolerance_s);
  EXPECT_EQ(record.decode_instance, 1);
  EXPECT_EQ(record.restarts, 0);
  EXPECT_EQ(result.totals.flows, 2);
}

// The cache is lost with it.   KV ready = prefill + hand-off / 2 + prefill + hand-off
TEST(InstanceDeath, AHandOffFromTheDeadIsComputedAgainElsewhere) {
  SimulationConfig config = small_system();
  config.prefill.instances = 2;
  const double prefill = prefill_s(config, 1000);
  config.failures.stated = {dies("prefill.0", prefill + hand_off_s(1000) / 2)};
  const RequestRecord record = run_one(config, 2);
  EXPECT_NEAR(record.kv_ready.value, 2 * prefill + 1.5 * hand_off_s(1000), kTolerance_s);
  EXPECT_NEAR(record.prefill_start.value, prefill + hand_off_s(1000) / 2, kTolerance_s)
      << "nothing had reached the client: the dates are those of the second attempt";
  EXPECT_EQ(record.prefill_instance, 1);
  EXPECT_EQ(record.restarts, 1);
}

// Without disaggregation prefill's token is the first, three iterations give tokens 2 ... 4, and the
// prompt of 1004 tokens, once D has passed, the fifth.
//   finish = death + D + prefill(1004) + iterations(1004 ... 1008)
TEST(InstanceDeath, OfAColocatedInstanceCostsTheOutageAndThePrefillOfTheLongerPrompt) {
  SimulationConfig config = small_system();
  config.mode = Mode::colocated;
  config.decode.instances = 0;
  const double first_token = prefill_s(config, 1000);
  const double death = first_token + decoding_s(config, 1000, 1003) + decode_s(config, 1003) / 2;
  config.failures.stated = {dies("prefill.0", death, 0.5)};
  const RequestRecord record = run_one(config, 10);
  EXPECT_NEAR(record.first_token.value, first_token, kTolerance_s);
  EXPECT_NEAR(record.finish.value,
              death + 0.5 + prefill_s(config, 1004) + decoding_s(config, 1004, 1009), kTolerance_s);
  EXPECT_EQ(record.restarts, 1);
}

TEST(InstanceDeath, RequestsWaitInOrderForADeadPoolToComeBack) {
  for (const char* pool : {"prefill", "decode"}) {
    SCOPED_TRACE(pool);
    SimulationConfig config = small_system();
    config.prefill.max_batch_tokens = 1000;  // one prompt at a time
    config.prefill.queue = QueuePolicy::fcfs;
    config.failures.stated = {dies(pool, 0, 2)};
    const SimulationResult result =
        run(config, {request(0, 0.1, 1000, 5), request(1, 0.2, 1000, 5), request(2, 0.3, 1000, 5)});
    const auto& records = result.records;
    const bool is_prefill = std::string(pool) == "prefill";
    const RequestRecord& first = records[0];
    EXPECT_EQ((is_prefill ? first.prefill_start : first.transfer_start).value, 2);
    EXPECT_LT(records[0].prefill_end, records[1].prefill_end);
    EXPECT_LT(records[1].prefill_end, records[2].prefill_end);
    for (const RequestRecord& record : records) {
      EXPECT_EQ(record.outcome, Outcome::finished);
      EXPECT_EQ(record.restarts, 0) << "nothing was lost";
    }
  }
}

// The follow-up is sent when the first has failed, and fails in turn.
TEST(InstanceDeath, APoolThatNeverComesBackFailsWhatItWouldHaveServed) {
  for (const char* pool : {"prefill", "decode"}) {
    SCOPED_TRACE(pool);
    SimulationConfig config = small_system();
    config.failures.stated = {dies(pool, 0.5)};
    std::vector<workloads::Request> requests{request(0, 0, 1000, 2), request(1, 1, 1000, 5),
                                             request(2, 1, 1000, 5)};
    requests[2].after = 1;
    const SimulationResult result = run(config, requests);
    EXPECT_EQ(result.records[0].outcome, Outcome::finished);
    EXPECT_EQ(result.records[1].outcome, Outcome::failed_no_instance);
    EXPECT_EQ(result.records[2].outcome, Outcome::failed_no_instance);
    EXPECT_EQ(result.records[2].finish, kNever);
    EXPECT_EQ(result.totals.kv_blocks_in_use, 0) << "the computed prompts have given theirs back";
  }
}

// It dies every 20 ms, before any prompt is computed.
TEST(InstanceDeath, ARequestThatIsLostTooOftenFails) {
  SimulationConfig config = small_system();
  ASSERT_GT(prefill_s(config, 8000), 0.02);
  for (int i = 0; i < 10; ++i)
    config.failures.stated.push_back(dies("prefill.0", 0.01 + 0.02 * i, 0.001));
  config.failures.max_restarts = 3;
  const SimulationResult result = run(config, {request(0, 0, 8000, 2)});
  EXPECT_EQ(result.records[0].outcome, Outcome::failed_restarts);
  EXPECT_EQ(result.records[0].restarts, 3);
  EXPECT_NEAR(result.totals.end.value, 0.07, kTolerance_s)
      << "the run ends with its last request, whatever else would have failed";
}

TEST(InstanceDeath, EmptiesThePrefixCache) {
  SimulationConfig config = small_system();
  config.key_tokens = 48;
  config.prefill.prefix_caching = true;
  const auto cached = [&] {
    std::vector<workloads::Request> requests{request(0, 0, 480, 2), request(1, 2, 480, 2)};
    for (workloads::Request& next : requests) name_blocks(next, 1);
    return run(config, requests).records[1].cached_tokens;
  };
  EXPECT_EQ(cached(), 6 * 48);
  config.failures.stated = {dies("prefill.0", 1, 0.5)};
  EXPECT_EQ(cached(), 0);
}

// A session's home that is dead is left for good.
TEST(InstanceDeath, ASessionFindsAnotherHome) {
  SimulationConfig config = small_system();
  config.prefill.instances = 3;
  config.prefill.router = RouterPolicy::session_sticky;
  config.failures.stated = {dies("prefill.0", 0.5, 1)};
  std::vector<workloads::Request> requests;
  for (std::int64_t id = 0; id < 4; ++id)
    requests.push_back(request(id, static_cast<double>(id), 100, 2));
  for (workloads::Request& turn : requests) turn.session = 9;
  const auto records = run(config, requests).records;
  EXPECT_EQ(records[0].prefill_instance, 0);
  EXPECT_EQ(records[1].prefill_instance, 1) << "at 1 s, while it is dead";
  EXPECT_EQ(records[2].prefill_instance, 1) << "at 2 s, when it is back";
}

}  // namespace
}  // namespace kvferry::sim
