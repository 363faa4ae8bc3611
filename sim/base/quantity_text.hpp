// Quantities as people write them: "100 Gbit/s", "2 us", "80 GiB", "12 /s". The one place where
// text becomes a quantity and back. A bare number is refused, because its unit would be a guess.
#pragma once

#include "sim/base/units.hpp"

#include <stdexcept>
#include <string>
#include <string_view>

namespace kvferry {

/// The text is not a quantity of the kind asked for; what() says what was found and what is
/// allowed.
class QuantityError : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

/// B, kB, MB, GB, TB (powers of 1000) and KiB, MiB, GiB, TiB (powers of 1024); rounded to whole
/// bytes.
Bytes parse_bytes(std::string_view text);

/// ns, us, ms, s, min, h.
Seconds parse_seconds(std::string_view text);

/// bit/s ... Tbit/s, B/s ... TB/s and KiB/s ... TiB/s.
BytesPerSecond parse_bytes_per_second(std::string_view text);

/// /s, /min, /h.
PerSecond parse_per_second(std::string_view text);

/// GFLOP/s, TFLOP/s, PFLOP/s.
FlopPerSecond parse_flop_per_second(std::string_view text);

/// The shortest text that parses back to exactly the same value.
std::string to_text(Bytes value);
std::string to_text(Seconds value);
std::string to_text(BytesPerSecond value);
std::string to_text(PerSecond value);
std::string to_text(FlopPerSecond value);

/// The shortest decimal text that reads back as the same double; the same on every machine.
std::string shortest_decimal(double value);

}  // namespace kvferry
