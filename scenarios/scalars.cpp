#include "scenarios/scalars.hpp"

#include "sim/base/nearest_name.hpp"
#include "sim/base/quantity_text.hpp"

#include <charconv>
#include <cmath>
#include <stdexcept>
#include <string_view>

namespace kvferry::scenarios {
namespace {

[[noreturn]] void refuse(const std::string& expected, const std::string& found) {
  throw std::invalid_argument("expected " + expected + ", found '" + found + "'");
}

template <typename Value>
bool parse_whole(const std::string& text, Value& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size();
}

Bytes parse_quantity(const std::string& text, Bytes) {
  return parse_bytes(text);
}
Seconds parse_quantity(const std::string& text, Seconds) {
  return parse_seconds(text);
}
BytesPerSecond parse_quantity(const std::string& text, BytesPerSecond) {
  return parse_bytes_per_second(text);
}
PerSecond parse_quantity(const std::string& text, PerSecond) {
  return parse_per_second(text);
}
FlopPerSecond parse_quantity(const std::string& text, FlopPerSecond) {
  return parse_flop_per_second(text);
}

template <typename Quantity>
struct Bounds {
  Quantity least;  ///< of those above zero
  Quantity most;
};
constexpr Bounds<Bytes> bounds_of(Bytes) {
  return {{1}, {1'000'000'000'000'000'000}};
}
constexpr Bounds<Seconds> bounds_of(Seconds) {
  return {{1e-15}, {1e9}};
}
constexpr Bounds<BytesPerSecond> bounds_of(BytesPerSecond) {
  return {{1}, {1e18}};
}
constexpr Bounds<PerSecond> bounds_of(PerSecond) {
  return {{1e-9}, {1e9}};
}
constexpr Bounds<FlopPerSecond> bounds_of(FlopPerSecond) {
  return {{1e6}, {1e24}};
}

// The bytes of one well-formed UTF-8 character at the start of the text; 0 when there is none.
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  const std::size_t length = first < 0x80   ? 1
                             : first < 0xc2 ? 0
                             : first < 0xe0 ? 2
                             : first < 0xf0 ? 3
                             : first < 0xf5 ? 4
                                            : 0;
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  const bool overlong = (first == 0xe0 && byte(1) < 0xa0) || (first == 0xf0 && byte(1) < 0x90);
  const bool outside = (first == 0xed && byte(1) > 0x9f) || (first == 0xf4 && byte(1) > 0x8f);
  return overlong || outside ? 0 : length;
}

}  // namespace

std::string Text::parse(const std::string& text) const {
  if (text.empty()) refuse("a text", text);
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = utf8_length(std::string_view(text).substr(i));
    if (length == 0) throw std::invalid_argument("expected UTF-8, found a byte that is not");
    const bool control =
        length == 1 && (static_cast<unsigned char>(text[i]) < 0x20 || text[i] == 0x7f);
    if (control)
      throw std::invalid_argument("expected one line of text, found a control character");
    i += length;
  }
  return text;
}

std::int32_t TensorParallel::parse(const std::string& text) const {
  for (const std::int32_t degree : {1, 2, 4, 8}) {
    if (text == std::to_string(degree)) return degree;
  }
  refuse("1, 2, 4 or 8", text);
}

std::int32_t PipelineParallel::parse(const std::string& text) const {
  for (const std::int32_t stages : {1, 2, 4, 8, 16}) {
    if (text == std::to_string(stages)) return stages;
  }
  refuse("1, 2, 4, 8 or 16", text);
}

bool Boolean::parse(const std::string& text) const {
  if (text == "true") return true;
  if (text == "false") return false;
  refuse("true or false", text);
}

std::int64_t Integer::parse(const std::string& text) const {
  std::int64_t value = 0;
  if (!parse_whole(text, value) || value < min || value > max) {
    const bool bounded = max < std::numeric_limits<std::int32_t>::max();
    refuse(bounded ? "a whole number from " + std::to_string(min) + " to " + std::to_string(max)
                   : "a whole number of at least " + std::to_string(min),
           text);
  }
  return value;
}

std::uint64_t Seed::parse(const std::string& text) const {
  std::uint64_t value = 0;
  if (!parse_whole(text, value)) refuse("a whole number from 0 to 2^64 - 1", text);
  return value;
}

double Number::parse(const std::string& text) const {
  double value = 0;
  const bool is_number = parse_whole(text, value) && std::isfinite(value);
  const bool above = lower == Bound::exclusive ? value > min : value >= min;
  if (!is_number || !above || value > max) {
    std::string range =
        (lower == Bound::exclusive ? "above " : "of at least ") + shortest_decimal(min);
    if (max < std::numeric_limits<double>::max()) range += " and at most " + shortest_decimal(max);
    refuse("a number " + range, text);
  }
  return value;
}

std::string Number::print(double value) const {
  return shortest_decimal(value);
}

template <typename Quantity>
Quantity Measured<Quantity>::parse(const std::string& text) const {
  const Quantity value = parse_quantity(text, Quantity{});
  if (sign == Sign::positive && value.value <= 0) {
    throw std::invalid_argument("must be above zero, found '" + text + "'");
  }
  if (value.value < 0) throw std::invalid_argument("must not be negative, found '" + text + "'");
  const Bounds<Quantity> bounds = bounds_of(Quantity{});
  if (value > bounds.most) {
    throw std::invalid_argument("must be at most " + to_text(bounds.most) + ", found '" + text +
                                "'");
  }
  if (value.value > 0 && value < bounds.least) {
    throw std::invalid_argument("must be at least " + to_text(bounds.least) + ", found '" + text +
                                "'");
  }
  return value;
}

template <typename Quantity>
std::string Measured<Quantity>::print(Quantity value) const {
  return to_text(value);
}

template struct Measured<Bytes>;
template struct Measured<Seconds>;
template struct Measured<BytesPerSecond>;
template struct Measured<PerSecond>;
template struct Measured<FlopPerSecond>;

void refuse_name(const std::string& noun, const std::string& found,
                 const std::vector<std::string>& allowed) {
  throw std::invalid_argument("unknown " + noun + " '" + found + "'" +
                              did_you_mean(found, allowed) + "; allowed: " + join_names(allowed));
}

}  // namespace kvferry::scenarios
