// From a format known at run time to the kernel that was compiled for it.
#pragma once

#include "codec/format.hpp"

#include <cstdint>

namespace kvferry::codec::cuda {

/// A format's dtype, code bits and mode as a type, to deduce template arguments from.
template <DType kType, std::uint8_t kBits, EscapeMode kMode>
struct FormatConstant {};

template <DType kType, typename Use>
auto with_codes_of(const FrameFormat& format, const Use& use) {
  if (format.code_bits == 3) return use(FormatConstant<kType, 3, EscapeMode::sentinel>{});
  if (format.mode == EscapeMode::sentinel)
    return use(FormatConstant<kType, 4, EscapeMode::sentinel>{});
  return use(FormatConstant<kType, 4, EscapeMode::positional>{});
}

/// Calls `use` with the FormatConstant of the format.
/// @pre is_supported(format)
template <typename Use>
auto with_format(const FrameFormat& format, const Use& use) {
  if (format.dtype == DType::bf16) return with_codes_of<DType::bf16>(format, use);
  if (format.dtype == DType::e5m2) return with_codes_of<DType::e5m2>(format, use);
  return with_codes_of<DType::e4m3>(format, use);
}

}  // namespace kvferry::codec::cuda
