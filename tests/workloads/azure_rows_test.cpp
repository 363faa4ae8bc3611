#include "tests/workloads/trace_text.hpp"
#include "workloads/trace.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace kvferry::workloads {
namespace {

using ::testing::HasSubstr;

const std::string kHeader = "TIMESTAMP,ContextTokens,GeneratedTokens\n";

std::string azure_error(const std::string& rows, const TraceOptions& options = {}) {
  return trace_error(TraceFormat::azure, kHeader + rows, options);
}

std::string header_error(const std::string& text) {
  return trace_error(TraceFormat::azure, text);
}

TEST(AzureRows, ArrivalsCountFromTheFirstRowExactly) {
  const Trace trace = read_text(TraceFormat::azure, kAzureText);
  ASSERT_EQ(trace.requests.size(), 3U);
  EXPECT_EQ(trace.requests[0].arrival.value, 0);
  EXPECT_EQ(trace.requests[1].arrival.value, 4.314579);
  EXPECT_EQ(trace.requests[2].arrival.value, 4.541877);
  EXPECT_EQ(trace.requests[2].id, 2);
  EXPECT_EQ(trace.requests[2].input_tokens, 879);
  EXPECT_EQ(trace.requests[2].output_tokens, 55);
  EXPECT_TRUE(trace.requests[2].prefix_blocks.empty());
  EXPECT_EQ(trace.block_tokens, 0);
}

TEST(AzureRows, The2024DatesWithZonesAndWithoutFractionsAreRead) {
  const Trace trace = read_text(TraceFormat::azure, kHeader +
                                                        "2024-05-12 00:00:00+00:00,1452,3\n"
                                                        "2024-05-12 00:00:00.001163+00:00,584,3\n"
                                                        "2024-05-12 01:00:01+01:00,862,38\n");
  EXPECT_EQ(trace.requests[1].arrival.value, 0.001163);
  EXPECT_EQ(trace.requests[2].arrival.value, 1);
}

TEST(AzureRows, ColumnsAreFoundByName) {
  const Trace trace = read_text(TraceFormat::azure,
                                "GeneratedTokens,TIMESTAMP,ContextTokens\n"
                                "44,2023-11-16 18:15:46,374\n");
  EXPECT_EQ(trace.requests[0].input_tokens, 374);
  EXPECT_EQ(trace.requests[0].output_tokens, 44);
}

TEST(AzureRows, AFileWithoutAHeaderIsRefused) {
  EXPECT_EQ(
      header_error("2023-11-16 18:15:46.6805900,374,44\n"),
      "FILE:1:1: error: the first line is data; expected a header with the columns "
      "TIMESTAMP, ContextTokens, GeneratedTokens, found '2023-11-16 18:15:46.6805900,374,44'");
}

TEST(AzureRows, AnUnknownColumnIsRefusedWithTheNearestName) {
  EXPECT_EQ(header_error("TIMESTAMP,ContextToken,GeneratedTokens\n"),
            "FILE:1:11: error: unknown column 'ContextToken' (did you mean 'ContextTokens'?); "
            "valid columns: TIMESTAMP, ContextTokens, GeneratedTokens");
  EXPECT_EQ(header_error("TIMESTAMP,NumImages,ContextTokens,GeneratedTokens\n"),
            "FILE:1:11: error: unknown column 'NumImages'; valid columns: TIMESTAMP, "
            "ContextTokens, GeneratedTokens");
}

TEST(AzureRows, ARepeatedColumnIsRefused) {
  EXPECT_EQ(header_error("TIMESTAMP,ContextTokens,ContextTokens\n"),
            "FILE:1:25: error: the column 'ContextTokens' is there twice");
}

TEST(AzureRows, AMissingColumnIsRefused) {
  EXPECT_EQ(header_error("TIMESTAMP,ContextTokens\n"),
            "FILE:1:1: error: the column 'GeneratedTokens' is missing; columns found: TIMESTAMP, "
            "ContextTokens");
}

TEST(AzureRows, AWrongNumberOfFieldsIsAFault) {
  const std::string message = " fields (TIMESTAMP, ContextTokens, GeneratedTokens), found ";
  EXPECT_EQ(azure_error("2023-11-16 18:15:46,374\n"),
            "FILE:2:1: error: expected 3" + message + "2 in '2023-11-16 18:15:46,374'");
  EXPECT_EQ(azure_error("2023-11-16 18:15:46,374,44,\n"),
            "FILE:2:1: error: expected 3" + message + "4 in '2023-11-16 18:15:46,374,44,'");
}

TEST(AzureRows, AQuoteIsAFault) {
  EXPECT_EQ(azure_error("2023-11-16 18:15:46,\"374\",44\n"),
            "FILE:2:21: error: fields are not quoted in this format, found "
            "'2023-11-16 18:15:46,\"374\",44'");
}

TEST(AzureRows, ABadDateIsAFaultAtItsColumn) {
  EXPECT_EQ(azure_error("2023-02-30 18:15:46,374,44\n"),
            "FILE:2:1: error: 'TIMESTAMP': expected a day that is in the calendar, found "
            "'2023-02-30 18:15:46'");
}

TEST(AzureRows, BadLengthsAreFaultsAtTheirColumn) {
  const std::string expected = "': expected a whole number of tokens from 1 to 2147483647, found '";
  const std::string digits(400, '9');
  for (const std::string found :
       {"", "abc", "-1", "0", "512.5", "2147483648", "1e400", "nan", "inf", " 374", "0x10", "+5"}) {
    EXPECT_EQ(azure_error("2023-11-16 18:15:46," + found + ",44\n"),
              "FILE:2:21: error: 'ContextTokens" + expected + found + "'");
  }
  for (const std::string found : {"", "abc", "-1", "1.5", "99999999999999999999"}) {
    EXPECT_EQ(azure_error("2023-11-16 18:15:46,374," + found + "\n"),
              "FILE:2:25: error: 'GeneratedTokens" + expected + found + "'");
  }
  EXPECT_EQ(azure_error("2023-11-16 18:15:46," + digits + ",44\n"),
            "FILE:2:21: error: 'ContextTokens" + expected + digits.substr(0, 77) + "...'");
}

TEST(AzureRows, IntegralFloatsAreLengths) {
  const Trace trace =
      read_text(TraceFormat::azure, kHeader + "2023-11-16 18:15:46,512.0,2147483647\n");
  EXPECT_EQ(trace.requests[0].input_tokens, 512);
  EXPECT_EQ(trace.requests[0].output_tokens, 2147483647);
}

TEST(AzureRows, DatesWithAndWithoutZoneMustNotBeMixed) {
  TraceOptions skipping;
  skipping.on_bad_row = OnBadRow::skip;
  EXPECT_EQ(azure_error("2023-11-16 18:15:46,374,44\n2023-11-16 18:15:47Z,374,44\n", skipping),
            "FILE:3:1: error: dates with and without a zone are mixed; the rows above have none, "
            "found '2023-11-16 18:15:47Z'");
  EXPECT_THAT(azure_error("2023-11-16 18:15:46Z,374,44\n2023-11-16 18:15:47,374,44\n"),
              HasSubstr("the rows above have one"));
}

TEST(AzureRows, ATimeUnitDoesNotApply) {
  TraceOptions options;
  options.time_unit = Seconds{1};
  EXPECT_EQ(
      trace_error(TraceFormat::azure, kAzureText, options),
      "trace options: time_unit applies to the timestamps of mooncake, not to those of azure, "
      "found 1 s");
}

}  // namespace
}  // namespace kvferry::workloads
