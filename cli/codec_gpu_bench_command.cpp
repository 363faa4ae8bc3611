#include "cli/bench_values.hpp"
#include "cli/codec_text.hpp"
#include "cli/commands.hpp"
#include "cli/text_table.hpp"
#include "codec/cuda/gpu_backend.hpp"
#include "codec/gpu/gpu_bench.hpp"
#include "sim/base/quantity_text.hpp"

#include <fmt/format.h>

namespace kvferry::cli {
namespace {

std::vector<codec::FrameFormat> formats_for(codec::FrameRule rule, codec::DType dtype) {
  const codec::FrameFormat positional{dtype, 4, codec::EscapeMode::positional};
  const codec::FrameFormat sentinel{dtype, 4, codec::EscapeMode::sentinel};
  const codec::FrameFormat narrow{dtype, 3, codec::EscapeMode::sentinel};
  switch (rule) {
    case codec::FrameRule::w4_positional:
      return {positional};
    case codec::FrameRule::w4_sentinel:
      return {sentinel};
    case codec::FrameRule::w3_sentinel:
      return {narrow};
    case codec::FrameRule::smallest:
      break;
  }
  return {positional, sentinel, narrow};
}

std::string gigabytes_per_second(BytesPerSecond rate) {
  return fmt::format("{:.1f}", rate.value / 1e9);
}

std::vector<std::string> cells_of(const codec::GpuBenchRow& row, const char* direction,
                                  const char* issue, const codec::GpuBenchTime& measured) {
  const codec::Quartiles& time = measured.time;
  return {format_text(row.format),
          to_text(row.raw),
          direction,
          issue,
          fmt::format("{:.2f}", 1e6 * time.median.value),
          fmt::format("{:.2f}", 1e6 * time.spread.value),
          fmt::format("{:.1f}", static_cast<double>(row.raw.value) / time.median.value / 1e9),
          fmt::format("{:.3f}", measured.of_roofline),
          gigabytes_per_second(row.copy),
          ratio_text(static_cast<std::uint64_t>(row.raw.value),
                     static_cast<std::uint64_t>(row.frame.value)),
          fmt::format("{:.4f}", 100 * row.escape_rate)};
}

std::string table_text(const codec::GpuBenchResult& result) {
  TextTable table({"format", "raw size", "direction", "issued", "median us", "IQR us", "raw GB/s",
                   "of roofline", "copy GB/s", "ratio", "escapes %"},
                  {Align::left, Align::right, Align::left, Align::left, Align::right});
  for (const codec::GpuBenchRow& row : result.rows) {
    table.add(cells_of(row, "encode", "call", row.encode_call));
    table.add(cells_of(row, "encode", "graph", row.encode_graph));
    table.add(cells_of(row, "decode", "call", row.decode_call));
    table.add(cells_of(row, "decode", "graph", row.decode_graph));
  }
  return table.text();
}

}  // namespace

int codec_gpu_bench(const CodecBenchOptions& options) {
  const BenchValues values = values_for(options);
  const auto gpu =
      codec::open_gpu(codec::cuda::gpu_backend(), *options.device, "kvferry codec bench");
  codec::GpuBenchPlan plan;
  plan.values = values.bytes;
  plan.formats = formats_for(options.rule, values.dtype);
  plan.raw_bytes = codec::default_bench_sizes();
  const codec::GpuBenchResult result = bench_gpu(*gpu, plan);
  const codec::GpuDescription device = gpu->description();
  fmt::print("{}; {}; driver {}\n{}, {}, one tensor a launch, without checksums; medians of {}\n",
             device.name, device.clocks, device.driver, values.source, name_of(values.dtype),
             plan.repetitions);
  fmt::print(
      "Roofline: (raw + frame bytes) / {} GB/s, the fastest copy of this call, read and "
      "written bytes counted\n\n{}",
      gigabytes_per_second(result.bandwidth), table_text(result));
  for (const std::int64_t size : result.left_out) {
    fmt::print("left out, it does not fit in free memory: {}\n", to_text(Bytes{size}));
  }
  return kSuccess;
}

}  // namespace kvferry::cli
