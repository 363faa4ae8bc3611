// Speed of the CPU codec on one core beside that of memcpy in the same run, for every instruction
// set of this processor, and of zstd -1 and lz4. Columns: GB/s of raw bytes, of_memcpy (the share
// of memcpy's speed on as many bytes), ratio (raw bytes to compressed ones), escapes% (of the
// values). GB/s and of_memcpy are medians over the iterations.
#include "codec/splitzip.hpp"
#include "codec/synthetic_kv.hpp"
#include "sim/base/random.hpp"
#include "tests/benchmarks/beside_memcpy.hpp"
#include "tests/benchmarks/other_compressors.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <string>
#include <vector>

namespace kvferry::codec {
namespace {

struct TensorSize {
  const char* name;
  std::size_t bytes;
  int iterations;
};
// Tensor and frame of the first stay in a core's second-level cache, those of the second in none.
constexpr TensorSize kSizes[]{{"256KiB", std::size_t{256} << 10, 301},
                              {"64MiB", std::size_t{64} << 20, 15}};

/// A tensor of a model's V cache, and how it is encoded.
struct Payload {
  const char* name;
  FrameFormat format;
  bool is_random = false;
};
const std::vector<Payload> kPayloads{
    {"bf16-4bit-positional", {DType::bf16, 4, EscapeMode::positional}},
    {"bf16-4bit-sentinel", {DType::bf16, 4, EscapeMode::sentinel}},
    {"bf16-3bit-sentinel", {DType::bf16, 3, EscapeMode::sentinel}},
    {"bf16-4bit-checksums", {DType::bf16, 4, EscapeMode::positional, ChecksumKind::per_chunk}},
    {"bf16-random-bits", {DType::bf16, 4, EscapeMode::positional}, true},
    {"e5m2-3bit-sentinel", {DType::e5m2, 3, EscapeMode::sentinel}},
    {"e4m3-3bit-sentinel", {DType::e4m3, 3, EscapeMode::sentinel}}};

std::vector<std::uint16_t> bf16_values(const Payload& payload) {
  auto values =
      synthesize_kv(*find_kv_preset("qwen3-32b"), {64, 8, 128, 256}, KvKind::value, 10, 1, 2);
  if (!payload.is_random) return values;
  RandomStream random(1, "benchmark");
  for (std::uint16_t& value : values) value = static_cast<std::uint16_t>(random.next_word());
  return values;
}

Pages tensor_of(const Payload& payload, std::size_t bytes) {
  const std::vector<std::uint16_t> values = bf16_values(payload);
  const DType dtype = payload.format.dtype;
  std::vector<std::byte> tile;
  if (dtype == DType::bf16) {
    const auto bf16 = std::as_bytes(std::span(values));
    tile.assign(bf16.begin(), bf16.end());
  } else {
    for (const std::uint16_t value : values) {
      tile.push_back(static_cast<std::byte>(fp8_from_bf16(value, dtype)));
    }
  }
  Pages tensor(bytes);
  for (std::size_t done = 0; done < bytes; done += tile.size()) {
    std::copy_n(tile.begin(), std::min(tile.size(), bytes - done), tensor.bytes().data() + done);
  }
  return tensor;
}

ExponentHistogram histogram_of(std::span<const std::byte> values, DType dtype) {
  ExponentHistogram histogram{};
  count_exponents(values, dtype, histogram);
  return histogram;
}

/// A tensor and its frame.
class Encoded {
 public:
  Encoded(const Payload& payload, std::size_t bytes)
      : tensor_(tensor_of(payload, bytes)),
        histogram_(histogram_of(values(), payload.format.dtype)),
        parameters_{Codebook::most_frequent(histogram_, max_codebook_size(payload.format)),
                    payload.format},
        room_(frame_bound(
            frame_layout(bytes / bytes_per_value(payload.format.dtype), payload.format))),
        size_(encode_into(values(), parameters_, room_.bytes())) {}

  TensorBytes values() const { return tensor_.bytes(); }
  const EncodeParameters& parameters() const { return parameters_; }
  std::span<std::byte> room() const { return room_.bytes(); }
  std::span<const std::byte> frame() const { return room_.bytes().first(size_); }

  void report(benchmark::State& state) const {
    const std::size_t codes = parameters_.codebook.exponents().size();
    state.counters["escapes%"] = 100 * (1 - coverage(histogram_, codes));
    state.counters["ratio"] =
        static_cast<double>(values().size()) / static_cast<double>(frame().size());
  }

