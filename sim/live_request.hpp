// A request while it is in the system: its record, and its part in the engines that serve it.
#pragma once

#include "sim/base/record.hpp"
#include "sim/kv_cache.hpp"
#include "workloads/request.hpp"

#include <cstdint>

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

struct LiveRequest {
  RequestRecord record;
  const workloads::Request* request = nullptr;
  std::int64_t sent_rank{};         ///< in the order in which clients sent them
  std::int32_t prompt_engine = -1;  ///< by number in the whole system
  std::int32_t answer_engine = -1;
  Seconds computed_from{kNever};  ///< when its hand-off's layers begin to be computed, if layerwise
  Seconds computed_by{kNever};    ///< and when the last of them is
  bool ended = false;             ///< its record is final
  Sequence at_prefill;  ///< where its prompt is computed; in a mixed engine its answer too
  Sequence at_decode;   ///< where its hand-off goes
};

}  // namespace kvferry::sim
