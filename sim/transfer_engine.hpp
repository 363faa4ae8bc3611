// What the library that moves KV caches adds to the wire: a start-up time, a cost per descriptor
// (one contiguous piece of memory), and the share of the line rate that it reaches.
//
//   t = start + n * serial_per_descriptor
//             + [ (n * per_descriptor)^p + (bytes / (efficiency * B))^p ]^(1/p)
// on an idle path whose line rate is B: p = 1 where posting and the wire take turns, infinite where
// they overlap. Source of the form and of the presets' figures: fits to public measurements, each
// named in catalog/transfer_engines.yaml.
#pragma once

#include "sim/base/units.hpp"
#include "sim/model_spec.hpp"

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace kvferry::sim {

enum class FigureOrigin : std::uint8_t { measured, assumed, scenario };

/// Where one figure of an engine comes from; `figure` is its key in scenarios.
struct FigureSource {
  std::string figure;
  FigureOrigin origin = FigureOrigin::assumed;
  std::string source;
};

/// Transfers of up to `up_to` reach this share of the line rate only. From `full_from` on they reach
/// the engine's; in between the time is linear in the size.
struct SmallTransfers {
  double efficiency = 1;
  Bytes up_to;
  Bytes full_from;
};

/// The default adds nothing to the wire.
struct TransferEngine {
  std::string name = "ideal";
  std::string source = "no overhead: latency + bytes / bandwidth";
  SpecOrigin origin = SpecOrigin::catalog;
  std::vector<FigureSource> figures;   ///< those that differ from the default's
  double efficiency = 1;               ///< of the line rate, 0 to 1
  std::optional<BytesPerSecond> rate;  ///< of one transfer, whatever the line rate
  std::optional<SmallTransfers> small;
  Seconds start{0};                  ///< of every transfer, before its first byte
  Seconds per_descriptor{0};         ///< overlaps with the wire as `blend` says
  Seconds serial_per_descriptor{0};  ///< besides: overlaps with nothing
  double blend = std::numeric_limits<double>::infinity();  ///< p, at least 1
  /// Pieces are copied into one buffer at this rate, travel as one descriptor, and are copied apart
  /// at it, one after the other.
  std::optional<BytesPerSecond> packing;
  std::optional<std::int32_t> in_flight;  ///< transfers at a time per NIC
  Seconds connection_setup{0};            ///< once for every pair of GPUs
  Seconds overhead{0};                    ///< from the last byte until the cache is usable
};

/// t above, without `start`, and with the copies of an engine that packs.
/// @param line_rate of the idle path
Seconds wire_time(const TransferEngine& engine, Bytes size, std::int64_t descriptors,
                  BytesPerSecond line_rate);

}  // namespace kvferry::sim