 private:
  Pages tensor_;
  ExponentHistogram histogram_;
  EncodeParameters parameters_;
  Pages room_;
  std::size_t size_;
};

void measure_memcpy(benchmark::State& state, std::size_t bytes) {
  const Pages from(bytes);
  const Pages to(bytes);
  measure_beside_memcpy(state, from.bytes(), [&] {
    std::memcpy(to.bytes().data(), from.bytes().data(), bytes);
    benchmark::ClobberMemory();
  });
}

void measure_encode(benchmark::State& state, const Payload& payload, std::size_t bytes,
                    InstructionSet set) {
  const Encoded encoded(payload, bytes);
  measure_beside_memcpy(state, encoded.values(), [&] {
    encode_into(encoded.values(), encoded.parameters(), encoded.room(), {.instructions = set});
    benchmark::ClobberMemory();
  });
  encoded.report(state);
}

void measure_decode(benchmark::State& state, const Payload& payload, std::size_t bytes,
                    InstructionSet set) {
  const Encoded encoded(payload, bytes);
  const Pages decoded(bytes);
  FrameFault fault = FrameFault::none;
  measure_beside_memcpy(state, encoded.values(), [&] {
    fault = decode(encoded.frame(), decoded.bytes(), {.instructions = set}).fault;
    benchmark::ClobberMemory();
  });
  if (fault != FrameFault::none) state.SkipWithError(std::string(text_of(fault)).c_str());
  encoded.report(state);
}

void measure_histogram(benchmark::State& state, const Payload& payload, std::size_t bytes) {
  const Pages tensor = tensor_of(payload, bytes);
  measure_beside_memcpy(state, tensor.bytes(), [&] {
    benchmark::DoNotOptimize(histogram_of(tensor.bytes(), payload.format.dtype));
  });
}

void measure_other(benchmark::State& state, OtherCompressor& other, std::size_t bytes,
                   bool decompresses) {
  const Pages tensor = tensor_of(kPayloads.front(), bytes);
  const Pages room(other.bound(bytes));
  const Pages out(bytes);
  std::size_t size = other.compress(tensor.bytes(), room.bytes());
  measure_beside_memcpy(state, tensor.bytes(), [&] {
    if (decompresses) {
      other.decompress(room.bytes().first(size), out.bytes());
    } else {
      size = other.compress(tensor.bytes(), room.bytes());
    }
    benchmark::ClobberMemory();
  });
  state.counters["ratio"] = static_cast<double>(bytes) / static_cast<double>(size);
}

template <typename Measure>
void add_row(const std::string& name, const TensorSize& size, Measure measure) {
  benchmark::RegisterBenchmark((name + "/" + size.name).c_str(), measure)
      ->UseManualTime()
      ->Iterations(size.iterations)
      ->Unit(benchmark::kMicrosecond);
}

void add_codec_rows(const Payload& payload, const TensorSize& size) {
  for (const auto set : {InstructionSet::scalar, InstructionSet::avx2, InstructionSet::avx512}) {
    if (!is_available(set)) continue;
    const std::string name = std::string(payload.name) + "/" + std::string(name_of(set));
    add_row("encode/" + name, size, [&payload, &size, set](benchmark::State& state) {
      measure_encode(state, payload, size.bytes, set);
    });
    add_row("decode/" + name, size, [&payload, &size, set](benchmark::State& state) {
      measure_decode(state, payload, size.bytes, set);
    });
  }
}

void add_other_rows(OtherCompressor* other, const char* package, const TensorSize& size) {
  if (other == nullptr) {
    std::cerr << "skipped for lack of " << package << " when this was built\n";
    return;
  }
  for (const bool decompresses : {false, true}) {
    const std::string name = decompresses ? "decompress/bf16/" : "compress/bf16/";
    add_row(name + std::string(other->name()), size,
            [other, &size, decompresses](benchmark::State& state) {
              measure_other(state, *other, size.bytes, decompresses);
            });
  }
}

void add_rows(const TensorSize& size) {
  add_row("memcpy", size, [&size](benchmark::State& state) { measure_memcpy(state, size.bytes); });
  for (const Payload& payload : kPayloads) add_codec_rows(payload, size);
  for (const Payload* payload : {&kPayloads.front(), &kPayloads.back()}) {
    add_row(std::string("count-exponents/") + payload->name, size,
            [payload, &size](benchmark::State& state) {
              measure_histogram(state, *payload, size.bytes);
            });
  }
  add_other_rows(zstd_1(), "libzstd-dev", size);
  add_other_rows(lz4(), "liblz4-dev", size);
}

/// A line per row; the library's own table has no room for such names.
class Table : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context&) override {
    std::printf("%-52s", "");
    for (const char* column : kColumns) std::printf(" %10s", column);
    std::printf("\n");
    return true;
  }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      std::printf("%-52s", run.run_name.function_name.c_str());
      for (const char* column : kColumns) print(run, column);
      std::printf(" %s\n", run.error_message.c_str());
      std::fflush(stdout);
    }
  }

 private:
  static constexpr const char* kColumns[]{"GB/s", "of_memcpy", "ratio", "escapes%"};
  static void print(const Run& run, const char* column) {
    const auto found = run.counters.find(column);
    if (found == run.counters.end()) {
      std::printf(" %10s", "");
    } else {
      std::printf(" %10.3f", found->second.value);
    }
  }
};

}  // namespace
}  // namespace kvferry::codec

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  for (const kvferry::codec::TensorSize& size : kvferry::codec::kSizes) {
    kvferry::codec::add_rows(size);
  }
  kvferry::codec::Table table;
  benchmark::RunSpecifiedBenchmarks(&table);
  benchmark::Shutdown();
}
