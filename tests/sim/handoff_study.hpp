// The same hand-offs followed as chunks and as fluid, on SimGrid's direct back-end: how far the second
// is from the first, and what each costs.
#pragma once

#include "sim/simulation_config.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace kvferry::sim {

enum class StudyFabric : std::uint8_t {
  star,      ///< 4 senders and 4 receivers, each behind a NIC of its own
  two_tier,  ///< the same on nodes of two, whose uplinks carry half of what their NICs do
};

/// Hand-offs of 80 to 560 MB of KV cache, in Poisson arrivals between random pairs, over NICs of 50
/// GB/s with a codec of ratio 2 and 5 us per launch.
struct StudyCase {
  std::string name;
  BytesPerSecond encode;  ///< raw bytes
  BytesPerSecond decode;
  std::int32_t chunks = 80;
  double load = 0.5;  ///< of the slowest stage: encoders, NICs or uplinks, decoders
  StudyFabric fabric = StudyFabric::star;
  std::int32_t lanes = 1;  ///< to a receiver of one GPU, from a sender of so many
  Seconds computed_in{0};  ///< layerwise: prefill computes all layers in this time
  std::int64_t handoffs = 4000;
  std::uint64_t seed = 5;
};

struct StudyRun {
  std::vector<double> handoff_s;  ///< by hand-off
  std::vector<double> network_s;
  std::int64_t events = 0;  ///< dates that were asked for, and starts and ends of flows
  double encode_busy_s = 0;
  double decode_busy_s = 0;
  double cpu_s = 0;
};

/// In a process of its own: SimGrid allows one engine in each.
StudyRun run_study(const StudyCase& study, Fidelity fidelity);

/// Of fluid against chunks, relative; positive: fluid takes longer.
struct StudyError {
  double mean;        ///< of the mean hand-off
  double p99;         ///< of the 99th percentile hand-off
  double each_mean;   ///< of each hand-off, absolute: mean,
  double each_p99;    ///< 99th percentile,
  double each_worst;  ///< and the worst
  double events;      ///< of fluid over those of chunks
  double cpu;
};
StudyError compare(const StudyRun& chunks, const StudyRun& fluid);

/// The table of the documentation: every bottleneck at several loads, chunk counts and fabrics.
std::vector<StudyCase> all_studies();

}  // namespace kvferry::sim
