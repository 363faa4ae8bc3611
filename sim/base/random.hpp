// Random streams that are the same on every machine: the standard library's distributions are not.
//
// One named stream per purpose ("arrivals", "lengths", ...), derived from the scenario's seed and
// the name, so that adding a stream or drawing more from one never disturbs another. Generator:
// xoshiro256** (Blackman, Vigna 2018), seeded through splitmix64.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace kvferry {

/// FNV-1a over bytes: names streams and fingerprints files; not a cryptographic hash.
std::uint64_t fnv1a(std::string_view bytes, std::uint64_t state = 0xcbf29ce484222325ULL);

/// splitmix64's finaliser: a bijection of 64-bit words that looks random.
std::uint64_t mix64(std::uint64_t word);

class RandomStream {
 public:
  RandomStream(std::uint64_t seed, std::string_view purpose);

  std::uint64_t next_word();

  /// Uniform in the open interval (0, 1).
  double uniform();

  /// Uniform in 0 ... bound - 1; bound must be at least 1. Without bias.
  std::uint64_t below(std::uint64_t bound);

  /// Exponential with mean 1, by inversion.
  double exponential();

  /// Normal with mean 0 and deviation 1, by Marsaglia's polar method.
  double gaussian();

  /// Fills `values` with what as many calls of gaussian() would give, sooner.
  void gaussians(std::span<double> values);

  /// Gamma with the given shape and scale 1 (mean = shape), by Marsaglia and Tsang (2000).
  double gamma(double shape);

 private:
  /// Uniform in the unit disc without its centre.
  struct DiscPoint {
    double u;
    double v;
    double square;  ///< of the distance from the centre
  };
  DiscPoint disc_point();

  std::array<std::uint64_t, 4> state_{};
  double spare_gaussian_ = 0;
  bool has_spare_ = false;
};

}  // namespace kvferry
