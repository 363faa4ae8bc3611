// Times work beside memcpy: both in turn, block by block, so that what else the machine does meets
// both. Reported are medians: GB/s of raw bytes, and the share of memcpy's speed on as many bytes.
#pragma once

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <vector>

namespace kvferry::codec {

/// Memory that starts at a page, as the blocks of a KV cache do.
class Pages {
 public:
  explicit Pages(std::size_t bytes)
      : size_(bytes), bytes_(static_cast<std::byte*>(std::aligned_alloc(4096, rounded(bytes)))) {
    if (bytes_ == nullptr) throw std::bad_alloc();
    std::memset(bytes_.get(), 0, rounded(bytes));  // so that the first measurement finds them there
  }
  std::span<std::byte> bytes() const { return {bytes_.get(), size_}; }

 private:
  static std::size_t rounded(std::size_t bytes) { return (bytes + 4095) / 4096 * 4096; }
  struct Free {
    void operator()(std::byte* bytes) const { std::free(bytes); }
  };
  std::size_t size_;
  std::unique_ptr<std::byte, Free> bytes_;
};

inline double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

template <typename Work>
double seconds_per_call(int calls, Work work) {
  const auto start = std::chrono::steady_clock::now();
  for (int call = 0; call < calls; ++call) work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() / calls;
}

/// @param raw what memcpy copies, and what the throughput counts
template <typename Work>
void measure_beside_memcpy(benchmark::State& state, std::span<const std::byte> raw, Work work) {
  constexpr double kBlockSeconds = 0.5e-3;
  const Pages copy(raw.size());
  const auto copy_once = [&] {
    std::memcpy(copy.bytes().data(), raw.data(), raw.size());
    benchmark::ClobberMemory();
  };
  work();
  const int calls = std::max(1, static_cast<int>(kBlockSeconds / seconds_per_call(1, work)));
  const int copies = std::max(1, static_cast<int>(kBlockSeconds / seconds_per_call(1, copy_once)));
  std::vector<double> work_seconds;
  std::vector<double> shares;
  for (auto _ : state) {
    copy_once();  // each finds in the caches what it left there itself
    const double memcpy_seconds = seconds_per_call(copies, copy_once);
    work();
    work_seconds.push_back(seconds_per_call(calls, work));
    shares.push_back(memcpy_seconds / work_seconds.back());
    state.SetIterationTime(work_seconds.back());
  }
  state.counters["GB/s"] = static_cast<double>(raw.size()) / median(work_seconds) / 1e9;
  state.counters["of_memcpy"] = median(shares);
}

}  // namespace kvferry::codec
