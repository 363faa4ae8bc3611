#include "cli/bench_values.hpp"
#include "cli/codec_commands.hpp"
#include "cli/codec_text.hpp"
#include "cli/commands.hpp"
#include "cli/text_table.hpp"
#include "codec/files/tensor_coding.hpp"
#include "codec/splitzip.hpp"
#include "sim/base/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <span>
#include <utility>

namespace kvferry::cli {
namespace {

constexpr std::size_t kInCache = std::size_t{128} << 10;
constexpr std::size_t kInMemory = std::size_t{64} << 20;
constexpr std::size_t kRounds = 7;
constexpr std::chrono::milliseconds kShortestRound{20};

std::vector<std::byte> repeated(const std::vector<std::byte>& bytes, std::size_t size) {
  std::vector<std::byte> result(size);
  for (std::size_t done = 0; done < size; done += bytes.size()) {
    std::memcpy(result.data() + done, bytes.data(), std::min(bytes.size(), size - done));
  }
  return result;
}

template <typename Work>
double seconds_per_call(const Work& work) {
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  int calls = 0;
  do {
    work();
    ++calls;
  } while (Clock::now() - start < kShortestRound);
  return std::chrono::duration<double>(Clock::now() - start).count() / calls;
}

double median(std::array<double, kRounds> values) {
  std::nth_element(values.begin(), values.begin() + kRounds / 2, values.end());
  return values[kRounds / 2];
}

/// Medians, in seconds; the three are measured in turn, so that they see the same machine.
struct Times {
  double copy;
  double encode;
  double decode;
};

class Bench {
 public:
  Bench(std::vector<std::byte> values, codec::EncodeParameters parameters)
      : values_(std::move(values)),
        parameters_(std::move(parameters)),
        frame_(frame_bound(frame_layout(values_.size() / bytes_per_value(parameters_.format.dtype),
                                        parameters_.format))),
        target_(values_.size()) {}

  Times measure(const codec::Execution& execution) {
    std::array<double, kRounds> copy{};
    std::array<double, kRounds> encode{};
    std::array<double, kRounds> decode{};
    for (std::size_t round = 0; round < kRounds; ++round) {
      copy[round] = seconds_per_call([&] { copy_values(); });
      encode[round] = seconds_per_call(
          [&] { frame_bytes_ = codec::encode_into(values_, parameters_, frame_, execution); });
      decode[round] = seconds_per_call([&] { decode_values(execution); });
    }
    check(execution);
    return {median(copy), median(encode), median(decode)};
  }

  std::size_t raw_bytes() const { return values_.size(); }
  std::size_t frame_bytes() const { return frame_bytes_; }

 private:
  void copy_values() {
    std::memcpy(target_.data(), values_.data(), values_.size());
    asm volatile("" : : "r"(target_.data()) : "memory");  // or the compiler drops the copy
  }

  codec::DecodeResult decode_values(const codec::Execution& execution) {
    return codec::decode(std::span(frame_).first(frame_bytes_), std::span(target_), execution);
  }

  // Speed counts for nothing when the values are wrong.
  void check(const codec::Execution& execution) {
    std::fill(target_.begin(), target_.end(), std::byte{0});
    const codec::DecodeResult result = decode_values(execution);
    if (result.fault != codec::FrameFault::none || target_ != values_) {
      throw RunError("the decoded values differ from those encoded (" +
                     std::string(name_of(execution.instructions)) + ")");
    }
  }

  std::vector<std::byte> values_;
  codec::EncodeParameters parameters_;
  std::vector<std::byte> frame_;
  std::vector<std::byte> target_;
  std::size_t frame_bytes_ = 0;
};

std::string rate_text(std::size_t bytes, double seconds) {
  return fmt::format("{:.2f}", static_cast<double>(bytes) / seconds / 1e9);
}

void add_rows(TextTable& table, const std::string& size, Bench& bench, unsigned threads) {
  for (const codec::InstructionSet set :
       {codec::InstructionSet::scalar, codec::InstructionSet::avx2,
        codec::InstructionSet::avx512}) {
    if (!codec::is_available(set)) continue;
    const Times times = bench.measure({threads, set});
    const std::size_t raw = bench.raw_bytes();
    table.add({size, std::string(name_of(set)), rate_text(raw, times.copy),
               rate_text(raw, times.encode), fmt::format("{:.3f}", times.copy / times.encode),
               rate_text(raw, times.decode), fmt::format("{:.3f}", times.copy / times.decode),
               ratio_text(raw, bench.frame_bytes())});
  }
}

}  // namespace

int codec_bench(const CodecBenchOptions& options) {
  if (options.device) return codec_gpu_bench(options);
  const BenchValues values = values_for(options);
  codec::ExponentHistogram histogram{};
  codec::count_exponents(values.bytes, values.dtype, histogram);
  const codec::TensorCoding coding = codec::coding_for(histogram, values.dtype, options.rule);
  TextTable table({"raw size", "instructions", "memcpy GB/s", "encode GB/s", "of memcpy",
                   "decode GB/s", "of memcpy", "ratio"},
                  {Align::left, Align::left, Align::right});
  for (const auto& [name, size] :
       {std::pair{"128 KiB", kInCache}, std::pair{"64 MiB", kInMemory}}) {
    Bench bench(repeated(values.bytes, size), {coding.codebook, coding.format});
    add_rows(table, name, bench, options.threads);
  }
  fmt::print("{}, {} {}, without checksums; at most {} thread{}, memcpy on one; medians of {}\n\n",
             values.source, name_of(values.dtype), format_text(coding.format), options.threads,
             options.threads == 1 ? "" : "s", kRounds);
  fmt::print("{}", table.text());
  return kSuccess;
}

}  // namespace kvferry::cli
