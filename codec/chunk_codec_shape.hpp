// A format's shape as constants, and what is left of a job: what the loops of all instruction sets
// share.
//
// Everything here has internal linkage, one copy per source file. The files with vector loops are
// compiled for processors that the rest of the program must not expect: of an inline function with
// external linkage the linker would keep one copy for the whole program, perhaps theirs. For the
// same reason those files call no inline function of another header at run time;
// tests/codec/check_objects.cmake looks for such copies.
#pragma once

#include "codec/chunk_codec.hpp"

#include <cstddef>
#include <cstdint>

namespace kvferry::codec {
namespace {

template <DType kType, std::uint8_t kBits, EscapeMode kMode>
struct Shape {
  static constexpr FrameFormat kFormat{kType, kBits, kMode};
  static constexpr DType kDType = kType;
  static constexpr bool kIsSentinelMode = kMode == EscapeMode::sentinel;
  static constexpr std::uint32_t kWidth = bytes_per_value(kType);
  static constexpr BitSplit kSignMantissa = sign_mantissa_split(kType);
  static constexpr BitSplit kCodes = code_split(kFormat);
  static constexpr BitSplit kRest = raw_split(kFormat);  ///< of a raw chunk's exponents
  static constexpr std::uint8_t kCodeBits = kBits;
  static constexpr std::uint8_t kSentinel = (1U << kBits) - 1;
  static constexpr std::uint8_t kEscapeCode = kIsSentinelMode ? kSentinel : 0;
};

/// The planes from value `done` on. @pre done is a multiple of 8
template <BitSplit kSplit, typename Byte>
PlanePair<Byte> planes_after(const PlanePair<Byte>& planes, std::uint32_t done) {
  return {kSplit.low_bits == 0 ? nullptr : planes.low + done / 8 * kSplit.low_bits,
          kSplit.high_bits == 0 ? nullptr : planes.high + done / 8 * kSplit.high_bits};
}

template <typename Format, typename Byte>
ChunkPlanes<Byte> planes_after(const ChunkPlanes<Byte>& planes, std::uint32_t done) {
  return {planes_after<Format::kSignMantissa>(planes.sign_mantissa, done),
          planes_after<Format::kCodes>(planes.codes, done)};
}

/// The jobs without their first `done` values. @pre done is a multiple of 8
template <typename Format>
EncodeJob job_after(const EncodeJob& job, std::uint32_t done) {
  return {job.values + std::size_t{Format::kWidth} * done,
          job.count - done,
          job.first_position + done,
          job.tables,
          planes_after<Format>(job.planes, done),
          job.escapes};
}

/// @param escapes_done those met among the first values
template <typename Format>
DecodeJob job_after(const DecodeJob& job, std::uint32_t done, std::uint32_t escapes_done) {
  return {planes_after<Format>(job.planes, done),
          job.count - done,
          job.tables,
          job.escape_exponents + escapes_done,
          job.escape_count - escapes_done,
          job.values + std::size_t{Format::kWidth} * done};
}

template <typename Format>
RawEncodeJob job_after(const RawEncodeJob& job, std::uint32_t done) {
  return {job.values + std::size_t{Format::kWidth} * done, job.count - done,
          planes_after<Format::kCodes>(job.codes, done),
          planes_after<Format::kRest>(job.rest, done)};
}

template <typename Format>
RawDecodeJob job_after(const RawDecodeJob& job, std::uint32_t done) {
  return {planes_after<Format>(job.planes, done), planes_after<Format::kRest>(job.rest, done),
          job.count - done, job.values + std::size_t{Format::kWidth} * done};
}

/// Loops<Shape<...>>::codec() of a format known only at run time.
template <template <typename> typename Loops, DType kType>
ChunkCodec loops_of_dtype(const FrameFormat& format) {
  if (format.code_bits == 3) return Loops<Shape<kType, 3, EscapeMode::sentinel>>::codec();
  return format.mode == EscapeMode::sentinel
             ? Loops<Shape<kType, 4, EscapeMode::sentinel>>::codec()
             : Loops<Shape<kType, 4, EscapeMode::positional>>::codec();
}

template <template <typename> typename Loops>
ChunkCodec loops_of(const FrameFormat& format) {
  switch (format.dtype) {
    case DType::bf16:
      return loops_of_dtype<Loops, DType::bf16>(format);
    case DType::e5m2:
      return loops_of_dtype<Loops, DType::e5m2>(format);
    case DType::e4m3:
      break;
  }
  return loops_of_dtype<Loops, DType::e4m3>(format);
}

}  // namespace
}  // namespace kvferry::codec
