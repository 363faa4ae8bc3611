#include "codec/gpu/live_codec.hpp"

#include "codec/gpu/probe.hpp"
#include "sim/base/error.hpp"
#include "tests/codec/gpu/fake_gpu.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <numeric>

namespace kvferry::codec {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::shared_ptr<const PayloadPool> pool_with(FrameRule rule) {
  return std::make_shared<const PayloadPool>(PayloadPool::synthesize(
      {*find_kv_preset("llama-3.1-8b"), {4, 8, 128, 64}, {CodebookScope::per_tensor, rule}, 1}));
}

class LiveCodecTest : public ::testing::Test {
 protected:
  std::unique_ptr<TransferCodec> codec(std::int64_t verified = kVerifiedHandoffs) {
    return make_live_codec(pool_,
                           {{"a fake GPU", "1 MHz", "none", {}},
                            [this] {
                              ++opened_;
                              return std::make_unique<FakeGpu>(state_);
                            }},
                           verified);
  }
  static KvSlice slice(std::int64_t request, std::int64_t tokens = 100) {
    return {request, 1, 3, tokens, 1024};
  }
  std::string failure() {
    try {
      codec()->handoff(slice(1));
    } catch (const RunError& error) {
      return error.what();
    }
    return "no error";
  }

  std::shared_ptr<const PayloadPool> pool_ = pool_with(FrameRule::w4_positional);
  FakeGpuState state_;
  int opened_ = 0;
};

TEST_F(LiveCodecTest, OpensTheDeviceAtTheFirstHandOff) {
  const auto live = codec();
  EXPECT_EQ(opened_, 0) << "the process that makes the codec forks";
  live->handoff(slice(1));
  live->handoff(slice(2));
  EXPECT_EQ(opened_, 1);
}

TEST_F(LiveCodecTest, TakesTimesAndBytesFromOneLaunchOfAllTensors) {
  const auto live = codec();
  for (const std::int64_t tokens : {1, 100, 300}) {  // below, above and far above a chunk a tensor
    const KvSlice chunk = slice(tokens, tokens);
    const HandoffCost cost = live->handoff(chunk);
    EXPECT_EQ(cost.encode, fake_encode_time(chunk.raw_bytes()));
    EXPECT_EQ(cost.decode, fake_encode_time(chunk.raw_bytes()) * 0.5);
    EXPECT_EQ(cost.wire, pool_->wire_bytes(chunk));
  }
  EXPECT_THAT(state_.tensors_of_loads, ElementsAre(6, 6, 6)) << "K and V of three layers";
}

TEST_F(LiveCodecTest, EncodesOnceMoreOnlyToWarmUp) {
  const auto live = codec();
  live->handoff(slice(1));
  EXPECT_EQ(state_.encodes, 2);
  live->handoff(slice(1));
  EXPECT_EQ(state_.encodes, 3);
}

TEST_F(LiveCodecTest, GivesEveryFormatItsLaunch) {
  pool_ = pool_with(FrameRule::smallest);
  const KvSlice chunk{1, 0, 4, 50, 1024};
  const std::size_t formats = pool_->launches_of(chunk).size();
  const HandoffCost cost = codec()->handoff(chunk);
  EXPECT_EQ(state_.tensors_of_loads.size(), formats);
  EXPECT_EQ(std::accumulate(state_.tensors_of_loads.begin(), state_.tensors_of_loads.end(), 0U), 8);
  EXPECT_EQ(cost.wire, pool_->wire_bytes(chunk));
}

TEST_F(LiveCodecTest, ComparesTheBitsOfTheFirstHandOffsOnly) {
  const auto live = codec(2);
  for (const std::int64_t request : {5, 5, 6, 7, 8}) live->handoff(slice(request));
  EXPECT_EQ(state_.comparisons, 3) << "two chunks of 5, one of 6";
  const LiveCodecAccount account = live->account();
  EXPECT_EQ(account.handoffs, 4);
  EXPECT_EQ(account.verified_handoffs, 2);
  EXPECT_EQ(account.chunks, 5);
  EXPECT_EQ(account.split_chunks, 0);
}

TEST_F(LiveCodecTest, ComparesAllWhenAsked) {
  const auto live = codec(kVerifyAll);
  for (std::int64_t request = 0; request < 20; ++request) live->handoff(slice(request, 1));
  EXPECT_EQ(state_.comparisons, 20);
  EXPECT_EQ(live->account().verified_handoffs, 20);
}

TEST_F(LiveCodecTest, SplitsWhatDoesNotFitAndCountsIt) {
  const std::int64_t one = load_bytes({}, 100 * 1024).value;
  state_.free_memory = {(4 * one + one / 2) * 10 / 9};  // nine tenths hold four tensors
  const auto live = codec();
  const HandoffCost cost = live->handoff(slice(1));
  EXPECT_THAT(state_.tensors_of_loads, ElementsAre(4, 2));
  EXPECT_EQ(cost.wire, pool_->wire_bytes(slice(1)));
  EXPECT_DOUBLE_EQ(cost.encode.value,
                   (fake_encode_time({4 * 204800}) + fake_encode_time({2 * 204800})).value);
  EXPECT_EQ(live->account().split_chunks, 1);
  state_.free_memory = {one / 2};
  EXPECT_THAT(failure(), HasSubstr("a tensor of a hand-off needs"));
}

TEST_F(LiveCodecTest, AWrongBitOrSizeEndsTheRun) {
  state_.defect = Defect::wrong_bit;
  EXPECT_EQ(failure(), "the codec on a fake GPU did not return the values unchanged");
  state_.defect = Defect::wrong_size;
  EXPECT_THAT(failure(), AllOf(HasSubstr("a frame of a fake GPU has"), HasSubstr("CPU codec")));
}

TEST_F(LiveCodecTest, SaysThatItWasMeasuredAndWhere) {
  const CodecSources sources = codec()->sources();
  EXPECT_EQ(sources.time, Provenance::measured_live);
  EXPECT_THAT(sources.time_source, AllOf(HasSubstr("a fake GPU; 1 MHz; driver none"),
                                         HasSubstr("cannot be repeated to the bit")));
}

TEST(GpuProbe, BringsBackWhatTheChildFound) {
  static FakeGpuState state;
  bool asked = false;  // in the child only
  const GpuProbe probe = probe_gpu({[&] {
                                      asked = true;
                                      return std::string();
                                    },
                                    [](int) { return std::make_unique<FakeGpu>(state); }});
  EXPECT_FALSE(asked);
  ASSERT_TRUE(probe.gpu);
  EXPECT_EQ(probe.gpu->name, "a fake GPU");
  EXPECT_EQ(probe.gpu->memory, state.free_memory);
}

TEST(GpuProbe, SaysWhyThereIsNone) {
  const auto reason = [](const std::string& text) {
    return probe_gpu({[text] { return text; },
                      [](int) -> std::unique_ptr<GpuCodec> { throw RunError("out of order"); }})
        .why_none;
  };
  EXPECT_EQ(reason("no driver"), "no driver");
  EXPECT_EQ(reason(""), "out of order");
  const GpuProbe killed = probe_gpu({[]() -> std::string { std::abort(); }, nullptr});
  EXPECT_EQ(killed.why_none, "the driver ended the process that asked for a device");
}

TEST(OpenGpu, NamesWhoAskedAndWhyThereIsNone) {
  try {
    open_gpu({[] { return std::string("no driver"); }, nullptr}, 0, "kvferry codec bench");
    FAIL();
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(), "kvferry codec bench: error: no GPU can be used: no driver");
  }
}

}  // namespace
}  // namespace kvferry::codec
