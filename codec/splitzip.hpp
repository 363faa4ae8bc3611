// SplitZip on the CPU: tensors of BF16 or FP8 values to frames and back, bit by bit the same. The
// front door of this library.
//
// It is not a container (files of several tensors: files/kvz_writer.hpp) and not lossy. All
// instruction sets and any number of threads give the same bytes. A newcomer's first calls:
//   Codebook book = calibrate(values);
//   std::vector<std::byte> frame = encode(values, {.codebook = book});
//   DecodeResult result = decode(frame, values_out);
#pragma once

#include "codec/chunk_codec.hpp"
#include "codec/codebook.hpp"
#include "codec/format.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace kvferry::codec {

struct EncodeParameters {
  Codebook codebook;           ///< at most max_codebook_size(format) exponents
  FrameFormat format = {};     ///< BF16, 4-bit positional, no checksums
  std::uint64_t user_tag = 0;  ///< opaque; say layer, K or V, request
};

/// How the work is done; the bytes are the same.
struct Execution {
  unsigned threads = 1;  ///< at most; small tensors use fewer
  InstructionSet instructions = best_instruction_set();
};

/// The values' bytes as they lie in memory: 2 a value for BF16, 1 for FP8.
using TensorBytes = std::span<const std::byte>;

/// The codebook with the fewest escapes on these values, for 4-bit positional codes.
Codebook calibrate(std::span<const std::uint16_t> bf16_values);

/// Encodes. At most the values' bytes + 0.05 % + 0.6 KB for BF16 with 4-bit codes and no checksums,
/// whatever the input; FORMAT.md has the bound of every format.
/// @pre is_supported(format), at most 2^34 values, whole values
std::vector<std::byte> encode(TensorBytes values, const EncodeParameters& parameters,
                              const Execution& execution = {});
std::vector<std::byte> encode(std::span<const std::uint16_t> bf16_values,
                              const EncodeParameters& parameters, const Execution& execution = {});

/// As above, into `frame`, which must hold frame_bound() bytes; returns the frame's size.
std::size_t encode_into(TensorBytes values, const EncodeParameters& parameters,
                        std::span<std::byte> frame, const Execution& execution = {});

/// What a frame's header says, once it has been checked against the frame's length.
struct FrameContents {
  FrameHeader header;
  FrameLayout layout;
  std::uint64_t value_bytes() const {
    return layout.value_count * bytes_per_value(layout.format.dtype);
  }
};

/// Checks the header only, in constant time: after FrameFault::none every section lies inside the
/// frame.
FrameFault check_header(std::span<const std::byte> frame, FrameContents& contents);

/// Where decode() found the fault; 0 when it was not in a chunk.
struct DecodeResult {
  FrameFault fault = FrameFault::none;
  std::uint32_t chunk = 0;
  bool operator==(FrameFault other) const { return fault == other; }
};

/// Decodes into the first bytes of `values`. Never reads or writes out of bounds, whatever the
/// bytes; every byte of the frame is either used or checked. On a fault the contents of `values`
/// are unspecified.
DecodeResult decode(std::span<const std::byte> frame, std::span<std::byte> values,
                    const Execution& execution = {});
DecodeResult decode(std::span<const std::byte> frame, std::span<std::uint16_t> bf16_values,
                    const Execution& execution = {});

/// The chunk directory of a frame whose header has been checked.
std::vector<DirectoryEntry> read_directory(std::span<const std::byte> frame,
                                           const FrameLayout& layout);

}  // namespace kvferry::codec
