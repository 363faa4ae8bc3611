#include "sim/base/random.hpp"

#include "sim/base/portable_math.hpp"

#include <bit>
#include <cmath>

namespace kvferry {

std::uint64_t fnv1a(std::string_view bytes, std::uint64_t state) {
  for (const char byte : bytes) {
    state ^= static_cast<unsigned char>(byte);
    state *= 0x100000001b3ULL;
  }
  return state;
}

std::uint64_t mix64(std::uint64_t word) {
  word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9ULL;
  word = (word ^ (word >> 27)) * 0x94d049bb133111ebULL;
  return word ^ (word >> 31);
}

RandomStream::RandomStream(std::uint64_t seed, std::string_view purpose) {
  std::uint64_t counter = seed ^ fnv1a(purpose);
  for (std::uint64_t& word : state_) {
    counter += 0x9e3779b97f4a7c15ULL;
    word = mix64(counter);
  }
}

std::uint64_t RandomStream::next_word() {
  const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
  const std::uint64_t shifted = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= shifted;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

double RandomStream::uniform() {
  return (static_cast<double>(next_word() >> 11) + 0.5) * 0x1p-53;
}

std::uint64_t RandomStream::below(std::uint64_t bound) {
  const std::uint64_t rejected_below = (0 - bound) % bound;  // 2^64 mod bound
  for (;;) {
    const std::uint64_t word = next_word();
    if (word >= rejected_below) return word % bound;
  }
}

double RandomStream::exponential() {
  return -portable_log(uniform());
}

RandomStream::DiscPoint RandomStream::disc_point() {
  for (;;) {
    const double u = 2 * uniform() - 1;
    const double v = 2 * uniform() - 1;
    const double square = u * u + v * v;
    if (square < 1 && square != 0) return {u, v, square};
  }
}

double RandomStream::gaussian() {
  if (has_spare_) {
    has_spare_ = false;
    return spare_gaussian_;
  }
  const DiscPoint point = disc_point();
  const double factor = std::sqrt(-2 * portable_log(point.square) / point.square);
  spare_gaussian_ = point.v * factor;
  has_spare_ = true;
  return point.u * factor;
}

void RandomStream::gaussians(std::span<double> values) {
  constexpr std::size_t kPoints = 4;
  if (has_spare_ && !values.empty()) {
    values.front() = gaussian();
    values = values.subspan(1);
  }
  while (values.size() >= 2 * kPoints) {
    std::array<DiscPoint, kPoints> points{};
    std::array<double, kPoints> squares{};
    std::array<double, kPoints> logs{};
    for (std::size_t i = 0; i < kPoints; ++i) {
      points[i] = disc_point();
      squares[i] = points[i].square;
    }
    portable_log4(squares.data(), logs.data());
    for (std::size_t i = 0; i < kPoints; ++i) {
      const double factor = std::sqrt(-2 * logs[i] / squares[i]);
      values[2 * i] = points[i].u * factor;
      values[2 * i + 1] = points[i].v * factor;
    }
    values = values.subspan(2 * kPoints);
  }
  for (double& value : values) value = gaussian();
}

double RandomStream::gamma(double shape) {
  if (shape < 1) {
    // Gamma(shape) = Gamma(shape + 1) U^(1/shape).
    const double boosted = gamma(shape + 1);
    return boosted * portable_pow(uniform(), 1 / shape);
  }
  const double d = shape - 1.0 / 3;
  const double c = 1 / std::sqrt(9 * d);
  for (;;) {
    const double x = gaussian();
    const double t = 1 + c * x;
    if (t <= 0) continue;
    const double v = t * t * t;
    if (portable_log(uniform()) < 0.5 * x * x + d - d * v + d * portable_log(v)) return d * v;
  }
}

}  // namespace kvferry
