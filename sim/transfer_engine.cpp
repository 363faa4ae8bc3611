#include "sim/transfer_engine.hpp"

#include "sim/base/portable_math.hpp"

#include <algorithm>
#include <cmath>

namespace kvferry::sim {

Seconds wire_time(const TransferEngine& engine, Bytes size, std::int64_t descriptors,
                  BytesPerSecond line_rate) {
  BytesPerSecond reached{line_rate.value * engine.efficiency};
  if (engine.rate) reached = std::min(reached, *engine.rate);
  const double wire = (size / reached).value;
  const double posting = static_cast<double>(descriptors) * engine.per_descriptor.value;
  const double larger = std::max(wire, posting);
  const double smaller = std::min(wire, posting);
  if (smaller <= 0 || std::isinf(engine.blend)) return {larger};
  if (engine.blend == 1) return {larger + smaller};
  const double ratio = portable_pow(smaller / larger, engine.blend);
  return {larger * portable_pow(1 + ratio, 1 / engine.blend)};
}

}  // namespace kvferry::sim
