// The recorded form of profiles: reading, writing, interpolation, and what is refused.
#include "codec/launch_table.hpp"

#include "codec/profile.hpp"
#include "codec/transfer_codec.hpp"
#include "sim/base/error.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

namespace kvferry::codec {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

const std::string kNotes =
    "# name: test\n# origin: measured\n# device: a GPU\n# source: nobody\n# clocks: 1 MHz\n"
    "# driver: 13.0\n# date: 2026-01-02\n# repetitions: 5\n# tool: kvferry 0\n";
const std::string kHeader =
    "dtype,mode,tensors,raw_bytes,escape_rate,encode_us,encode_iqr_us,decode_us,decode_iqr_us\n";

std::string error_of(const std::string& rows) {
  try {
    parse_codec_profile(kNotes + kHeader + rows, "p.csv");
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

// Times are encode = 1 us a tensor + 1 ns a byte + 100 us an escape rate of 1, and half of it.
RecordedLaunch launch(std::int64_t tensors, std::int64_t raw, double escape_rate) {
  const double us =
      static_cast<double>(tensors) + static_cast<double>(raw) / 1e3 + 100 * escape_rate;
  return {{{}, tensors, {raw}, escape_rate}, {{us / 1e6}, {us / 2e6}}, {}};
}

LaunchTable linear_table() {
  std::vector<RecordedLaunch> launches;
  for (const std::int64_t tensors : {16, 2}) {
    for (const std::int64_t raw : {1000, 8000, 64000}) {
      for (const double rate : {0.0, 0.01, 0.2}) launches.push_back(launch(tensors, raw, rate));
    }
  }
  return LaunchTable(launches);
}

std::string refusal(const LaunchShape& shape) {
  try {
    linear_table().times_of(shape, OutsideRange::refuse);
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

TEST(LaunchTable, IsExactWhereItWasRecorded) {
  const LaunchTable table = linear_table();
  for (const RecordedLaunch& recorded : table.launches()) {
    const LaunchTimes times = table.times_of(recorded.shape, OutsideRange::refuse);
    EXPECT_EQ(times.encode, recorded.median.encode);
    EXPECT_EQ(times.decode, recorded.median.decode);
  }
}

TEST(LaunchTable, IsLinearInTensorsBytesAndEscapeRate) {
  const LaunchTable table = linear_table();
  for (const std::int64_t tensors : {2, 3, 8, 16}) {
    for (const std::int64_t raw : {1000, 2500, 8000, 63000}) {
      for (const double rate : {0.0, 0.004, 0.01, 0.15}) {
        const RecordedLaunch expected = launch(tensors, raw, rate);
        const LaunchTimes times = table.times_of(expected.shape, OutsideRange::refuse);
        EXPECT_NEAR(times.encode.value, expected.median.encode.value, 1e-15);
        EXPECT_NEAR(times.decode.value, expected.median.decode.value, 1e-15);
      }
    }
  }
}

TEST(LaunchTable, RefusesWhatWasNotRecorded) {
  EXPECT_EQ(refusal({{}, 1, {1000}, 0}),
            "a launch of 1 tensors, 1000 raw bytes, escape rate 0, bf16 w4-positional is outside "
            "the recorded range of tensors, 2 to 16");
  EXPECT_THAT(refusal({{}, 17, {1000}, 0}), HasSubstr("range of tensors, 2 to 16"));
  EXPECT_THAT(refusal({{}, 2, {999}, 0}), HasSubstr("range of raw bytes, 1000 to 64000"));
  EXPECT_THAT(refusal({{}, 2, {64001}, 0}), HasSubstr("range of raw bytes, 1000 to 64000"));
  EXPECT_THAT(refusal({{}, 5, {2000}, 0.3}), HasSubstr("range of escape rate, 0 to 0.2"));
  EXPECT_EQ(refusal({{DType::e4m3}, 2, {1000}, 0}), "nothing was recorded for e4m3 w4-positional");
  FrameFormat sentinel;
  sentinel.mode = EscapeMode::sentinel;
  EXPECT_EQ(refusal({sentinel, 2, {1000}, 0}), "nothing was recorded for bf16 w4-sentinel");
}

TEST(LaunchTable, GoesOnBeyondTheRangeWhenTold) {
  const LaunchTable table = linear_table();
  const auto encode = [&](std::int64_t tensors, std::int64_t raw, double rate) {
    return table.times_of({{}, tensors, {raw}, rate}, OutsideRange::extend).encode.value;
  };
  EXPECT_EQ(encode(2, 10, 0), encode(2, 1000, 0)) << "a launch has a least time";
  EXPECT_DOUBLE_EQ(encode(2, 128000, 0), 2 * encode(2, 64000, 0)) << "the last rate";
  EXPECT_EQ(encode(1, 1000, 0), encode(2, 1000, 0));
  EXPECT_EQ(encode(99, 1000, 0), encode(16, 1000, 0));
  EXPECT_EQ(encode(2, 1000, 0.5), encode(2, 1000, 0.2));
}

TEST(RecordedProfile, IsReadAsItWasWritten) {
  Recording recording{"h",          "a GPU", "values\nof nobody", "1,980 MHz", "13.0",
                      "2026-01-02", 5,       "kvferry 0",         {}};
  for (const std::int64_t raw : {1000, 2000}) {
    recording.launches.push_back(
        {{{}, 8, {raw}, 0.0001220703125}, {{12.345e-6}, {6e-6}}, {{1e-7}, {2e-7}}});
  }
  recording.launches.back().shape.format = {DType::e5m2, 3, EscapeMode::sentinel};
  const CodecProfile profile = parse_codec_profile(profile_text(recording), "p.csv");
  EXPECT_EQ(profile.origin, Provenance::measured_profile);
  EXPECT_EQ(profile.device, "a GPU");
  EXPECT_EQ(profile.source,
            "values of nobody; clocks 1,980 MHz; driver 13.0; date 2026-01-02; repetitions 5; "
            "tool kvferry 0");
  ASSERT_TRUE(profile.launches);
  ASSERT_EQ(profile.launches->launches().size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    const RecordedLaunch& read = profile.launches->launches()[i];
    const RecordedLaunch& written = recording.launches[i];
    EXPECT_EQ(read.shape.format, written.shape.format);
    EXPECT_EQ(read.shape.tensors, 8);
    EXPECT_EQ(read.shape.raw, written.shape.raw);
    EXPECT_EQ(read.shape.escape_rate, written.shape.escape_rate);
    EXPECT_DOUBLE_EQ(read.median.encode.value, 12.345e-6);
    EXPECT_DOUBLE_EQ(read.median.decode.value, 6e-6);
    EXPECT_DOUBLE_EQ(read.spread.encode.value, 1e-7);
    EXPECT_DOUBLE_EQ(read.spread.decode.value, 2e-7);
  }
}

TEST(RecordedProfile, WhatIsWrongIsNamedWithItsLine) {
  const std::string good = "bf16,w4-positional,8,1000,0.001,10,1,5,1\n";
  EXPECT_EQ(error_of(good), "no error");
  EXPECT_EQ(error_of(good + good),
            "p.csv:12: error: a second row for 8 tensors, 1000 raw bytes, escape rate 0.001, bf16 "
            "w4-positional");
  EXPECT_THAT(error_of("bf16,w4-positional,8,1000,0.001,10,1,5\n"),
              HasSubstr("p.csv:11: error: expected 9 fields"));
  EXPECT_THAT(error_of("bf16,w4-positional,8,1000,0.001,10,1,5,1,1\n"),
              HasSubstr("p.csv:11: error: expected 9 fields"));
  EXPECT_THAT(error_of("fp16,w4-positional,8,1000,0.001,10,1,5,1\n"),
              HasSubstr("column 'dtype': expected bf16, e5m2 or e4m3, found 'fp16'"));
  EXPECT_THAT(error_of("bf16,w3-positional,8,1000,0.001,10,1,5,1\n"),
              HasSubstr("column 'mode': expected w4-positional, w4-sentinel or w3-sentinel, found "
                        "'w3-positional'"));
  EXPECT_THAT(error_of("bf16,w4-positional,0,1000,0.001,10,1,5,1\n"),
              HasSubstr("column 'tensors': expected a whole number from 1 to 1e15, found '0'"));
  EXPECT_THAT(error_of("bf16,w4-positional,8,1000,1.5,10,1,5,1\n"),
              HasSubstr("column 'escape_rate': expected a share of at most 1, found '1.5'"));
  EXPECT_THAT(error_of("bf16,w4-positional,8,1000,0.1,0,1,5,1\n"),
              HasSubstr("column 'encode_us': the time must be above zero"));
  EXPECT_THAT(error_of("bf16,w4-positional,8,1000,0.1,1,nan,5,1\n"),
              HasSubstr("column 'encode_iqr_us': expected a number of at least 0, found 'nan'"));
  EXPECT_THAT(error_of(""), HasSubstr("no complete data"));
}

TEST(RecordedProfile, HasToSayHowItWasMeasured) {
  std::string text = kNotes + kHeader + "bf16,w4-positional,8,1000,0.001,10,1,5,1\n";
  text.replace(text.find("# driver"), 8, "# drover");
  try {
    parse_codec_profile(text, "p.csv");
    FAIL() << "a profile without its driver";
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(), "p.csv: error: the profile lacks the line '# driver: ...'");
  }
}

TEST(RecordedProfile, PricesHandOffsByTheirLaunches) {
  const auto pool = std::make_shared<const PayloadPool>(PayloadPool::synthesize(
      {*find_kv_preset("llama-3.1-8b"), {4, 8, 128, 64}, {CodebookScope::per_tensor}, 1}));
  const KvSlice slice{7, 0, 4, 20, 1024};
  const std::vector<LaunchShape> launches = pool->launches_of(slice);
  ASSERT_EQ(launches.size(), 1U) << "one format, one launch";
  EXPECT_EQ(launches.front().tensors, 8);
  EXPECT_EQ(launches.front().raw, slice.raw_bytes());
  EXPECT_NEAR(launches.front().escape_rate, pool->escape_rate(), 1e-12) << "all layers";

  CodecProfile profile;
  profile.name = "mine";
  profile.launches = linear_table();
  EXPECT_THROW(make_recorded_codec(pool, profile)->handoff(slice), InputError);
  const auto codec = make_recorded_codec(pool, profile, OutsideRange::extend);
  EXPECT_DOUBLE_EQ(codec->handoff(slice).encode.value,
                   linear_table().times_of(launches.front(), OutsideRange::extend).encode.value);
  try {
    make_recorded_codec(pool, profile)->handoff(slice);
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("profile 'mine': error: a launch of 8 tensors"),
                                    HasSubstr("codec.extrapolate: true")));
  }
}

TEST(RecordedProfile, ATableOfBytesHasARangeToo) {
  TimeTable table{{{{1000}, {1e-6}}, {{2000}, {2e-6}}}};
  EXPECT_DOUBLE_EQ(time_of(table, {1500}, OutsideRange::refuse).value, 1.5e-6);
  EXPECT_THROW(time_of(table, {999}, OutsideRange::refuse), InputError);
  EXPECT_THROW(time_of(table, {2001}, OutsideRange::refuse), InputError);
  EXPECT_EQ(time_of(table, {0}, OutsideRange::refuse).value, 0) << "nothing to launch";
}

}  // namespace
}  // namespace kvferry::codec
