#include "sim/base/quantity_text.hpp"

#include "sim/base/nearest_name.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace kvferry {
namespace {

// Small units divide rather than multiply: 5 / 1e6 is the double nearest to 5e-6, 5 * 1e-6 is not.
struct Unit {
  std::string_view name;
  double multiplier;
  double divisor = 1;

  constexpr double to_base(double number) const { return number * multiplier / divisor; }
  constexpr double from_base(double value) const { return value * divisor / multiplier; }
};

struct Dimension {
  std::string_view noun;
  std::string_view example;
  std::span<const Unit> units;  // from small to large within a family, the base unit first
};

constexpr double kKiB = 1024.0;

constexpr std::array<Unit, 9> kByteUnits{{{"B", 1},
                                          {"kB", 1e3},
                                          {"MB", 1e6},
                                          {"GB", 1e9},
                                          {"TB", 1e12},
                                          {"KiB", kKiB},
                                          {"MiB", kKiB* kKiB},
                                          {"GiB", kKiB* kKiB* kKiB},
                                          {"TiB", kKiB* kKiB* kKiB* kKiB}}};
constexpr std::array<Unit, 6> kSecondUnits{
    {{"s", 1}, {"ns", 1, 1e9}, {"us", 1, 1e6}, {"ms", 1, 1e3}, {"min", 60}, {"h", 3600}}};
constexpr std::array<Unit, 14> kByteRateUnits{{{"B/s", 1},
                                               {"kB/s", 1e3},
                                               {"MB/s", 1e6},
                                               {"GB/s", 1e9},
                                               {"TB/s", 1e12},
                                               {"bit/s", 1, 8},
                                               {"kbit/s", 125},
                                               {"Mbit/s", 125e3},
                                               {"Gbit/s", 125e6},
                                               {"Tbit/s", 125e9},
                                               {"KiB/s", kKiB},
                                               {"MiB/s", kKiB* kKiB},
                                               {"GiB/s", kKiB* kKiB* kKiB},
                                               {"TiB/s", kKiB* kKiB* kKiB* kKiB}}};
constexpr std::array<Unit, 3> kRateUnits{{{"/s", 1}, {"/min", 1, 60}, {"/h", 1, 3600}}};
constexpr std::array<Unit, 4> kFlopRateUnits{
    {{"FLOP/s", 1}, {"GFLOP/s", 1e9}, {"TFLOP/s", 1e12}, {"PFLOP/s", 1e15}}};

constexpr Dimension kByteDimension{"a size", "'80 GiB' or '64 MB'", kByteUnits};
constexpr Dimension kSecondDimension{"a time", "'2 us' or '1.5 s'", kSecondUnits};
constexpr Dimension kByteRateDimension{"a data rate", "'100 Gbit/s' or '25 GB/s'", kByteRateUnits};
constexpr Dimension kRateDimension{"a rate", "'12 /s' or '90 /min'", kRateUnits};
constexpr Dimension kFlopRateDimension{"a compute rate", "'989.4 TFLOP/s'", kFlopRateUnits};

std::string quoted(std::string_view text) {
  return "'" + std::string(text) + "'";
}

std::vector<std::string> unit_names(const Dimension& dimension) {
  std::vector<std::string> names;
  for (const Unit& unit : dimension.units) names.emplace_back(unit.name);
  return names;
}

[[noreturn]] void refuse(const Dimension& dimension, const std::string& found) {
  throw QuantityError("expected " + std::string(dimension.noun) + " such as " +
                      std::string(dimension.example) + ", found " + found);
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

// "Gbps" is how many people write it, but whether they mean bits or bytes is not always clear: we
// ask.
std::string unit_suggestion(std::string_view found, const Dimension& dimension) {
  const std::vector<std::string> names = unit_names(dimension);
  std::string spelled(found);
  if (spelled.size() > 2 && spelled.ends_with("bps")) {
    spelled.replace(spelled.size() - 3, 3, "bit/s");
  } else if (spelled.size() > 2 && spelled.ends_with("Bps")) {
    spelled.replace(spelled.size() - 3, 3, "B/s");
  }
  return did_you_mean(spelled, names) + "; units: " + join_names(names);
}

double parse(std::string_view text, const Dimension& dimension) {
  const std::string_view body = trimmed(text);
  double number = 0;
  const char* const end = body.data() + body.size();
  const auto [rest, error] = std::from_chars(body.data(), end, number);
  if (error != std::errc{} || !std::isfinite(number)) refuse(dimension, quoted(text));
  const std::string_view unit_name = trimmed({rest, static_cast<std::size_t>(end - rest)});
  if (unit_name.empty()) refuse(dimension, "the bare number " + quoted(body));
  for (const Unit& unit : dimension.units) {
    if (unit.name == unit_name) return unit.to_base(number);
  }
  refuse(dimension, quoted(text) + " with the unknown unit " + quoted(unit_name) +
                        unit_suggestion(unit_name, dimension));
}

// The fewest characters win; among equals the larger unit, unless its number is a fraction below
// one. Only exact round trips are candidates.
std::string print(double value, const Dimension& dimension) {
  if (value == 0) return "0 " + std::string(dimension.units.front().name);
  std::optional<std::string> best;
  for (const Unit& unit : dimension.units) {
    const std::string candidate =
        shortest_decimal(unit.from_base(value)) + " " + std::string(unit.name);
    if (candidate.find('e') != std::string::npos) continue;
    if (parse(candidate, dimension) != value) continue;
    const bool is_fraction = candidate.starts_with("0.") || candidate.starts_with("-0.");
    const std::size_t largest = best ? best->size() - (is_fraction ? 1 : 0) : candidate.size();
    if (candidate.size() <= largest) best = candidate;
  }
  return best ? *best : shortest_decimal(value) + " " + std::string(dimension.units.front().name);
}

}  // namespace

std::string shortest_decimal(double value) {
  std::array<char, 32> buffer{};
  const auto result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  return {buffer.data(), result.ptr};
}

Bytes parse_bytes(std::string_view text) {
  const double value = parse(text, kByteDimension);
  constexpr double kLargest = 4e18;  // below 2^62, so that sums of two cannot overflow
  if (std::abs(value) > kLargest) refuse(kByteDimension, quoted(text) + ", above 4 EB");
  return {static_cast<std::int64_t>(std::llround(value))};
}
Seconds parse_seconds(std::string_view text) {
  return {parse(text, kSecondDimension)};
}
BytesPerSecond parse_bytes_per_second(std::string_view text) {
  return {parse(text, kByteRateDimension)};
}
PerSecond parse_per_second(std::string_view text) {
  return {parse(text, kRateDimension)};
}
FlopPerSecond parse_flop_per_second(std::string_view text) {
  return {parse(text, kFlopRateDimension)};
}

std::string to_text(Bytes value) {
  return print(static_cast<double>(value.value), kByteDimension);
}
std::string to_text(Seconds value) {
  return print(value.value, kSecondDimension);
}
std::string to_text(BytesPerSecond value) {
  return print(value.value, kByteRateDimension);
}
std::string to_text(PerSecond value) {
  return print(value.value, kRateDimension);
}
std::string to_text(FlopPerSecond value) {
  return print(value.value, kFlopRateDimension);
}

}  // namespace kvferry
