// How long a client waits between the end of an answer and the next request.
#pragma once

#include "sim/base/random.hpp"
#include "sim/base/units.hpp"

#include <string>
#include <variant>

namespace kvferry::workloads {

struct ConstantTime {
  Seconds time{};  ///< may be zero
};

struct ExponentialTime {
  Seconds mean{};
};

/// The logarithm is normal with mean ln(median) and deviation ln(p90 / median) / 1.2816.
struct LogNormalTime {
  Seconds median{};
  Seconds p90{};
};

using ThinkTime = std::variant<ConstantTime, ExponentialTime, LogNormalTime>;

/// @throws InputError when a parameter is out of range.
void check(const ThinkTime& think);

Seconds draw(const ThinkTime& think, RandomStream& random);

/// "exponential with mean 2 s".
std::string describe(const ThinkTime& think);

}  // namespace kvferry::workloads
