#include "tests/workloads/trace_text.hpp"
#include "workloads/trace.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace kvferry::workloads {
namespace {

std::string row(std::int64_t input_tokens, const std::string& ids) {
  return "{\"timestamp\": 0, \"input_length\": " + std::to_string(input_tokens) +
         ", \"output_length\": 1, \"hash_ids\": [" + ids + "]}\n";
}

std::string row_without_ids() {
  return "{\"timestamp\": 0, \"input_length\": 600, \"output_length\": 1}\n";
}

// Fresh ids for ceil(input_tokens / block_tokens) blocks.
std::string fresh_row(std::int64_t input_tokens, std::int64_t block_tokens) {
  static std::int64_t next_id = 1000;
  std::string ids;
  for (std::int64_t at = 0; at < input_tokens; at += block_tokens) {
    ids += (ids.empty() ? "" : ", ") + std::to_string(next_id++);
  }
  return row(input_tokens, ids);
}

TraceOptions with_block_tokens(std::int64_t block_tokens) {
  TraceOptions options;
  options.block_tokens = block_tokens;
  return options;
}

std::string error_in(const std::string& text, const TraceOptions& options = {}) {
  return trace_error(TraceFormat::mooncake, text, options);
}

TEST(PrefixChecks, TheNumberOfIdsMustBeTheCeiling) {
  // 1,024 tokens are exactly two blocks of 512, one more needs a third.
  EXPECT_EQ(error_in(row(1024, "0, 1") + row(1025, "0, 1, 2") + row(1, "0")), "no error");
  EXPECT_EQ(error_in(row(1024, "0, 1") + row(1025, "0, 1")),
            "FILE:2: error: 'hash_ids': expected ceil(1025 tokens / 512) = 3 ids, found 2");
  EXPECT_EQ(error_in(row(1024, "0, 1") + row(1024, "0, 1, 2")),
            "FILE:2: error: 'hash_ids': expected ceil(1024 tokens / 512) = 2 ids, found 3");
}

TEST(PrefixChecks, AnEmptyArrayIsAFault) {
  EXPECT_EQ(error_in(row(10, "")),
            "FILE:1: error: 'hash_ids': expected ceil(10 tokens / 512) = 1 ids, found 0");
}

TEST(PrefixChecks, AnIdTwiceInARowIsAFault) {
  EXPECT_EQ(error_in(row(1500, "4, 5, 4")),
            "FILE:1: error: 'hash_ids': an id stands for one prefix, found 4 twice in the row");
}

TEST(PrefixChecks, TheRightBlockSizeIsNamedWhenTheConfiguredOneIsWrong) {
  std::string text;
  for (int i = 0; i < 200; ++i) text += fresh_row(700 + i, 512);
  EXPECT_EQ(error_in(text, with_block_tokens(16)),
            "FILE: error: a block size of 16 tokens fits the hash ids of 0 of 200 rows, but 512 "
            "fits 200 of 200 rows: set block_tokens: 512");
  TraceOptions skipping = with_block_tokens(16);
  skipping.on_bad_row = OnBadRow::skip;
  EXPECT_THAT(error_in(text, skipping), ::testing::HasSubstr("but 512 fits 200 of 200 rows"));
  EXPECT_EQ(error_in(text), "no error");
}

TEST(PrefixChecks, EveryUsualBlockSizeIsRecognised) {
  for (const std::int64_t block_tokens : {16, 32, 64, 128, 256, 512, 1024}) {
    std::string text;
    for (int i = 0; i < 20; ++i) text += fresh_row(5000 + 37 * i, block_tokens);
    EXPECT_THAT(error_in(text, with_block_tokens(48)),
                ::testing::EndsWith("set block_tokens: " + std::to_string(block_tokens)));
  }
}

TEST(PrefixChecks, AnotherBlockSizeMustFit99PercentOfTheRows) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += fresh_row(700 + i, 512);
  const std::string odd = fresh_row(5000, 16);
  EXPECT_THAT(error_in(text + odd, with_block_tokens(64)),
              ::testing::HasSubstr("512 fits 100 of 101 rows"));
  EXPECT_EQ(error_in(text + odd + odd, with_block_tokens(64)),
            "FILE:1: error: 'hash_ids': expected ceil(700 tokens / 64) = 11 ids, found 2");
}

TEST(PrefixChecks, ASingleMisfitIsTheRowsFault) {
  std::string text;
  for (int i = 0; i < 200; ++i) text += fresh_row(700 + i, 512);
  EXPECT_EQ(error_in(text + row(5000, "0, 1") + fresh_row(600, 512)),
            "FILE:201: error: 'hash_ids': expected ceil(5000 tokens / 512) = 10 ids, found 2");
}

TEST(PrefixChecks, TheFirstFaultIsReportedWhenAnotherOneFollowsAMisfit) {
  EXPECT_EQ(error_in(row(5000, "0, 1") + "[]\n"),
            "FILE:1: error: 'hash_ids': expected ceil(5000 tokens / 512) = 10 ids, found 2");
}

TEST(PrefixChecks, AnIdWithAnotherPredecessorMeansContentIds) {
  TraceOptions skipping;
  skipping.on_bad_row = OnBadRow::skip;
  EXPECT_EQ(error_in(row(1500, "0, 1, 2") + row(1500, "0, 3, 2"), skipping),
            "FILE:2: error: 'hash_ids': id 2 is number 3, after id 3 here but was number 3, after "
            "id 1 above; an id must stand for a whole prefix: these may be content ids, which name "
            "a block whatever precedes it");
}

TEST(PrefixChecks, AnIdAtAnotherPositionMeansContentIds) {
  EXPECT_THAT(error_in(row(1000, "0, 1") + row(1000, "1, 0")),
              ::testing::StartsWith("FILE:2: error: 'hash_ids': id 1 is first here but was number "
                                    "2, after id 0 above; an id must stand for a whole prefix"));
}

TEST(PrefixChecks, RowsWithAndWithoutIdsMustNotBeMixed) {
  EXPECT_EQ(error_in(row(1000, "0, 1") + row_without_ids()),
            "FILE:2: error: this row has no 'hash_ids', the rows above have them");
  EXPECT_EQ(error_in(row_without_ids() + row(1000, "0, 1")),
            "FILE:2: error: this row has 'hash_ids', the rows above have none");
}

TEST(PrefixChecks, AMixtureIsAcceptedOnRequest) {
  TraceOptions options;
  options.allow_missing_prefix = true;
  const Trace trace = read_text(TraceFormat::mooncake,
                                row_without_ids() + row(1000, "0, 1") + row_without_ids(), options);
  EXPECT_EQ(trace.account.emitted, 3);
  EXPECT_EQ(trace.block_tokens, 512);
  EXPECT_TRUE(trace.requests[2].prefix_blocks.empty());
}

TEST(PrefixChecks, ATraceWithoutIdsHasNoBlockSize) {
  EXPECT_EQ(read_text(TraceFormat::mooncake, row_without_ids()).block_tokens, 0);
}

TEST(PrefixChecks, ABlockSizeBelowOneIsRefused) {
  EXPECT_EQ(error_in(row(1000, "0, 1"), with_block_tokens(0)),
            "trace options: block_tokens must be from 1 to 2147483647, found 0");
}

}  // namespace
}  // namespace kvferry::workloads
