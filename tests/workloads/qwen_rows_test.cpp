#include "tests/workloads/trace_text.hpp"
#include "workloads/trace.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

namespace kvferry::workloads {
namespace {

using ::testing::HasSubstr;

using Drops = std::map<std::string, std::int64_t>;

// A chat of 40 tokens, so three blocks of 16.
std::string chat(std::map<std::string, std::string> values) {
  std::map<std::string, std::string> row{{"chat_id", "0"},       {"parent_chat_id", "-1"},
                                         {"timestamp", "0.0"},   {"input_length", "40"},
                                         {"output_length", "5"}, {"type", "\"text\""},
                                         {"turn", "1"},          {"hash_ids", "[0, 1, 2]"}};
  for (const auto& [key, value] : values) row[key] = value;
  std::string text;
  for (const auto& [key, value] : row) {
    if (!value.empty()) text += (text.empty() ? "{\"" : ", \"") + key + "\": " + value;
  }
  return text + "}\n";
}

std::string reply(int id, int parent, int turn, int time_s) {
  return chat({{"chat_id", std::to_string(id)},
               {"parent_chat_id", std::to_string(parent)},
               {"turn", std::to_string(turn)},
               {"timestamp", std::to_string(time_s)}});
}

TraceOptions defaults() {
  return default_options(TraceFormat::qwen);
}

Trace read_qwen(const std::string& text, const TraceOptions& options = defaults()) {
  return read_text(TraceFormat::qwen, text, options);
}

std::string qwen_error(const std::string& text, const TraceOptions& options = defaults()) {
  return trace_error(TraceFormat::qwen, text, options);
}

TEST(QwenRows, ARowIsReadInSecondsAndBlocksOf16) {
  const Trace trace = read_qwen(chat({{"timestamp", "2.25"}}));
  EXPECT_EQ(trace.requests[0].arrival.value, 2.25);
  EXPECT_EQ(trace.requests[0].input_tokens, 40);
  EXPECT_EQ(trace.requests[0].output_tokens, 5);
  EXPECT_EQ(trace.requests[0].prefix_blocks.size(), 3U);
  EXPECT_EQ(trace.block_tokens, 16);
}

TEST(QwenRows, EqualContentsAreEqualBlocksOnlyBehindEqualPrefixes) {
  const Trace trace = read_qwen(chat({}) + chat({{"chat_id", "1"}, {"hash_ids", "[0, 1, 9]"}}) +
                                chat({{"chat_id", "2"}, {"hash_ids", "[7, 1, 2]"}}) +
                                chat({{"chat_id", "3"}, {"hash_ids", "[0, 0, 0]"}}));
  const auto& a = trace.requests[0].prefix_blocks;
  const auto& b = trace.requests[1].prefix_blocks;
  const auto& c = trace.requests[2].prefix_blocks;
  const auto& d = trace.requests[3].prefix_blocks;
  EXPECT_EQ(a[0], b[0]);
  EXPECT_EQ(a[1], b[1]);
  EXPECT_NE(a[2], b[2]);
  EXPECT_NE(a[1], c[1]) << "the same content behind another one";
  EXPECT_NE(a[2], c[2]);
  EXPECT_EQ(d[0], a[0]);
  EXPECT_NE(d[1], d[0]) << "a content may be there twice";
}

TEST(QwenRows, RepliesWaitForTheirParent) {
  const Trace trace = read_qwen(reply(4, -1, 1, 0) + reply(9, -1, 1, 1) + reply(5, 4, 2, 2) +
                                reply(6, 4, 2, 3) + reply(7, 5, 3, 4));
  EXPECT_EQ(trace.requests[2].after, 0);
  EXPECT_EQ(trace.requests[3].after, 0) << "an answer that was asked for again";
  EXPECT_EQ(trace.requests[4].after, 2);
  EXPECT_EQ(trace.requests[4].session, 0);
  EXPECT_EQ(trace.account.sessions, 2);
}

TEST(QwenRows, AnAbsentParentMakesARootAndIsCounted) {
  const Trace trace = read_qwen(reply(4, 77, 3, 0) + reply(5, 4, 4, 1));
  EXPECT_EQ(trace.requests[0].after, -1);
  EXPECT_EQ(trace.requests[1].after, 0);
  EXPECT_EQ(trace.account.orphan_turns, 1);
}

TEST(QwenRows, CyclesAreFaults) {
  EXPECT_EQ(qwen_error(reply(4, 4, 1, 0)),
            "FILE:1: error: 'parent_chat_id': the chat 4 is its own parent");
  EXPECT_EQ(qwen_error(reply(4, 5, 1, 0) + reply(5, 4, 2, 1)),
            "FILE:2: error: 'chat_id': the chat 5 is the parent of one above it; parents come "
            "first");
}

TEST(QwenRows, ARepeatedChatIsAFault) {
  EXPECT_EQ(qwen_error(reply(4, -1, 1, 0) + reply(4, -1, 1, 1)),
            "FILE:2: error: 'chat_id': a row above has the id 4 too");
}

TEST(QwenRows, TurnsMustIncrease) {
  EXPECT_EQ(qwen_error(reply(4, -1, 1, 0) + reply(5, 4, 1, 1)),
            "FILE:2: error: 'turn': expected more than that of the parent, 1, found 1");
}

TEST(QwenRows, DatesMustNotDecreaseWithinAConversationEvenWhenSorting) {
  TraceOptions options = defaults();
  options.on_unsorted = OnUnsorted::sort;
  EXPECT_EQ(qwen_error(reply(4, -1, 1, 9) + reply(5, 4, 2, 8), options),
            "FILE:2: error: 'timestamp': the turn is dated before its parent");
}

TEST(QwenRows, AChatAtFaultCutsOffItsReplies) {
  TraceOptions options = defaults();
  options.on_bad_row = OnBadRow::skip;
  const Trace trace = read_qwen(chat({{"chat_id", "4"}, {"input_length", "0"}}) +
                                    reply(5, 4, 2, 1) + reply(6, 5, 3, 2) + reply(8, -1, 1, 3),
                                options);
  EXPECT_EQ(trace.account.emitted, 1);
  EXPECT_EQ(trace.account.dropped, (Drops{{"bad-input-tokens", 1}, {"session-tail", 2}}));
}

TEST(QwenRows, TheNumberOfIdsMustBeTheCeiling) {
  EXPECT_EQ(qwen_error(chat({{"hash_ids", "[0, 1]"}})),
            "FILE:1: error: 'hash_ids': expected ceil(40 tokens / 16) = 3 ids, found 2");
  TraceOptions wrong = defaults();
  wrong.block_tokens = 512;
  EXPECT_EQ(qwen_error(chat({}), wrong),
            "FILE: error: a block size of 512 tokens fits the hash ids of 0 of 1 rows, but 16 fits "
            "1 of 1 rows: set block_tokens: 16");
}

TEST(QwenRows, IdsOfSomeRowsOnlyAreRefused) {
  EXPECT_EQ(qwen_error(chat({}) + chat({{"chat_id", "1"}, {"hash_ids", ""}})),
            "FILE:2: error: this row has no 'hash_ids', the rows above have them");
}

TEST(QwenRows, ValuesOfAnotherTypeAreFaults) {
  EXPECT_EQ(qwen_error(chat({{"timestamp", "\"0\""}})),
            "FILE:1: error: 'timestamp': expected a number, found '\"0\"'");
  EXPECT_EQ(qwen_error(chat({{"timestamp", "-0.5"}})),
            "FILE:1: error: 'timestamp': expected a time from 0 to 292 years, found '-0.5'");
  EXPECT_EQ(qwen_error(chat({{"input_length", "true"}})),
            "FILE:1: error: 'input_length': expected a number, found 'true'");
  EXPECT_EQ(qwen_error(chat({{"chat_id", "0.5"}})),
            "FILE:1: error: 'chat_id': expected a whole number, found '0.5'");
  EXPECT_EQ(qwen_error(chat({{"type", "3"}})), "FILE:1: error: 'type': expected a text, found '3'");
  for (const std::string ids :
       {"[0, -1, 2]", "[0, 1.5, 2]", "[0, null, 2]", "7", "[0, 18446744073709551616, 2]"}) {
    EXPECT_THAT(qwen_error(chat({{"hash_ids", ids}})),
                HasSubstr("expected an array of whole numbers from 0 to 2^64 - 1"));
  }
}

TEST(QwenRows, KeysAreChecked) {
  EXPECT_EQ(qwen_error(chat({{"turn", ""}})), "FILE:1: error: the key 'turn' is missing");
  EXPECT_EQ(
      qwen_error(chat({{"hash_idz", "[]"}})),
      "FILE:1: error: unknown key 'hash_idz' (did you mean 'hash_ids'?); valid keys: chat_id, "
      "parent_chat_id, timestamp, input_length, output_length, type, turn, hash_ids");
  EXPECT_EQ(qwen_error("{\"chat_id\": 0, \"chat_id\": 1}"),
            "FILE:1: error: the key 'chat_id' is there twice in one object");
}

TEST(QwenRows, WhatIsNotOneJsonObjectIsAFault) {
  EXPECT_EQ(qwen_error("[1]"), "FILE:1: error: expected a JSON object, found '[1]'");
  EXPECT_EQ(qwen_error("{\"chat_id\": NaN}"),
            "FILE:1: error: expected one JSON object, but at character 13 it is not valid JSON, "
            "found 'NaN}'");
  EXPECT_THAT(qwen_error("{} {}"), HasSubstr("it is not valid JSON"));
  EXPECT_EQ(qwen_error("{\"timestamp\": 1e400}"),
            "FILE:1: error: a number is too large to be read");
  EXPECT_EQ(qwen_error("{\"type\": " + std::string(70, '[') + std::string(70, ']') + "}"),
            "FILE:1: error: the row is nested deeper than 64 levels");
}

}  // namespace
}  // namespace kvferry::workloads
