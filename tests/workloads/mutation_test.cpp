// Whatever happens to a file, reading it either succeeds with a consistent account or throws
// InputError; nothing else, and never silently wrong.
#include "sim/base/error.hpp"
#include "sim/base/random.hpp"
#include "tests/temporary_folder.hpp"
#include "tests/workloads/trace_text.hpp"
#include "workloads/trace.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace kvferry::workloads {
namespace {

constexpr int kMutants = 4000;  // of each format
constexpr std::uint64_t kSeed = 20231116;

using Mutation = std::function<void(std::string&, RandomStream&)>;

std::size_t any_position(const std::string& text, RandomStream& random) {
  return random.below(text.size() + 1);
}

void flip_bit(std::string& text, RandomStream& random) {
  if (text.empty()) return;
  char& byte = text[random.below(text.size())];
  byte = static_cast<char>(static_cast<unsigned char>(byte) ^ (1U << random.below(8)));
}

void cut_end(std::string& text, RandomStream& random) {
  text.resize(any_position(text, random));
}

void join_lines(std::string& text, RandomStream& random) {
  const auto newline = text.find('\n', any_position(text, random));
  if (newline != std::string::npos) text.erase(newline, 1);
}

void cut_line(std::string& text, RandomStream& random) {
  const std::size_t begin = any_position(text, random);
  const auto newline = text.find('\n', begin);
  if (newline != std::string::npos) text.erase(begin, newline - begin);
}

// Removes a span that starts and ends at separators.
void remove_field(std::string& text, RandomStream& random) {
  const auto begin = text.find_first_of(",:{[", any_position(text, random));
  if (begin == std::string::npos) return;
  const auto end = text.find_first_of(",:}]\n", begin + 1);
  if (end != std::string::npos) text.erase(begin, end - begin);
}

void change_sign(std::string& text, RandomStream& random) {
  const auto digit = text.find_first_of("0123456789", any_position(text, random));
  if (digit != std::string::npos) text.insert(digit, "-");
}

void insert_digits(std::string& text, RandomStream& random) {
  text.insert(any_position(text, random), std::string(400, '7'));
}

void repeat_span(std::string& text, RandomStream& random) {
  const std::size_t begin = any_position(text, random);
  const std::string span = text.substr(begin, random.below(60));
  text.insert(any_position(text, random), span);
}

void insert_token(std::string& text, RandomStream& random) {
  static const std::array<std::string, 14> kTokens{"null",
                                                   "NaN",
                                                   "1e400",
                                                   "\"",
                                                   "\\u0000",
                                                   "[[[[",
                                                   "}{",
                                                   "\r",
                                                   "\xff",
                                                   "+00:00",
                                                   "512.5",
                                                   ",",
                                                   "\"input_length\":",
                                                   std::string(1, '\0')};
  text.insert(any_position(text, random), kTokens[random.below(kTokens.size())]);
}

const std::array<Mutation, 9> kMutations{flip_bit,      cut_end,      join_lines,
                                         cut_line,      remove_field, change_sign,
                                         insert_digits, repeat_span,  insert_token};

constexpr std::string_view kBurstText =
    "Timestamp,Session ID,Elapsed time,Model,Request tokens,Response tokens,Total tokens,Log Type\n"
    "19440110.0,s1,43,GPT-4,906,446,1352,Conversation log\n"
    "19440161.5,,2,ChatGPT,36,29,65,API log\n"
    "19440192.0,s1,8,GPT-4,1779,123,1902,Conversation log\n";
constexpr std::string_view kPlainText =
    "arrival_s,input_tokens,output_tokens,session_id,think_s,priority,request_id\n"
    "0,10,1,a,,,r1\n0.5,20,2,b,,-3,r2\n,11,1,a,0.25,,r3\n7,12,1,a,,,r4\n";
constexpr std::string_view kVidurText =
    "arrived_at,num_prefill_tokens,num_decode_tokens\n0.0,374,44\n4.314579,396,109\n"
    "4.5418769999999995,879,55\n";
constexpr std::string_view kQwenText =
    R"({"chat_id": 0, "parent_chat_id": -1, "timestamp": 0.0, "input_length": 20, )"
    R"("output_length": 5, "type": "text", "turn": 1, "hash_ids": [0, 1]}
{"chat_id": 1, "parent_chat_id": 0, "timestamp": 2.5, "input_length": 33, )"
    R"("output_length": 5, "type": "text", "turn": 2, "hash_ids": [0, 2, 2]}
{"chat_id": 2, "parent_chat_id": 9, "timestamp": 3, "input_length": 5, )"
    R"("output_length": 5, "type": "text", "turn": 4, "hash_ids": [7]}
)";
constexpr std::string_view kWekaText =
    R"({"id": "c", "models": ["m"], "block_size": 64, "hash_id_scope": "local", "tool_tokens": 1,
