#include "cli/codec_text.hpp"

#include "codec/launch_table.hpp"

#include <fmt/format.h>

namespace kvferry::cli {

std::string size_text(std::uint64_t bytes) {
  const auto size = static_cast<double>(bytes);
  if (size < 1e4) return fmt::format("{} B", bytes);
  if (size < 1e6) return fmt::format("{:.2f} kB", size / 1e3);
  return size < 1e9 ? fmt::format("{:.2f} MB", size / 1e6) : fmt::format("{:.2f} GB", size / 1e9);
}

std::string ratio_text(double ratio) {
  return fmt::format("{:.4f}", ratio);
}

std::string ratio_text(std::uint64_t raw_bytes, std::uint64_t stored_bytes) {
  if (raw_bytes == 0 || stored_bytes == 0) return "-";
  return ratio_text(static_cast<double>(raw_bytes) / static_cast<double>(stored_bytes));
}

std::string format_text(const codec::FrameFormat& format) {
  return std::string(mode_name(format));
}

std::string exponents_text(std::span<const std::uint8_t> ascending_exponents) {
  std::string text;
  std::size_t begin = 0;
  for (std::size_t i = 1; i <= ascending_exponents.size(); ++i) {
    const bool continues =
        i < ascending_exponents.size() && ascending_exponents[i] == ascending_exponents[i - 1] + 1;
    if (continues) continue;
    if (!text.empty()) text += ' ';
    text += std::to_string(ascending_exponents[begin]);
    if (i - begin > 1) text += '-' + std::to_string(ascending_exponents[i - 1]);
    begin = i;
  }
  return text;
}

}  // namespace kvferry::cli
