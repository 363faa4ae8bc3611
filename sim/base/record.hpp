// What is known of a request when it leaves the simulator: one row of requests.csv.
#pragma once

#include "sim/base/units.hpp"

#include <array>
#include <cstdint>
#include <string_view>

namespace kvferry {

/// How a request ended; the counts of all outcomes add up to the requests that were read.
enum class Outcome : std::uint8_t {
  unfinished,  ///< still somewhere in the system at the horizon
  finished,
  rejected_context,     ///< input + output exceed the model's context
  rejected_prefill_kv,  ///< the prompt alone exceeds a prefill instance's KV cache
  rejected_decode_kv,   ///< input + output exceed a decode instance's KV cache
  failed_no_instance,   ///< no instance that could hold it is up, nor will ever be again
  failed_restarts,      ///< lost more often than it may be computed again
};
inline constexpr std::array<std::string_view, 7> kOutcomeNames{"unfinished",
                                                               "finished",
                                                               "rejected:exceeds-context",
                                                               "rejected:exceeds-prefill-kv",
                                                               "rejected:exceeds-decode-kv",
                                                               "failed:no-instance",
                                                               "failed:too-many-restarts"};

constexpr std::string_view name_of(Outcome outcome) {
  return kOutcomeNames[static_cast<std::size_t>(outcome)];
}

constexpr bool is_rejected(Outcome outcome) {
  return outcome == Outcome::rejected_context || outcome == Outcome::rejected_prefill_kv ||
         outcome == Outcome::rejected_decode_kv;
}

constexpr bool is_failed(Outcome outcome) {
  return outcome == Outcome::failed_no_instance || outcome == Outcome::failed_restarts;
}

/// Dates are seconds since the scenario's start, or kNever when the request did not get that far.
inline constexpr Seconds kNever{-1.0};

/// Where an instance died or a hand-off was given up, prefill_start to kv_ready and cached_tokens are
/// those of the attempt that gave the first token, the instances those of the last attempt, and bytes
/// and codec times sums over all.
struct RequestRecord {
  std::int64_t request_id{};
  std::int64_t session{-1};  ///< -1: none
  Seconds scheduled{};       ///< when the client wanted to send it
  Seconds arrival{};         ///< when it was sent: later where the client's own limit held it back
  std::int64_t input_tokens{};
  std::int64_t output_tokens{};
  std::int64_t cached_tokens{};  ///< prompt tokens whose prefill was skipped
  std::int64_t preemptions{};    ///< times it lost its KV cache, or had it swapped out
  std::int64_t retries{};        ///< flows of its hand-offs that were sent again
  std::int64_t restarts{};       ///< times it was computed again from prefill: an instance died, or
                                 ///< a hand-off was given up
  std::int32_t prefill_instance{-1};
  std::int32_t decode_instance{-1};
  Seconds prefill_start{kNever};
  Seconds prefill_end{kNever};
  Seconds transfer_start{kNever};     ///< the decode side had room and the hand-off began
  Seconds kv_ready{kNever};           ///< the last decoded byte is usable on the decode GPUs
  Seconds first_decode_step{kNever};  ///< end of the first decode iteration
  Seconds first_token{kNever};        ///< under the scenario's convention
  Seconds finish{kNever};
  Bytes kv_raw{};
  Bytes kv_wire{};
  Seconds encode{};        ///< codec time on each sending GPU
  Seconds network{};       ///< time with a flow on the wire, of the lane with the most
  Seconds decode_codec{};  ///< codec time on each receiving GPU
  Outcome outcome{Outcome::unfinished};
};

}  // namespace kvferry