"system_tokens": 1, "requests": [
{"t": 0.0, "type": "n", "model": "m", "in": 130, "out": 10, "hash_ids": [1, 2], "input_types": [],
"output_types": [], "stop": "", "api_time": 2.0},
{"t": 9.0, "type": "subagent", "agent_id": "x", "subagent_type": "y", "duration_ms": 5000,
"total_tokens": 1, "tool_use_count": 1, "status": "completed", "models": [], "tool_tokens": 0,
"system_tokens": 0, "requests": [
{"t": 1.0, "type": "s", "model": "m", "in": 64, "out": 3, "hash_ids": [3], "input_types": [],
"output_types": [], "stop": "", "ttft": 0.5}]},
{"t": 12.0, "type": "n", "model": "m", "in": 200, "out": 0, "hash_ids": [1, 2, 4],
"input_types": [], "output_types": [], "stop": "", "think_time": 1.5}],
"totals": {"parent_tokens": {"input": 330, "output": 10}, "subagent_tokens": {"input": 64,
"output": 3}, "combined_tokens": {"input": 394, "output": 13}, "subagent_count": 1}}
)";

std::string sample(TraceFormat format) {
  switch (format) {
    case TraceFormat::azure:
      return std::string(kAzureText);
    case TraceFormat::burstgpt:
      return std::string(kBurstText);
    case TraceFormat::csv:
      return std::string(kPlainText);
    case TraceFormat::vidur:
      return std::string(kVidurText);
    case TraceFormat::qwen:
      return std::string(kQwenText);
    case TraceFormat::weka:
      return std::string(kWekaText);
    case TraceFormat::mooncake:
    case TraceFormat::servegen:
      break;
  }
  return std::string(kMooncakeText) +
         R"({"created_time": 4000.5, "input_tokens": 512.0, "output_tokens": 1, "hash_ids": [0], )"
         R"("request_id": "x", "extra": {"a": [1, {"b": null}]}})"
         "\n"
         R"({"session_id": "a", "timestamp": 4100, "input_length": 9, "output_length": 1, )"
         R"("hash_ids": [8], "priority": 3})"
         "\n"
         R"({"session_id": "a", "delay": 20, "input_length": 500, "output_length": 1, )"
         R"("hash_ids": [9]})"
         "\n";
}

void choose_replay(TraceOptions& options, RandomStream& random) {
  if (random.below(3) == 0) options.replay = Replay::closed;
  if (random.below(4) == 0) options.idle_gap_cap = Seconds{0.5};
  if (random.below(4) == 0) options.turn_input = TurnInput::delta;
  if (random.below(6) == 0) options.ignore_delays = true;
  if (random.below(8) == 0) options.replay = Replay::open;
}

TraceOptions any_options(TraceFormat format, RandomStream& random) {
  TraceOptions options = default_options(format);
  choose_replay(options, random);
  if (random.below(2) == 0) options.on_bad_row = OnBadRow::skip;
  if (random.below(2) == 0) options.on_unsorted = OnUnsorted::sort;
  if (random.below(2) == 0) options.on_zero_output = OnZeroOutput::drop;
  if (random.below(4) == 0) options.max_context_tokens = 900;
  if (random.below(4) == 0) options.max_requests = 2;
  if (format != TraceFormat::weka && random.below(4) == 0) options.duration = Seconds{4.2};
  if (random.below(4) == 0) options.allow_missing_prefix = true;
  return options;
}

void expect_consistent(const Request& request, const Trace& trace) {
  const auto blocks = static_cast<std::int64_t>(request.prefix_blocks.size());
  if (blocks > 0) {
    EXPECT_GE(blocks, request.input_tokens / trace.block_tokens);
    EXPECT_LE(blocks, request.input_tokens / trace.block_tokens + 1);
  }
  EXPECT_GE(request.think, Seconds{});
  EXPECT_LT(request.after, request.id);
  EXPECT_LT(request.session, trace.account.sessions);
  if (request.after < 0) return;
  const Request& before = trace.requests[static_cast<std::size_t>(request.after)];
  EXPECT_EQ(before.session, request.session);
  EXPECT_GE(request.session, 0);
}

