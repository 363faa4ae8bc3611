#include "sim/base/quantity_text.hpp"

#include "sim/base/random.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>

namespace kvferry {
namespace {

using ::testing::HasSubstr;

template <typename Parse>
std::string error_of(Parse parse, const char* text) {
  try {
    parse(text);
  } catch (const QuantityError& error) {
    return error.what();
  }
  return "no error";
}

TEST(QuantityText, ReadsEveryUnitOfTheContract) {
  EXPECT_EQ(parse_bytes_per_second("100 Gbit/s").value, 12.5e9);
  EXPECT_EQ(parse_bytes_per_second("25 GB/s").value, 25e9);
  EXPECT_EQ(parse_bytes_per_second("1 GiB/s").value, 1073741824.0);
  EXPECT_EQ(parse_seconds("2 us").value, 2e-6);
  EXPECT_EQ(parse_seconds("3 us").value, 3e-6);
  EXPECT_EQ(parse_seconds("1 h").value, 3600.0);
  EXPECT_EQ(parse_bytes("80 GiB").value, 85899345920);
  EXPECT_EQ(parse_bytes("1.5 kB").value, 1500);
  EXPECT_EQ(parse_per_second("12 /s").value, 12.0);
  EXPECT_EQ(parse_per_second("90 /min").value, 1.5);
  EXPECT_EQ(parse_flop_per_second("989.4 TFLOP/s").value, 989.4e12);
}

TEST(QuantityText, TheBlankBeforeTheUnitIsOptional) {
  EXPECT_EQ(parse_seconds("5ms").value, parse_seconds(" 5  ms ").value);
}

TEST(QuantityText, ABareNumberIsRefusedWithTheRightSpelling) {
  EXPECT_EQ(error_of(parse_bytes_per_second, "100"),
            "expected a data rate such as '100 Gbit/s' or '25 GB/s', found the bare number '100'");
}

TEST(QuantityText, AnUnknownUnitIsRefusedWithTheNearestOne) {
  EXPECT_THAT(error_of(parse_bytes_per_second, "100 Gbps"),
              HasSubstr("unknown unit 'Gbps' (did you mean 'Gbit/s'?); units: B/s, kB/s"));
  EXPECT_THAT(error_of(parse_bytes_per_second, "100 GBps"), HasSubstr("did you mean 'GB/s'?"));
  EXPECT_THAT(error_of(parse_seconds, "3 sec"), HasSubstr("units: s, ns, us, ms, min, h"));
}

TEST(QuantityText, WhatIsNotAFiniteNumberIsRefused) {
  for (const char* text : {"", "fast", "inf s", "nan s", "1e999 s", "0x10 s", "- s", "1 2 s"}) {
    EXPECT_THAT(error_of(parse_seconds, text), HasSubstr("expected a time such as")) << text;
  }
  EXPECT_THAT(error_of(parse_bytes, "9e18 TB"), HasSubstr("above 4 EB"));
}

TEST(QuantityText, PrintsTheShortestText) {
  EXPECT_EQ(to_text(Bytes{80'000'000'000}), "80 GB");
  EXPECT_EQ(to_text(Bytes{85'899'345'920}), "80 GiB");
  EXPECT_EQ(to_text(Seconds{2e-6}), "2 us");
  EXPECT_EQ(to_text(Seconds{3600}), "1 h");
  EXPECT_EQ(to_text(Seconds{0}), "0 s");
  EXPECT_EQ(to_text(BytesPerSecond{12.5e9}), "12.5 GB/s");
  EXPECT_EQ(to_text(PerSecond{12}), "12 /s");
}

TEST(QuantityText, WhatIsPrintedReadsBackExactly) {
  RandomStream random(1, "quantities");
  for (int i = 0; i < 20'000; ++i) {
    const double value = std::exp((random.uniform() - 0.5) * 60);
    ASSERT_EQ(parse_seconds(to_text(Seconds{value})).value, value);
    ASSERT_EQ(parse_bytes_per_second(to_text(BytesPerSecond{value})).value, value);
    ASSERT_EQ(parse_per_second(to_text(PerSecond{value})).value, value);
    const Bytes size{static_cast<std::int64_t>(random.below(1ULL << 52))};
    ASSERT_EQ(parse_bytes(to_text(size)), size);
  }
}

}  // namespace
}  // namespace kvferry
