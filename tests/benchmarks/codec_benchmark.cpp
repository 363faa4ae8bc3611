// Speed of the CPU codec beside that of memcpy in the same run. The counter "of_memcpy" is the
// share of memcpy's throughput that encode and decode reach on as many raw bytes.
#include "codec/splitzip.hpp"
#include "codec/synthetic_kv.hpp"

#include <benchmark/benchmark.h>

#include <chrono>
#include <cstring>
#include <vector>

namespace kvferry::codec {
namespace {

constexpr std::int64_t kInCache = 64 * 1024;          // values: 128 KiB
constexpr std::int64_t kInMemory = 32 * 1024 * 1024;  // values: 64 MiB

std::vector<std::uint16_t> payload(std::int64_t count) {
  const auto layer =
      synthesize_kv(*find_kv_preset("qwen3-32b"), {64, 8, 128, 256}, KvKind::value, 10, 1, 2);
  std::vector<std::uint16_t> values(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = layer[i % layer.size()];
  return values;
}

template <typename Work>
double seconds_per_call(Work work) {
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  int calls = 0;
  do {
    work();
    ++calls;
  } while (Clock::now() - start < std::chrono::milliseconds(200));
  return std::chrono::duration<double>(Clock::now() - start).count() / calls;
}

double memcpy_seconds(const std::vector<std::uint16_t>& values) {
  std::vector<std::uint16_t> copy(values.size());
  return seconds_per_call([&] {
    std::memcpy(copy.data(), values.data(), 2 * values.size());
    benchmark::DoNotOptimize(copy.data());
    benchmark::ClobberMemory();
  });
}

// Registers throughput and its share of memcpy's.
template <typename Work>
void measure(benchmark::State& state, const std::vector<std::uint16_t>& values, Work work) {
  const double reference = memcpy_seconds(values);
  const auto start = std::chrono::steady_clock::now();
  for (auto _ : state) work();
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  const auto iterations = static_cast<double>(state.iterations());
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(2 * values.size()));
  state.counters["of_memcpy"] = reference / (elapsed.count() / iterations);
}

void copy(benchmark::State& state) {
  const auto values = payload(state.range(0));
  std::vector<std::uint16_t> target(values.size());
  measure(state, values, [&] {
    std::memcpy(target.data(), values.data(), 2 * values.size());
    benchmark::DoNotOptimize(target.data());
    benchmark::ClobberMemory();
  });
}

void encode_scalar(benchmark::State& state) {
  const auto values = payload(state.range(0));
  const EncodeParameters parameters{.codebook = calibrate(values)};
  std::vector<std::byte> frame(frame_bound(frame_layout(values.size(), parameters.format)));
  measure(state, values, [&] {
    benchmark::DoNotOptimize(encode_into(std::as_bytes(std::span(values)), parameters, frame));
  });
}

void decode_scalar(benchmark::State& state) {
  const auto values = payload(state.range(0));
  const auto frame = encode(values, {.codebook = calibrate(values)});
  std::vector<std::uint16_t> decoded(values.size());
  measure(state, values, [&] { benchmark::DoNotOptimize(decode(frame, decoded)); });
}

BENCHMARK(copy)->Arg(kInCache)->Arg(kInMemory);
BENCHMARK(encode_scalar)->Arg(kInCache)->Arg(kInMemory);
BENCHMARK(decode_scalar)->Arg(kInCache)->Arg(kInMemory);

}  // namespace
}  // namespace kvferry::codec

BENCHMARK_MAIN();