void expect_consistent(const Trace& trace) {
  std::int64_t dropped = 0;
  for (const auto& [reason, rows] : trace.account.dropped) dropped += rows;
  EXPECT_EQ(trace.account.rows_read, trace.account.emitted + dropped);
  EXPECT_EQ(trace.account.emitted, static_cast<std::int64_t>(trace.requests.size()));
  Seconds previous{};
  std::int64_t id = 0;
  for (const Request& request : trace.requests) {
    EXPECT_EQ(request.id, id++);
    EXPECT_GE(request.arrival, previous);
    EXPECT_GE(request.input_tokens, 1);
    EXPECT_GE(request.output_tokens, 1);
    expect_consistent(request, trace);
    previous = request.arrival;
  }
}

void try_mutants(TraceFormat format) {
  RandomStream random(kSeed, name_of(format));
  int accepted = 0;
  for (int mutant = 0; mutant < kMutants; ++mutant) {
    std::string text = sample(format);
    const std::uint64_t mutations = 1 + random.below(3);
    for (std::uint64_t i = 0; i < mutations; ++i) {
      kMutations[random.below(kMutations.size())](text, random);
    }
    SCOPED_TRACE("seed " + std::to_string(kSeed) + ", mutant " + std::to_string(mutant));
    try {
      expect_consistent(read_text(format, text, any_options(format, random)));
      ++accepted;
    } catch (const InputError& error) {
      EXPECT_FALSE(error.messages().empty());
    }
  }
  // Both ways out must have been taken often for the test to mean anything.
  EXPECT_GT(accepted, kMutants / 20);
  EXPECT_LT(accepted, kMutants * 19 / 20);
}

TEST(Mutation, AMutatedMooncakeTraceIsReadConsistentlyOrRefused) {
  try_mutants(TraceFormat::mooncake);
}

TEST(Mutation, AMutatedAzureTraceIsReadConsistentlyOrRefused) {
  try_mutants(TraceFormat::azure);
}

TEST(Mutation, AMutatedBurstGptTraceIsReadConsistentlyOrRefused) {
  try_mutants(TraceFormat::burstgpt);
}

TEST(Mutation, AMutatedPlainTraceIsReadConsistentlyOrRefused) {
  try_mutants(TraceFormat::csv);
}

TEST(Mutation, AMutatedVidurTraceIsReadConsistentlyOrRefused) {
  try_mutants(TraceFormat::vidur);
}

TEST(Mutation, AMutatedQwenTraceIsReadConsistentlyOrRefused) {
  try_mutants(TraceFormat::qwen);
}

TEST(Mutation, AMutatedWekaTraceIsReadConsistentlyOrRefused) {
  try_mutants(TraceFormat::weka);
}

TEST(Mutation, AMutatedServeGenClientIsReadConsistentlyOrRefused) {
  RandomStream random(kSeed, "servegen");
  const TemporaryFolder folder;
  int accepted = 0;
  for (int mutant = 0; mutant < kMutants; ++mutant) {
    std::string rates =
        "0,0.01,1,,0,0\r\n600,0.02,2.2,Gamma,0.5,1\r\n1200,0.1,1.5,Weibull,0.7,1\r\n";
    std::string lengths =
        R"({"0": {"input_tokens": "{45: 0.25, 46: 7.5e-1}", "output_tokens": "{7: 1.0}"}})";
    kMutations[random.below(kMutations.size())](random.below(2) == 0 ? rates : lengths, random);
    write_text(folder.path() / "chunk-0-trace.csv", rates);
    write_text(folder.path() / "chunk-0-dataset.json", lengths);
    TraceOptions options;
    options.max_requests = 100;
    SCOPED_TRACE("seed " + std::to_string(kSeed) + ", mutant " + std::to_string(mutant));
    try {
      expect_consistent(read_trace(folder.path().string(), TraceFormat::servegen, options));
      ++accepted;
    } catch (const InputError& error) {
      EXPECT_FALSE(error.messages().empty());
    }
  }
  EXPECT_GT(accepted, kMutants / 20);
  EXPECT_LT(accepted, kMutants * 19 / 20);
}

}  // namespace
}  // namespace kvferry::workloads
