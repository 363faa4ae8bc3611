#include "scenarios/scalars.hpp"

#include "sim/base/nearest_name.hpp"
#include "sim/base/quantity_text.hpp"

#include <charconv>
#include <cmath>
#include <stdexcept>

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

}  // namespace

std::string Text::parse(const std::string& text) const {
  if (text.empty()) refuse("a text", text);
  return text;
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
