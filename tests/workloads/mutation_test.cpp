// Whatever happens to a file, reading it either succeeds with a consistent account or throws
// InputError; nothing else, and never silently wrong.
#include "sim/base/error.hpp"
#include "sim/base/random.hpp"
#include "tests/workloads/trace_text.hpp"
#include "workloads/trace.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <functional>
#include <string>

namespace kvferry::workloads {
namespace {

constexpr int kMutants = 4000;
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

std::string sample(TraceFormat format) {
  if (format == TraceFormat::azure) return std::string(kAzureText);
  return std::string(kMooncakeText) +
         R"({"created_time": 4000.5, "input_tokens": 512.0, "output_tokens": 1, "hash_ids": [0], )"
         R"("request_id": "x", "extra": {"a": [1, {"b": null}]}})"
         "\n";
}

TraceOptions any_options(RandomStream& random) {
  TraceOptions options;
  if (random.below(2) == 0) options.on_bad_row = OnBadRow::skip;
  if (random.below(2) == 0) options.on_unsorted = OnUnsorted::sort;
  if (random.below(2) == 0) options.on_zero_output = OnZeroOutput::drop;
  if (random.below(4) == 0) options.max_context_tokens = 900;
  if (random.below(4) == 0) options.max_requests = 2;
  if (random.below(4) == 0) options.duration = Seconds{4.2};
  if (random.below(4) == 0) options.allow_missing_prefix = true;
  return options;
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
    if (!request.prefix_blocks.empty()) {
      EXPECT_EQ(static_cast<std::int64_t>(request.prefix_blocks.size()),
                (request.input_tokens + 511) / 512);
    }
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
      expect_consistent(read_text(format, text, any_options(random)));
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

}  // namespace
}  // namespace kvferry::workloads
