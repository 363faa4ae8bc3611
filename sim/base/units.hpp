// Physical quantities as plain structs: a number cannot be mistaken for another quantity, and only
// the operators that mean something exist (Bytes + Seconds does not compile). Bytes are 64-bit
// integers; Seconds are doubles because SimGrid's clock is. Text in and out ("25 GB/s", "2 us")
// lives in quantity_text.hpp; raw numbers live at the edges only.
#pragma once

#include <compare>
#include <cstdint>

namespace kvferry {

struct Bytes {
  std::int64_t value{};
  auto operator<=>(const Bytes&) const = default;
  constexpr Bytes& operator+=(Bytes other) {
    value += other.value;
    return *this;
  }
};

struct Seconds {
  double value{};
  auto operator<=>(const Seconds&) const = default;
  constexpr Seconds& operator+=(Seconds other) {
    value += other.value;
    return *this;
  }
};

struct BytesPerSecond {
  double value{};
  auto operator<=>(const BytesPerSecond&) const = default;
};

/// A rate of events, such as request arrivals.
struct PerSecond {
  double value{};
  auto operator<=>(const PerSecond&) const = default;
};

/// Floating-point operations per second (dense, without sparsity).
struct FlopPerSecond {
  double value{};
  auto operator<=>(const FlopPerSecond&) const = default;
};

constexpr Bytes operator+(Bytes a, Bytes b) {
  return {a.value + b.value};
}
constexpr Bytes operator-(Bytes a, Bytes b) {
  return {a.value - b.value};
}
constexpr Bytes operator*(Bytes a, std::int64_t count) {
  return {a.value * count};
}
constexpr Seconds operator+(Seconds a, Seconds b) {
  return {a.value + b.value};
}
constexpr Seconds operator-(Seconds a, Seconds b) {
  return {a.value - b.value};
}
constexpr Seconds operator*(Seconds a, double factor) {
  return {a.value * factor};
}
constexpr double operator/(Seconds a, Seconds b) {
  return a.value / b.value;
}
constexpr BytesPerSecond operator*(BytesPerSecond a, double factor) {
  return {a.value * factor};
}

constexpr Seconds operator/(Bytes size, BytesPerSecond rate) {
  return {static_cast<double>(size.value) / rate.value};
}

}  // namespace kvferry
