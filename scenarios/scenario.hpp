// A scenario as plain values: what to simulate, on which requests, with which codec, judged by
// which SLOs.
#pragma once

#include "codec/payload_pool.hpp"
#include "codec/transfer_codec.hpp"
#include "scenarios/resolved.hpp"
#include "sim/base/result.hpp"
#include "sim/base/units.hpp"
#include "sim/simulation_config.hpp"
#include "workloads/workload.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace kvferry::scenarios {

enum class TransferCodecName : std::uint8_t {
  none,
  splitzip,
  adaptive,  ///< splitzip for the hand-offs that it is predicted to shorten
};

/// Where the codec's times come from; with `constant` the sizes too come from the scenario.
/// `automatic` is live where there is a device, and the profile elsewhere.
enum class CodecTiming : std::uint8_t { automatic, live, profile, cpu, constant };

struct CodecConfig {
  TransferCodecName codec = TransferCodecName::none;
  CodecTiming timing = CodecTiming::automatic;
  codec::CodecProfile profile;  ///< for timing: profile
  codec::OutsideRange outside_profile = codec::OutsideRange::refuse;
  codec::PayloadSpec payload;  ///< for all timings but constant
  /// A file of tensors instead of the payload's synthetic values; its frame options hold for both.
  std::optional<std::string> payload_path;
  codec::ConstantRates constant;  ///< for timing: constant
};

struct Scenario {
  std::string name;
  std::uint64_t seed = 1;
  Seconds warmup{};  ///< requests that arrive earlier do not enter the latency figures
  sim::SimulationConfig system;
  workloads::WorkloadSpec workload;
  std::string workload_place;  ///< "file:line:column", for faults that show when it is made
  CodecConfig codec;
  Slo slo;
  ResolvedNode resolved;
};

}  // namespace kvferry::scenarios
