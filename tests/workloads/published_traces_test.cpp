// The published traces must give the totals that are known of them. They are not part of this
// repository: the tests skip, loudly, where they are absent.
#include "tests/workloads/trace_text.hpp"
#include "workloads/trace.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <list>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>

namespace kvferry::workloads {
namespace {

const std::string kTraces = KVFERRY_SHARED_FILES "/traces/";
const std::string kConversation = kTraces + "mooncake/conversation_trace.jsonl";
const std::string kAzureConversation = kTraces + "azure2023/AzureLLMInferenceTrace_conv.csv";

#define KVFERRY_NEEDS(path)           \
  if (!std::filesystem::exists(path)) \
  GTEST_SKIP() << "NOT TESTED: the published trace " << (path) << " is not here"

struct Totals {
  std::int64_t input_tokens = 0;
  std::int64_t output_tokens = 0;
  std::set<double> dates;
};

Totals totals_of(const Trace& trace) {
  Totals totals;
  for (const Request& request : trace.requests) {
    totals.input_tokens += request.input_tokens;
    totals.output_tokens += request.output_tokens;
    totals.dates.insert(request.arrival.value);
  }
  return totals;
}

// Blocks in order of use; every block of a request is touched or inserted first to last, and the
// least recently used one leaves after each insertion beyond the capacity.
class LruBlocks {
 public:
  explicit LruBlocks(std::size_t capacity) : capacity_(capacity) {}

  bool holds(std::uint64_t block) const { return places_.count(block) > 0; }

  void touch(std::uint64_t block) {
    const auto place = places_.find(block);
    if (place != places_.end()) {
      order_.splice(order_.begin(), order_, place->second);
      return;
    }
    order_.push_front(block);
    places_[block] = order_.begin();
    if (places_.size() <= capacity_) return;
    places_.erase(order_.back());
    order_.pop_back();
  }

