// A user's own measurements of engine iterations, for `kvferry calibrate`.
//
//   gpu, model              names of the catalog
//   weights                 bf16 or fp8
//   tensor_parallel         1, 2, 4 or 8
//   prefill                 prompts of the iteration: new+cached tokens each, with ; between them
//                           ("2048+0;512+1536"); may be empty
//   decode_sequences        sequences that decode, 0 for none
//   decode_context_tokens   the sum of their contexts before the iteration
//   measured_ms             how long the iteration took
// and optionally
//   kv_type                 bf16 (default) or fp8
//   expert_parallel         1 (default)
//   longest_context         of the decoding sequences; the mean, rounded up, when absent
//   group                   what is held out together; all columns up to expert_parallel when
//                           absent
// Sequences of a model with a sliding window count as if each had the mean context.
#pragma once

#include "analysis/stack_fit.hpp"

#include <string>
#include <vector>

namespace kvferry::cli {

/// @throws InputError with all faults: file, line, column, found, allowed
std::vector<analysis::StackTiming> read_timings(const std::string& path);

}  // namespace kvferry::cli
