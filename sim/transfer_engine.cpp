#include "sim/transfer_engine.hpp"

#include "sim/base/portable_math.hpp"

#include <algorithm>
#include <cmath>

namespace kvferry::sim {
namespace {

// What one transfer takes without a cost per descriptor.
Seconds bulk_time(const TransferEngine& engine, Bytes size, BytesPerSecond line_rate) {
  const auto at_efficiency = [&](Bytes bytes, double efficiency) {
    const BytesPerSecond reached = line_rate * efficiency;
    return bytes / (engine.rate ? std::min(reached, *engine.rate) : reached);
  };
  const Seconds full = at_efficiency(size, engine.efficiency);
  if (!engine.small || size >= engine.small->full_from || std::isinf(full.value)) return full;
  const SmallTransfers& small = *engine.small;
  if (size <= small.up_to) return at_efficiency(size, small.efficiency);
  const Seconds least = at_efficiency(small.up_to, small.efficiency);
  const Seconds most = at_efficiency(small.full_from, engine.efficiency);
  const double share = static_cast<double>((size - small.up_to).value) /
                       static_cast<double>((small.full_from - small.up_to).value);
  return least + (most - least) * share;
}

// (a^p + b^p)^(1/p), of which only the ratio of both is raised: nothing overflows.
Seconds blended(Seconds a, Seconds b, double p) {
  const Seconds larger = std::max(a, b);
  const Seconds smaller = std::min(a, b);
  if (smaller.value <= 0 || std::isinf(p)) return larger;
  if (p == 1) return larger + smaller;
  return larger * portable_pow(1 + portable_pow(smaller / larger, p), 1 / p);
}

}  // namespace

Seconds wire_time(const TransferEngine& engine, Bytes size, std::int64_t descriptors,
                  BytesPerSecond line_rate) {
  const Seconds bulk = bulk_time(engine, size, line_rate);
  const auto pieces =
      static_cast<double>(engine.packing ? std::min<std::int64_t>(descriptors, 1) : descriptors);
  const Seconds copies = engine.packing ? (size / *engine.packing) * 2 : Seconds{0};
  return copies + engine.serial_per_descriptor * pieces +
         blended(engine.per_descriptor * pieces, bulk, engine.blend);
}

}  // namespace kvferry::sim
