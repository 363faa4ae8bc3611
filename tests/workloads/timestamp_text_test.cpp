#include "workloads/timestamp_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace kvferry::workloads {
namespace {

std::int64_t utc_ns(const char* text) {
  return parse_timestamp({"TIMESTAMP", text, 1}).utc_ns;
}

std::string error_of(const std::string& text) {
  try {
    parse_timestamp({"TIMESTAMP", text, 1});
  } catch (const RowFault& fault) {
    EXPECT_EQ(fault.reason(), "bad-timestamp");
    return fault.what();
  }
  return "no error";
}

std::string refusal(const std::string& expected, const std::string& text) {
  return "'TIMESTAMP': expected " + expected + ", found '" + text + "'";
}

TEST(TimestampText, CountsNanosecondsSince1970) {
  EXPECT_EQ(utc_ns("1970-01-01 00:00:00"), 0);
  EXPECT_EQ(utc_ns("2000-03-01 00:00:00"), 951'868'800'000'000'000);
  EXPECT_EQ(utc_ns("2023-11-16 18:15:46.6805900"), 1'700'158'546'680'590'000);
  EXPECT_EQ(utc_ns("2024-02-29T23:59:59.999999999Z"), 1'709'251'199'999'999'999);
  EXPECT_EQ(utc_ns("2261-12-31 23:59:59.999999999"), 9'214'646'399'999'999'999);
}

TEST(TimestampText, ZeroToNineFractionalDigitsAreExact) {
  EXPECT_EQ(utc_ns("1970-01-01 00:00:01"), 1'000'000'000);
  EXPECT_EQ(utc_ns("1970-01-01 00:00:01.5"), 1'500'000'000);
  EXPECT_EQ(utc_ns("1970-01-01 00:00:01.001163"), 1'001'163'000);
  EXPECT_EQ(utc_ns("1970-01-01 00:00:01.000000001"), 1'000'000'001);
}

TEST(TimestampText, AZoneShiftsToUtc) {
  EXPECT_EQ(utc_ns("1970-01-02 00:00:00+00:00"), utc_ns("1970-01-02 00:00:00Z"));
  EXPECT_EQ(utc_ns("1970-01-02 02:30:00+02:30"), utc_ns("1970-01-02 00:00:00"));
  EXPECT_EQ(utc_ns("1970-01-01 19:00:00.25-05:00"), utc_ns("1970-01-02 00:00:00.25"));
}

TEST(TimestampText, SaysWhetherThereIsAZone) {
  EXPECT_EQ(parse_timestamp({"t", "2024-05-12 00:00:00", 1}).zone, ZoneText::absent);
  EXPECT_EQ(parse_timestamp({"t", "2024-05-12 00:00:00Z", 1}).zone, ZoneText::present);
  EXPECT_EQ(parse_timestamp({"t", "2024-05-12 00:00:00.5+00:00", 1}).zone, ZoneText::present);
}

TEST(TimestampText, WhatIsNotADateIsRefused) {
  for (const char* text : {"", "now", "1700158546", "16.11.2023 18:15:46", "2023-11-16",
                           "2023-11-16 18:15", "23-11-16 18:15:46", "2023-11-16_18:15:46",
                           " 2023-11-16 18:15:46", "2023-11-1a 18:15:46", "-023-11-16 18:15:46"}) {
    EXPECT_EQ(error_of(text), refusal("a date such as '2023-11-16 18:15:46.68059'", text));
  }
}

TEST(TimestampText, ImpossibleDaysAreRefused) {
  for (const char* text : {"2023-02-30 00:00:00", "2023-02-29 00:00:00", "2023-13-01 00:00:00",
                           "2023-00-01 00:00:00", "2023-01-00 00:00:00", "2023-04-31 00:00:00"}) {
    EXPECT_EQ(error_of(text), refusal("a day that is in the calendar", text));
  }
}

TEST(TimestampText, ImpossibleTimesAreRefused) {
  EXPECT_EQ(error_of("2023-11-16 24:00:00"),
            refusal("a time from 00:00 to 23:59", "2023-11-16 24:00:00"));
  EXPECT_EQ(error_of("2023-11-16 12:60:00"),
            refusal("a time from 00:00 to 23:59", "2023-11-16 12:60:00"));
}

TEST(TimestampText, LeapSecondsAreRefused) {
  EXPECT_EQ(
      error_of("2016-12-31 23:59:60"),
      refusal("seconds from 00 to 59 (leap seconds have no place here)", "2016-12-31 23:59:60"));
}

TEST(TimestampText, YearsOutsideThe64BitNanosecondsAreRefused) {
  for (const char* text : {"1969-12-31 23:59:59", "2262-01-01 00:00:00", "9999-12-31 00:00:00"}) {
    EXPECT_EQ(error_of(text), refusal("a year from 1970 to 2261", text));
  }
}

TEST(TimestampText, BadFractionsAreRefused) {
  for (const std::string text :
       {"2023-11-16 18:15:46.", "2023-11-16 18:15:46.Z", "2023-11-16 18:15:46.1234567890"}) {
    EXPECT_EQ(error_of(text), refusal("1 to 9 digits after the decimal point of a second", text));
  }
  EXPECT_THAT(error_of("2023-11-16 18:15:46." + std::string(400, '7')),
              ::testing::HasSubstr("expected 1 to 9 digits"));
}

TEST(TimestampText, BadZonesAreRefused) {
  for (const char* text :
       {"2023-11-16 18:15:46 UTC", "2023-11-16 18:15:46+0100", "2023-11-16 18:15:46+15:00",
        "2023-11-16 18:15:46+01:60", "2023-11-16 18:15:46z", "2023-11-16 18:15:46+1:00"}) {
    EXPECT_EQ(error_of(text),
              refusal("a zone 'Z' or '+HH:MM' up to 14 hours, or none, after the time", text));
  }
  EXPECT_EQ(error_of("2023-11-16 18:15:46ZZ"),
            refusal("nothing after the zone", "2023-11-16 18:15:46ZZ"));
}

}  // namespace
}  // namespace kvferry::workloads
