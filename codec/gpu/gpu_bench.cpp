#include "codec/gpu/gpu_bench.hpp"

#include "sim/base/error.hpp"

#include <algorithm>
#include <functional>

namespace kvferry::codec {
namespace {

Quartiles measure(int repetitions, const std::function<Seconds()>& work) {
  work();  // to warm up
  std::vector<Seconds> times;
  for (int i = 0; i < repetitions; ++i) times.push_back(work());
  return quartiles_of(times);
}

void check_exact(LoadedLaunch& launch) {
  if (!launch.is_exact()) throw RunError("the device did not return the values unchanged");
}

GpuBenchRow measure_row(LoadedLaunch& launch, Bytes raw, int repetitions) {
  GpuBenchRow row{};
  row.raw = raw;
  const Quartiles copy = measure(repetitions, [&] { return launch.copy(); });
  row.copy = {2.0 * static_cast<double>(raw.value) / copy.median.value};
  for (const Issue issue : {Issue::call, Issue::graph}) {
    const bool is_call = issue == Issue::call;
    (is_call ? row.encode_call : row.encode_graph).time =
        measure(repetitions, [&] { return launch.encode(issue); });
    (is_call ? row.decode_call : row.decode_graph).time =
        measure(repetitions, [&] { return launch.decode(issue); });
    check_exact(launch);
  }
  row.frame = {static_cast<std::int64_t>(launch.frame_bytes().front())};
  return row;
}

void compare_with_roofline(GpuBenchRow& row, BytesPerSecond bandwidth) {
  const Seconds least = (row.raw + row.frame) / bandwidth;
  for (GpuBenchTime* time :
       {&row.encode_call, &row.encode_graph, &row.decode_call, &row.decode_graph}) {
    time->of_roofline = least / time->time.median;
  }
}

}  // namespace

std::vector<std::int64_t> default_bench_sizes() {
  std::vector<std::int64_t> sizes;
  for (std::int64_t size = std::int64_t{64} << 10; size <= std::int64_t{1} << 30; size *= 4) {
    sizes.push_back(size);
  }
  sizes.push_back(std::int64_t{512} << 20);
  std::ranges::sort(sizes);
  return sizes;
}

GpuBenchResult bench_gpu(GpuCodec& gpu, const GpuBenchPlan& plan) {
  const DType dtype = plan.formats.front().dtype;
  ExponentHistogram histogram{};
  count_exponents(plan.values, dtype, histogram);
  const double values = static_cast<double>(plan.values.size() / bytes_per_value(dtype));
  GpuBenchResult result;
  for (const FrameFormat& format : plan.formats) {
    const Codebook book = Codebook::most_frequent(histogram, max_codebook_size(format));
    for (const std::int64_t size : plan.raw_bytes) {
      const std::uint64_t count = static_cast<std::uint64_t>(size) / bytes_per_value(dtype);
      if (load_bytes(format, count) > usable_memory(gpu)) {
        if (std::ranges::find(result.left_out, size) == result.left_out.end()) {
          result.left_out.push_back(size);
        }
        continue;
      }
      const GpuTensor tensor{plan.values, 0, count, &book};
      const auto launch = gpu.load(format, {&tensor, 1});
      GpuBenchRow row = measure_row(*launch, {size}, plan.repetitions);
      row.format = format;
      row.escape_rate = static_cast<double>(escape_count(histogram, book)) / values;
      result.rows.push_back(row);
      result.bandwidth = std::max(result.bandwidth, row.copy);
    }
  }
  for (GpuBenchRow& row : result.rows) compare_with_roofline(row, result.bandwidth);
  return result;
}

}  // namespace kvferry::codec
