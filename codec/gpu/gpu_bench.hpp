// How fast a device encodes and decodes, beside what its memory allows: the roofline is the time in
// which the bytes that must move (values and frame, one read and one written) could move at the
// bandwidth of a copy, measured in the same call.
#pragma once

#include "codec/gpu/gpu_codec.hpp"
#include "codec/gpu/quartiles.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace kvferry::codec {

struct GpuBenchPlan {
  TensorBytes values;                   ///< repeated to every size; must outlive the GpuCodec
  std::vector<FrameFormat> formats;     ///< of one dtype; each gets the best codebook
  std::vector<std::int64_t> raw_bytes;  ///< of one tensor, one launch; whole values
  int repetitions = 15;
};

/// One direction, one way of giving it to the device.
struct GpuBenchTime {
  Quartiles time;
  double of_roofline;  ///< least time / median
};

struct GpuBenchRow {
  FrameFormat format;
  Bytes raw;
  Bytes frame;
  double escape_rate;
  BytesPerSecond copy;  ///< read and written, at this size
  GpuBenchTime encode_call;
  GpuBenchTime encode_graph;
  GpuBenchTime decode_call;
  GpuBenchTime decode_graph;
};

struct GpuBenchResult {
  /// The highest bandwidth among the copies: what the rooflines are derived from.
  BytesPerSecond bandwidth{};
  std::vector<GpuBenchRow> rows;
  std::vector<std::int64_t> left_out;  ///< sizes that did not fit in memory
};

/// 64 KiB to 1 GiB in steps of 4, and 512 MiB.
std::vector<std::int64_t> default_bench_sizes();

/// @throws RunError where a bit comes back wrong
GpuBenchResult bench_gpu(GpuCodec& gpu, const GpuBenchPlan& plan);

}  // namespace kvferry::codec
