#include "codec/profile.hpp"

#include "sim/base/error.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace kvferry::codec {
namespace {

using ::testing::HasSubstr;

const std::string kNotes = "# name: test\n# origin: measured\n# device: a GPU\n# source: nobody\n";

std::string error_of(const std::string& text) {
  try {
    parse_codec_profile(text, "p.csv");
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

TEST(CodecProfile, AnAffineProfileIsAFixedCostAndARate) {
  const auto profile = parse_codec_profile(
      kNotes + "direction,fixed_us,gb_per_s\nencode,10,100\ndecode,5,200\n", "p.csv");
  EXPECT_EQ(profile.origin, Provenance::measured_profile);
  EXPECT_DOUBLE_EQ(time_of(profile.encode, {1'000'000'000}).value, 10e-6 + 0.01);
  EXPECT_DOUBLE_EQ(time_of(profile.decode, {1'000'000'000}).value, 5e-6 + 0.005);
  EXPECT_EQ(time_of(profile.encode, {0}).value, 0) << "nothing to launch";
}

TEST(CodecProfile, ATableIsLinearBetweenItsPoints) {
  const auto profile = parse_codec_profile(
      kNotes + "raw_bytes,encode_us,decode_us\n1000,10,1\n3000,20,2\n", "p.csv");
  EXPECT_DOUBLE_EQ(time_of(profile.encode, {1000}).value, 10e-6);
  EXPECT_DOUBLE_EQ(time_of(profile.encode, {2000}).value, 15e-6);
  EXPECT_DOUBLE_EQ(time_of(profile.decode, {2500}).value, 1.75e-6);
  EXPECT_DOUBLE_EQ(time_of(profile.encode, {10}).value, 10e-6) << "a launch has a least time";
  EXPECT_DOUBLE_EQ(time_of(profile.encode, {6000}).value, 40e-6) << "beyond: the last point's rate";
}

TEST(CodecProfile, TheBuiltInProfileCarriesThePublishedFigures) {
  const auto& profile = built_in_profiles().front();
  EXPECT_EQ(profile.name, "h200-sxm");
  EXPECT_EQ(profile.origin, Provenance::published);
  EXPECT_DOUBLE_EQ(std::get<AffineTime>(profile.encode).rate.value, 613.3e9);
  EXPECT_DOUBLE_EQ(std::get<AffineTime>(profile.decode).rate.value, 2181.8e9);
}

TEST(CodecProfile, WhatIsWrongIsNamedWithItsLine) {
  EXPECT_EQ(error_of(kNotes + "bytes,us\n"),
            "p.csv:5: error: expected the header 'direction,fixed_us,gb_per_s', "
            "'raw_bytes,encode_us,decode_us' or 'dtype,mode,tensors,raw_bytes,escape_rate,"
            "encode_us,encode_iqr_us,decode_us,decode_iqr_us', found 'bytes,us'");
  EXPECT_EQ(error_of(kNotes + "direction,fixed_us,gb_per_s\nencode,1\n"),
            "p.csv:6: error: expected 3 fields, found 'encode,1'");
  EXPECT_EQ(error_of(kNotes + "direction,fixed_us,gb_per_s\nencode,-1,5\n"),
            "p.csv:6: error: column 'fixed_us': expected a number of at least 0, found '-1'");
  EXPECT_THAT(error_of(kNotes + "direction,fixed_us,gb_per_s\nencode,1,0\n"),
              HasSubstr("p.csv:6: error: column 'gb_per_s': the rate must be above zero"));
  EXPECT_THAT(error_of(kNotes + "direction,fixed_us,gb_per_s\nsideways,1,5\n"),
              HasSubstr("expected encode or decode, found 'sideways'"));
  EXPECT_THAT(error_of(kNotes + "raw_bytes,encode_us,decode_us\n10,1,1\n10,1,1\n"),
              HasSubstr("p.csv:7: error: column 'raw_bytes': the rows must be ascending"));
  EXPECT_THAT(error_of(kNotes + "raw_bytes,encode_us,decode_us\n1.5,1,1\n"),
              HasSubstr("expected a whole number from 1 to 1e15, found '1.5'"));
}

TEST(CodecProfile, AnIncompleteProfileIsRefused) {
  EXPECT_THAT(error_of(kNotes + "direction,fixed_us,gb_per_s\nencode,1,5\n"),
              HasSubstr("no complete data for encode and decode"));
  EXPECT_THAT(error_of(kNotes), HasSubstr("no complete data"));
  EXPECT_THAT(error_of("# name: x\n# origin: guessed\n"), HasSubstr("origin: expected published"));
  EXPECT_THAT(error_of("direction,fixed_us,gb_per_s\nencode,1,5\ndecode,1,5\n"),
              HasSubstr("the profile lacks the line '# name: ...'"));
}

}  // namespace
}  // namespace kvferry::codec
