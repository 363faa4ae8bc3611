#include "codec/codebook.hpp"

#include "codec/bf16.hpp"
#include "sim/base/portable_math.hpp"

#include <algorithm>
#include <cassert>
#include <functional>
#include <numeric>
#include <vector>

namespace kvferry::codec {
namespace {

std::vector<std::uint8_t> by_falling_frequency(const ExponentHistogram& histogram) {
  std::vector<std::uint8_t> order(histogram.size());
  std::iota(order.begin(), order.end(), std::uint8_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::uint8_t a, std::uint8_t b) { return histogram[a] > histogram[b]; });
  return order;
}

std::uint64_t total(const ExponentHistogram& histogram) {
  return std::accumulate(histogram.begin(), histogram.end(), std::uint64_t{0});
}

}  // namespace

void count_exponents(std::span<const std::uint16_t> values, ExponentHistogram& histogram) {
  for (const std::uint16_t value : values) ++histogram[split(value).exponent];
}

double exponent_entropy_bits(const ExponentHistogram& histogram) {
  constexpr double kLn2 = 0.6931471805599453;
  const auto all = static_cast<double>(total(histogram));
  double entropy = 0;
  for (const std::uint64_t count : histogram) {
    if (count == 0) continue;
    const double share = static_cast<double>(count) / all;
    entropy -= share * portable_log(share) / kLn2;
  }
  return entropy;
}

double coverage(const ExponentHistogram& histogram, std::size_t count) {
  const std::uint64_t all = total(histogram);
  if (all == 0) return 1;
  const auto order = by_falling_frequency(histogram);
  std::uint64_t covered = 0;
  for (std::size_t i = 0; i < std::min(count, order.size()); ++i) covered += histogram[order[i]];
  return static_cast<double>(covered) / static_cast<double>(all);
}

Codebook Codebook::most_frequent(const ExponentHistogram& histogram) {
  std::vector<std::uint8_t> chosen = by_falling_frequency(histogram);
  chosen.resize(kMaxCodebookSize);
  std::sort(chosen.begin(), chosen.end());
  return Codebook(chosen);
}

Codebook::Codebook(std::span<const std::uint8_t> ascending_exponents)
    : size_(ascending_exponents.size()) {
  assert(size_ >= 1 && size_ <= kMaxCodebookSize);
  assert(
      std::is_sorted(ascending_exponents.begin(), ascending_exponents.end(), std::less_equal<>{}));
  codes_.fill(kEscape);
  for (std::size_t code = 0; code < size_; ++code) {
    exponents_[code] = ascending_exponents[code];
    codes_[ascending_exponents[code]] = static_cast<std::uint8_t>(code);
  }
}

}  // namespace kvferry::codec
