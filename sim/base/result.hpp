// What a run leaves behind, for analysis/ to judge.
#pragma once

#include "sim/base/record.hpp"
#include "sim/base/units.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace kvferry {

/// Gaps between consecutive tokens, in closed form: `gaps` iterations in a row gave a token to each
/// of `sequences` requests. Gap k, from 0, lasted first_gap + k * step; the first ended at
/// first_end, and each of the others when its own length had passed after the one before.
struct TokenGapRun {
  Seconds first_end;
  Seconds first_gap;
  Seconds step;
  std::int64_t gaps;
  std::int64_t sequences;
};

/// Hand-offs that a codec on a device encoded and decoded during the run.
struct LiveCodecAccount {
  std::int64_t handoffs{};
  std::int64_t verified_handoffs{};  ///< every bit compared
  std::int64_t chunks{};             ///< of the hand-offs
  std::int64_t split_chunks{};       ///< several launches, because memory was short
};

/// How closely hand-offs were followed.
enum class HandoffFidelity : std::uint8_t {
  chunks,  ///< every chunk was a flow
  fluid,   ///< one flow per lane
};

/// Sums over all instances or GPUs; busy times until the end.
struct SimulationTotals {
  Seconds prefill_busy{};
  Seconds decode_busy{};
  Seconds mixed_busy{};
  Seconds encode_busy{};
  Seconds decode_codec_busy{};
  std::int64_t prefill_iterations{};
  std::int64_t decode_iterations{};
  std::int64_t mixed_iterations{};
  std::int64_t flows{};
  std::int64_t handoffs{};
  std::int64_t compressed_handoffs{};
  Seconds saved_by_bytes{};  ///< of hand-offs alone on their paths, on the wire: fewer bytes,
  Seconds saved_by_descriptors{};  ///< and then fewer descriptors
  HandoffFidelity fidelity{};
  std::int64_t kv_blocks_in_use{};  ///< at the end, on both sides; 0 when every request has ended
  LiveCodecAccount live_codec{};
  Seconds end{};  ///< the last event's date, or the horizon
};

/// What one direction of a cable was used for.
struct LinkUse {
  Bytes carried{};            ///< of flows that have ended, what they sent
  Seconds busy{};             ///< with a flow on it
  Seconds shared{};           ///< with several
  std::int32_t peak_flows{};  ///< on it at a time
  bool operator==(const LinkUse&) const = default;
};

/// Many senders at one receiving NIC: a rise is when the senders whose flows are on their way to it
/// become as many as the run's limit (NetworkConfig::incast_flows).
struct IncastUse {
  std::int64_t events{};  ///< rises, of all NICs
  Seconds time{};         ///< at the limit or above, summed over NICs
  bool operator==(const IncastUse&) const = default;
};

inline constexpr std::size_t kTimelineBins = 64;

/// What a link carried in each of kTimelineBins intervals, the first of which begins at 0. The bytes
/// of a flow count as if they had been sent evenly over its life: this is the mean rate of flows, not
/// the rate of the moment, and where flows speed up or slow down a bin can hold more than the link
/// could carry in it.
struct LinkTimeline {
  std::int32_t link{};  ///< of the topology
  std::array<Bytes, kTimelineBins> bytes{};
  bool operator==(const LinkTimeline&) const = default;
};

struct NetworkUse {
  std::vector<LinkUse> links;           ///< by link of the topology
  std::vector<LinkTimeline> timelines;  ///< of links that carried anything, in their order
  Seconds bin{};                        ///< width of each interval
  IncastUse incast;
  bool operator==(const NetworkUse&) const = default;
};

/// What is left to say when every record and every run of gaps has gone to a ResultSink.
struct SimulationSums {
  SimulationTotals totals;
  NetworkUse network;
};

/// A whole run, for those who look at all of it.
struct SimulationResult {
  std::vector<RequestRecord> records;   ///< one per request, in the order given
  std::vector<TokenGapRun> token_gaps;  ///< of all instances that decode
  NetworkUse network;
  SimulationTotals totals;
};

/// What a request must achieve to count as good; an absent limit is always met.
struct Slo {
  std::optional<Seconds> ttft;
  std::optional<Seconds> tpot;
};

}  // namespace kvferry