 private:
  std::size_t capacity_;
  std::list<std::uint64_t> order_;  // most recently used first
  std::unordered_map<std::uint64_t, std::list<std::uint64_t>::iterator> places_;
};

// Leading blocks found in the cache, over all requests.
std::int64_t hit_blocks(const Trace& trace, std::size_t capacity) {
  LruBlocks cache(capacity);
  std::int64_t hits = 0;
  for (const Request& request : trace.requests) {
    const auto& blocks = request.prefix_blocks;
    hits += std::find_if_not(blocks.begin(), blocks.end(),
                             [&](std::uint64_t block) { return cache.holds(block); }) -
            blocks.begin();
    for (const std::uint64_t block : blocks) cache.touch(block);
  }
  return hits;
}

TEST(PublishedTraces, MooncakeConversationHasItsKnownTotals) {
  KVFERRY_NEEDS(kConversation);
  const Trace trace = read_trace(kConversation, TraceFormat::mooncake, {});
  const Totals totals = totals_of(trace);
  EXPECT_EQ(trace.requests.size(), 12'031U);
  EXPECT_EQ(totals.input_tokens, 144'793'823);
  EXPECT_EQ(totals.output_tokens, 4'122'048);
  EXPECT_EQ(trace.requests.back().arrival.value, 3536.999);
  EXPECT_EQ(totals.dates.size(), 1'180U);
  EXPECT_TRUE(trace.account.dropped.empty());
  EXPECT_TRUE(trace.account.ignored_keys.empty());
  EXPECT_EQ(trace.account.blank_lines, 0);
  EXPECT_EQ(trace.file_bytes, 3'029'533);
  EXPECT_EQ(trace.block_tokens, 512);
  EXPECT_EQ(trace.account.warnings.size(), 1U) << "its clock ticks every 3 s";
}

TEST(PublishedTraces, MooncakeConversationHasItsKnownBlocks) {
  KVFERRY_NEEDS(kConversation);
  const Trace trace = read_trace(kConversation, TraceFormat::mooncake, {});
  std::size_t ids = 0;
  std::unordered_set<std::uint64_t> distinct;
  std::uint64_t largest = 0;
  for (const Request& request : trace.requests) {
    ids += request.prefix_blocks.size();
    for (const std::uint64_t id : request.prefix_blocks) {
      distinct.insert(id);
      largest = std::max(largest, id);
    }
  }
  EXPECT_EQ(ids, 288'500U);
  EXPECT_EQ(distinct.size(), 182'790U);
  EXPECT_EQ(largest, 182'789U);
}

TEST(PublishedTraces, MooncakeConversationHasItsKnownPrefixHits) {
  KVFERRY_NEEDS(kConversation);
  const Trace trace = read_trace(kConversation, TraceFormat::mooncake, {});
  EXPECT_EQ(hit_blocks(trace, 1'000'000'000), 105'710);
  EXPECT_EQ(hit_blocks(trace, 10'000), 60'921);
}

TEST(PublishedTraces, TheWrongBlockSizeOfMooncakeConversationIsNoticed) {
  KVFERRY_NEEDS(kConversation);
  TraceOptions options;
  options.block_tokens = 16;
  EXPECT_EQ(error_of([&] { read_trace(kConversation, TraceFormat::mooncake, options); }),
            kConversation +
                ": error: a block size of 16 tokens fits the hash ids of 0 of 12031 rows, but 512 "
                "fits 12031 of 12031 rows: set block_tokens: 512");
}

TEST(PublishedTraces, AzureConversationHasItsKnownTotals) {
  KVFERRY_NEEDS(kAzureConversation);
  const Trace trace = read_trace(kAzureConversation, TraceFormat::azure, {});
  const Totals totals = totals_of(trace);
  EXPECT_EQ(trace.requests.size(), 19'366U);
  EXPECT_EQ(totals.input_tokens, 22'361'870);
  EXPECT_EQ(totals.output_tokens, 4'088'665);
  EXPECT_EQ(trace.requests.front().arrival.value, 0);
  EXPECT_EQ(trace.requests.back().arrival.value, 3501.721937);
  EXPECT_EQ(totals.dates.size(), 19'366U) << "no two requests at once";
  EXPECT_TRUE(trace.account.warnings.empty());
}

TEST(PublishedTraces, Azure2024FilesAreRead) {
  const std::string examples = kTraces + "format_examples/AzureLLMInferenceTrace_2024_";
  KVFERRY_NEEDS(examples + "conv_first5rows.csv");
  const Trace conversation = read_trace(examples + "conv_first5rows.csv", TraceFormat::azure, {});
  EXPECT_EQ(conversation.requests.size(), 5U);
  EXPECT_EQ(totals_of(conversation).input_tokens, 5084);
  EXPECT_EQ(conversation.requests.back().arrival.value, 0.247116);
  const Trace code = read_trace(examples + "code_first5rows.csv", TraceFormat::azure, {});
  EXPECT_EQ(totals_of(code).output_tokens, 35);
  EXPECT_EQ(code.requests.back().arrival.value, 0.07396);
}

TEST(PublishedTraces, SessionsOfOtherToolsAreRead) {
  const std::string path = kTraces + "format_examples/aiperf_mooncake_sessions.jsonl";
  KVFERRY_NEEDS(path);
  TraceOptions options;
  options.turn_input = TurnInput::delta;
  const Trace trace = read_trace(path, TraceFormat::mooncake, options);
  ASSERT_EQ(trace.requests.size(), 3U);
  EXPECT_EQ(trace.account.sessions, 2);
  // 1200 + 50 + 512 tokens, 100 ms after the end of the first turn.
  EXPECT_EQ(trace.requests[1].input_tokens, 1762);
  EXPECT_EQ(trace.requests[1].after, 0);
  EXPECT_EQ(trace.requests[1].think.value, 0.1);
  EXPECT_EQ(trace.requests[2].arrival.value, 0.0005);
}

TEST(PublishedTraces, BothFormsOfBurstGptAreRead) {
  const std::string six = kTraces + "format_examples/BurstGPT_1_first3rows.csv";
  const std::string eight = kTraces + "format_examples/BurstGPT_3_first4rows.csv";
  KVFERRY_NEEDS(six);
  KVFERRY_NEEDS(eight);
  const TraceOptions options = default_options(TraceFormat::burstgpt);
  const Trace first = read_trace(six, TraceFormat::burstgpt, options);
  EXPECT_EQ(totals_of(first).input_tokens, 1976);
  EXPECT_EQ(first.requests.back().arrival.value, 113);
  EXPECT_EQ(first.account.sessions, 0);
  const Trace third = read_trace(eight, TraceFormat::burstgpt, options);
  EXPECT_EQ(totals_of(third).output_tokens, 776);
  EXPECT_EQ(third.requests.back().arrival.value, 144);
  EXPECT_EQ(third.account.sessions, 4);
}

TEST(PublishedTraces, AQwenRowIsRead) {
  const std::string path = kTraces + "format_examples/qwen_thinking_blksz_16_row1.jsonl";
  KVFERRY_NEEDS(path);
  const Trace trace = read_trace(path, TraceFormat::qwen, default_options(TraceFormat::qwen));
  ASSERT_EQ(trace.requests.size(), 1U);
  EXPECT_EQ(trace.requests[0].input_tokens, 502);
  EXPECT_EQ(trace.requests[0].output_tokens, 1494);
  EXPECT_EQ(trace.requests[0].prefix_blocks.size(), 32U);
  EXPECT_EQ(trace.block_tokens, 16);
}

// The published collection has 739 conversations; the test folder has seven of them, without
// sub-agents.
TEST(PublishedTraces, ConversationsOfCodingAgentsAreRead) {
  const std::string path = kTraces + "weka";
  KVFERRY_NEEDS(path);
  const Trace trace = read_trace(path, TraceFormat::weka, default_options(TraceFormat::weka));
  const Totals totals = totals_of(trace);
  EXPECT_EQ(trace.requests.size(), 251U);
  EXPECT_EQ(trace.account.sessions, 7);
  EXPECT_EQ(totals.input_tokens, 20'571'433);
  EXPECT_EQ(totals.output_tokens, 125'749);
  EXPECT_EQ(trace.block_tokens, 64);
  EXPECT_TRUE(trace.account.dropped.empty());
  for (const Request& request : trace.requests) {
    EXPECT_EQ(static_cast<std::int64_t>(request.prefix_blocks.size()), request.input_tokens / 64);
  }
}

// Eight clients of deepseek-r1, which send 2.4718 requests per second over 86,400 s.
TEST(PublishedTraces, ServeGenClientsSendAtTheirRates) {
  const std::string path = kTraces + "servegen";
  KVFERRY_NEEDS(path);
  const Trace trace = read_trace(path, TraceFormat::servegen, {}, 1);
  EXPECT_NEAR(static_cast<double>(trace.requests.size()), 213'563, 0.02 * 213'563);
  EXPECT_EQ(trace.account.rows_read, trace.account.emitted);
}

}  // namespace
}  // namespace kvferry::workloads
