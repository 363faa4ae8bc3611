// A request while it is in the system: its record, and its part in the engines that serve it.
#pragma once

#include "sim/base/record.hpp"
#include "sim/kv_cache.hpp"
#include "workloads/request.hpp"

#include <cstdint>
#include <optional>

namespace kvferry::sim {

struct LiveRequest;

/// A request's part in one engine.
struct Sequence {
  LiveRequest* owner = nullptr;

  // What of its KV cache is here.
  KvCache::Holding holding;    ///< blocks taken when it was let in
  std::int64_t held_blocks{};  ///< how many; what it takes beyond them it takes as its answer grows
  std::int64_t
      prompt_target{};  ///< tokens to compute before it can go on: the prompt, or all that it lost
  std::int64_t prompt_computed{};  ///< of these, computed or found in the cache

  // Its answer.
  std::int64_t context{};      ///< tokens in the KV cache while it is in no decode batch
  std::int64_t remaining{};    ///< decode iterations still to come, likewise
  Seconds last_token{kNever};  ///< the latest token's date, while it is not in step with the batch
  std::int64_t
      admission_rank{};  ///< among all that the engine let in: the latest is preempted first

  // Its place in the decode batch.
  std::int64_t context_base{};      ///< context - iteration, constant while it is in the batch
  std::int64_t finish_iteration{};  ///< after which it leaves the batch
};

/// What a record says of the attempt that gave the first token.
struct FirstAttempt {
  std::int64_t cached_tokens;
  Seconds prefill_start;
  Seconds prefill_end;
  Seconds transfer_start;
  Seconds kv_ready;
};

struct LiveRequest {
  RequestRecord record;  ///< its dates are those of the latest attempt
  const workloads::Request* request = nullptr;
  std::int64_t sent_rank{};         ///< in the order in which clients sent them
  std::int32_t prompt_engine = -1;  ///< by number in the whole system; -1: none has its prompt, or
                                    ///< the last byte of it has left
  std::int32_t avoided_prompt_engine = -1;  ///< those between which its latest hand-off failed
  std::int32_t avoided_answer_engine = -1;
  std::int32_t answer_engine = -1;  ///< to which it is handed off
  bool answering = false;           ///< the hand-off is complete
  Seconds computed_from{kNever};  ///< when its hand-off's layers begin to be computed, if layerwise
  Seconds computed_by{kNever};    ///< and when the last of them is
  bool handoff_failed = false;    ///< layerwise: given up before its prompt was computed
  Seconds decoded_before{};       ///< codec time of earlier hand-offs on each receiving GPU
  bool ended = false;             ///< its record is final
  std::int64_t delivered = 0;     ///< tokens of its answer that the client had before this attempt
  Seconds last_token{kNever};     ///< when the client had the latest of them
  std::optional<FirstAttempt> first_attempt;  ///< once a later one has begun
  Sequence at_prefill;  ///< where its prompt is computed; in a mixed engine its answer too
  Sequence at_decode;   ///< where its hand-off goes

  /// Whether an engine knows of its hand-off.
  bool is_offered() const { return at_decode.owner != nullptr; }
  /// Tokens to compute before its answer goes on: the prompt, and what is known of the answer.
  std::int64_t prompt_tokens() const { return record.input_tokens + delivered; }
  /// Tokens of its answer that the client has. @pre no engine computes it any more
  std::int64_t tokens_delivered() const {
    return record.output_tokens - (answering ? at_decode : at_prefill).remaining;
  }
  /// Its KV cache is lost: it begins again with what the client has. @pre as above
  void begin_again();
  /// The record as the client sees it.
  RequestRecord final_record() const;
};

}  // namespace kvferry::sim
