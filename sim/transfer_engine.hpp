// What the library that moves KV caches adds to the wire: a start-up time, a cost per descriptor
// (one contiguous piece of memory), and the share of the line rate that it reaches.
//
//   t = start + [ (n * per_descriptor)^p + (bytes / (efficiency * B))^p ]^(1/p)
// on an idle path whose line rate is B: p = 1 where posting and the wire take turns, infinite where
// they overlap. Source of the form and of the presets' figures: fits to public measurements, each
// named in catalog/transfer_engines.yaml.
#pragma once

#include "sim/base/units.hpp"

#include <cstdint>
#include <limits>
#include <optional>
#include <string>

namespace kvferry::sim {

/// The default adds nothing to the wire.
struct TransferEngine {
  std::string name = "ideal";
  std::string source = "no overhead: latency + bytes / bandwidth";
  double efficiency = 1;               ///< of the line rate, 0 to 1
  std::optional<BytesPerSecond> rate;  ///< of one transfer, whatever the line rate
  Seconds start{0};                    ///< of every transfer, before its first byte
  Seconds per_descriptor{0};
  double blend = std::numeric_limits<double>::infinity();  ///< p, at least 1
  std::optional<std::int32_t> in_flight;                   ///< transfers at a time per NIC
  Seconds connection_setup{0};                             ///< once for every pair of GPUs
  Seconds overhead{0};  ///< from the last byte until the cache is usable
};

/// t above, without `start`. @param line_rate of the idle path
Seconds wire_time(const TransferEngine& engine, Bytes size, std::int64_t descriptors,
                  BytesPerSecond line_rate);

}  // namespace kvferry::sim
