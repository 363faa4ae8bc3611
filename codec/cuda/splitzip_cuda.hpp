// SplitZip on NVIDIA GPUs: batches of tensors in device memory to frames in device memory and back,
// one kernel launch each. The front door of codec/cuda; needs no CUDA header.
//
// The frames are byte for byte those of the CPU codec (splitzip.hpp), which is the reference. It is
// not a transport and never copies frames to the host by itself. A newcomer's first calls:
//   EncodeBatch encoder(format, tasks);      allocates and uploads, once for a shape
//   encoder.encode_async(stream);            one launch, as often as wanted; capturable in a graph
//   stream.wait();  encoder.frame_bytes(0);
//
// Failures of the machine are CudaErrors. What a caller may not ask for (another format, a pointer
// that is not aligned, too little room) is a precondition, checked in debug builds.
#pragma once

#include "codec/codebook.hpp"
#include "codec/cuda/device.hpp"
#include "codec/format.hpp"
#include "codec/splitzip.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace kvferry::codec::cuda {

/// Formats that the kernels have: chunks of 8,192 values (chunk_log2 13), no checksums, which are
/// for files.
bool is_supported_on_gpu(const FrameFormat& format);

/// One tensor to encode. The memory belongs to the caller and outlives the batch.
struct EncodeTask {
  const std::byte* values_dev;  ///< aligned to 16 bytes
  std::uint64_t value_count;
  std::byte* frame_dev;          ///< aligned to 16 bytes
  std::uint64_t frame_capacity;  ///< at least frame_bound(frame_layout(value_count, format))
  Codebook codebook;             ///< at most max_codebook_size(format) exponents
  std::uint64_t user_tag = 0;
};

/// The size of one frame and the run that wrote it.
struct FrameSize {
  std::uint64_t bytes;
  std::uint32_t run;  ///< counts the runs of the batch from 1, modulo 2^24; 0: none so far
};

/// Encodes tensors of one format, all in one launch: all layers of a hand-off, K and V. Runs of one
/// batch must follow one another, in one stream or ordered by events.
class EncodeBatch {
 public:
  /// Allocates 12 bytes of device memory a chunk and about 200 a tensor; waits for their upload.
  EncodeBatch(const FrameFormat& format, std::span<const EncodeTask> tasks);
  EncodeBatch(EncodeBatch&&) noexcept;
  EncodeBatch& operator=(EncodeBatch&&) noexcept;
  ~EncodeBatch();

  void encode_async(const Stream& stream);

  /// Bytes of a frame, once the run is done (after stream.wait()).
  std::uint64_t frame_bytes(std::size_t tensor) const;

  /// The same without waiting: the last size that has arrived in host memory. A size may arrive
  /// before the frame's bytes are complete, early enough to announce it to the receiver.
  FrameSize newest_frame_size(std::size_t tensor) const;

  /// Sizes in device memory, one after the other, for DecodeTask::frame_bytes_dev.
  const std::uint64_t* frame_bytes_dev() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// One frame to decode. The receiver knows the tensor's format and count; the header must say the
/// same.
struct DecodeTask {
  const std::byte* frame_dev;  ///< aligned to 16 bytes
  /// Bytes that may be read: the frame's length or, with frame_bytes_dev, at least that.
  std::uint64_t frame_capacity;
  std::byte* values_dev;  ///< aligned to 16 bytes, room for value_count values
  std::uint64_t value_count;
  /// Where the device finds the length of the frame; null: it is frame_capacity.
  const std::uint64_t* frame_bytes_dev = nullptr;
};

/// Decodes frames of one format, all in one launch. Whatever the frames' bytes are, nothing outside
/// of frame_capacity and the values' room is read or written, and no kernel ever fails: what is
/// wrong with a frame is in its result.
class DecodeBatch {
 public:
  DecodeBatch(const FrameFormat& format, std::span<const DecodeTask> tasks);
  DecodeBatch(DecodeBatch&&) noexcept;
  DecodeBatch& operator=(DecodeBatch&&) noexcept;
  ~DecodeBatch();

  void decode_async(const Stream& stream);

  /// The verdicts on the frames of the last run, once it is done (after stream.wait()): those that
  /// codec::decode() gives, but for a frame of another format or count than its task's, which is
  /// FrameFault::invalid_field. On a fault the values are unspecified.
  std::vector<DecodeResult> results() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kvferry::codec::cuda
