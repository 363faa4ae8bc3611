// Figures of the codec as people read them.
#pragma once

#include "codec/format.hpp"

#include <cstdint>
#include <span>
#include <string>

namespace kvferry::cli {

/// "209.72 MB", "8 B".
std::string size_text(std::uint64_t bytes);

/// "1.3989".
std::string ratio_text(double ratio);
/// The same of raw / stored; "-" without bytes.
std::string ratio_text(std::uint64_t raw_bytes, std::uint64_t stored_bytes);

/// "w3-sentinel", the word of --format.
std::string format_text(const codec::FrameFormat& format);

/// "0 121-126".
std::string exponents_text(std::span<const std::uint8_t> ascending_exponents);

}  // namespace kvferry::cli
