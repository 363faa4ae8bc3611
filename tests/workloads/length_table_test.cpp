#include "workloads/length_table.hpp"

#include "tests/workloads/trace_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <string>

namespace kvferry::workloads {
namespace {

using ::testing::ElementsAre;

const std::string kHeader = "num_prefill_tokens,num_decode_tokens,num_total_tokens,pd_ratio\n";

LengthTable read_table(const std::string& text, OnBadRow on_bad_row = OnBadRow::reject) {
  const TemporaryFile file(text);
  return read_length_table(file.path(), on_bad_row);
}

std::string table_error(const std::string& text) {
  const TemporaryFile file(text);
  return without_path(error_of([&] { read_length_table(file.path()); }), file.path());
}

TEST(LengthTable, SarathiAndVidurTablesAreRead) {
  const LengthTable table = read_table(kHeader + "74,918,992,0.08\r\n290,905,1195,0.32");
  EXPECT_THAT(table.pairs, ElementsAre(LengthPair{74, 918}, LengthPair{290, 905}));
  EXPECT_EQ(table.account.ignored_keys, (std::map<std::string, std::int64_t>{{"pd_ratio", 2}}));
  EXPECT_EQ(table.account.rows_read, 2);
}

TEST(LengthTable, PlainColumnNamesAreRead) {
  EXPECT_THAT(read_table("output_tokens,input_tokens\n3,4\n").pairs, ElementsAre(LengthPair{4, 3}));
  EXPECT_THAT(read_table("num_prefill_tokens,num_decode_tokens\n4,3\n").pairs,
              ElementsAre(LengthPair{4, 3}));
}

TEST(LengthTable, ATotalThatIsNotTheSumIsAFault) {
  EXPECT_EQ(table_error(kHeader + "74,918,992,0.08\n290,905,1196,0.32\n"),
            "FILE:3:9: error: 'num_total_tokens': expected the sum of the two lengths, 290 + 905 = "
            "1195, found '1196'");
}

TEST(LengthTable, BadLengthsAreFaultsAtTheirColumn) {
  EXPECT_EQ(table_error("input_tokens,output_tokens\n0,3\n"),
            "FILE:2:1: error: 'input_tokens': expected a whole number of tokens from 1 to "
            "2147483647, found '0'");
  EXPECT_EQ(table_error("input_tokens,output_tokens\n3,0\n"),
            "FILE:2:3: error: 'output_tokens': expected a whole number of tokens from 1 to "
            "2147483647, found '0'");
}

TEST(LengthTable, TwoColumnsOfOneMeaningAreRefused) {
  EXPECT_EQ(table_error("input_tokens,num_prefill_tokens,output_tokens\n3,3,1\n"),
            "FILE:1:1: error: the columns 'num_prefill_tokens' and 'input_tokens' mean the same");
}

TEST(LengthTable, UnknownAndMissingColumnsAreRefused) {
  EXPECT_EQ(table_error("arrived_at,num_prefill_tokens,num_decode_tokens\n"),
            "FILE:1:1: error: unknown column 'arrived_at'; valid columns: num_prefill_tokens, "
            "num_decode_tokens, num_total_tokens, pd_ratio, input_tokens, output_tokens");
  EXPECT_EQ(table_error("num_prefill_tokens\n3\n"),
            "FILE:1:1: error: the column 'num_decode_tokens' is missing; columns found: "
            "num_prefill_tokens");
}

TEST(LengthTable, ATableWithoutRowsIsRefused) {
  EXPECT_EQ(table_error(kHeader), "FILE: error: the file has no rows that can be used");
}

TEST(LengthTable, BadRowsCanBeSkipped) {
  const LengthTable table = read_table(kHeader + "1,2,3,0.5\n1,2,4,0.5\n5,6\n", OnBadRow::skip);
  EXPECT_THAT(table.pairs, ElementsAre(LengthPair{1, 2}));
  EXPECT_EQ(table.account.dropped,
            (std::map<std::string, std::int64_t>{{"field-count", 1}, {"total-mismatch", 1}}));
}

TEST(LengthTable, PublishedTablesHaveTheirKnownRows) {
  const std::string folder = KVFERRY_SHARED_FILES "/traces/lengths/";
  if (!std::filesystem::exists(folder)) {
    GTEST_SKIP() << "NOT TESTED: the published length tables are not in " << folder;
  }
  EXPECT_EQ(
      read_length_table(folder + "sharegpt_8k_filtered_stats_llama2_tokenizer.csv").pairs.size(),
      30'731U);
  EXPECT_EQ(read_length_table(folder + "arxiv_summarization_stats_llama2_tokenizer_filtered_v2.csv")
                .pairs.size(),
            28'257U);
}

}  // namespace
}  // namespace kvferry::workloads
