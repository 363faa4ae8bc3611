#include "workloads/think_time.hpp"

#include "sim/base/error.hpp"
#include "sim/base/portable_math.hpp"
#include "sim/base/quantity_text.hpp"
#include "workloads/length_distribution.hpp"

#include <algorithm>

namespace kvferry::workloads {
namespace {

// Some thirty years, and the bound of times in a scenario.
constexpr double kLongestSeconds = 1e9;

std::string in_seconds(Seconds time) {
  return shortest_decimal(time.value) + " s";
}

void require(bool ok, const std::string& rule, const std::string& found) {
  if (!ok) throw InputError("think time: " + rule + ", found " + found);
}

struct Check {
  void operator()(const ConstantTime& think) const {
    require(think.time.value >= 0 && think.time.value <= kLongestSeconds,
            "constant must be from 0 to 1e9 s", in_seconds(think.time));
  }
  void operator()(const ExponentialTime& think) const {
    require(think.mean.value > 0 && think.mean.value <= kLongestSeconds,
            "the mean must be above 0 and at most 1e9 s", in_seconds(think.mean));
  }
  void operator()(const LogNormalTime& think) const {
    const bool ok = think.median.value > 0 && think.p90.value > think.median.value &&
                    think.p90.value <= kLongestSeconds;
    require(ok, "lognormal must have 0 < median < p90 <= 1e9 s",
            "median " + in_seconds(think.median) + " and p90 " + in_seconds(think.p90));
  }
};

struct Draw {
  RandomStream& random;

  double operator()(const ConstantTime& think) const { return think.time.value; }
  double operator()(const ExponentialTime& think) const {
    return think.mean.value * random.exponential();
  }
  double operator()(const LogNormalTime& think) const {
    const double sigma = portable_log(think.p90.value / think.median.value) / kNormalQuantile90;
    return think.median.value * portable_exp(sigma * random.gaussian());
  }
};

struct Describe {
  std::string operator()(const ConstantTime& think) const {
    return "constant " + to_text(think.time);
  }
  std::string operator()(const ExponentialTime& think) const {
    return "exponential with mean " + to_text(think.mean);
  }
  std::string operator()(const LogNormalTime& think) const {
    return "lognormal with median " + to_text(think.median) + " and p90 " + to_text(think.p90);
  }
};

}  // namespace

void check(const ThinkTime& think) {
  std::visit(Check{}, think);
}

Seconds draw(const ThinkTime& think, RandomStream& random) {
  return {std::min(std::visit(Draw{random}, think), kLongestSeconds)};
}

std::string describe(const ThinkTime& think) {
  return std::visit(Describe{}, think);
}

}  // namespace kvferry::workloads
