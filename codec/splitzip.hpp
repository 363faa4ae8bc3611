// SplitZip on the CPU: BF16 tensors to frames and back, bit by bit the same. The front door of this
// library.
//
// This is the reference: written for clarity, it defines the bytes that every faster path must
// reproduce. It is not a container (shapes and several tensors are the caller's business) and not
// lossy. A newcomer's first calls:
//   Codebook book = calibrate(values);
//   std::vector<std::byte> frame = encode(values, {.codebook = book});
//   FrameFault fault = decode(frame, values_out);
#pragma once

#include "codec/codebook.hpp"
#include "codec/format.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace kvferry::codec {

struct EncodeParameters {
  Codebook codebook;
  std::uint8_t chunk_log2 = kDefaultChunkLog2;  ///< 10 ... 15: values per chunk as a power of two
  std::uint64_t user_tag = 0;                   ///< opaque; say layer, K or V, request
};

/// The codebook with the fewest escapes on these values.
Codebook calibrate(std::span<const std::uint16_t> values);

/// Encodes BF16 bit patterns. At most 2 bytes per value + 0.05 % + 0.6 KB for any input.
/// @pre at most 2^34 values
std::vector<std::byte> encode(std::span<const std::uint16_t> values,
                              const EncodeParameters& parameters);

/// As above, into `frame`, which must hold frame_bound() bytes; returns the frame's size.
std::size_t encode_into(std::span<const std::uint16_t> values, const EncodeParameters& parameters,
                        std::span<std::byte> frame);

/// What a frame's header says, once it has been checked against the frame's length.
struct FrameContents {
  FrameHeader header;
  FrameLayout layout;
};

/// Checks the header only, in constant time: after FrameFault::none every section lies inside the
/// frame.
FrameFault check_header(std::span<const std::byte> frame, FrameContents& contents);

/// Decodes into the first values of `values`. Never reads or writes out of bounds, whatever the
/// bytes; every byte of the frame is either used or checked. On a fault the contents of `values`
/// are unspecified.
FrameFault decode(std::span<const std::byte> frame, std::span<std::uint16_t> values);

}  // namespace kvferry::codec
