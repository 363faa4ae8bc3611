// Which measured systems the model covers, and as which scenario a measurement is replayed.
//
// The stack profile is the published one of the measurement's backend that was fitted on its GPU;
// TensorRT-LLM on H100 has one for BF16 and one for FP8 weights. SGLang was fitted on H100 only, and
// that profile serves for H200 too: those rows are of a GPU, a model and a precision it never saw.
//
// What the harness did is documented for vLLM and Llama-3.1-70B on H200 and B200 (InferenceMAX,
// README.md): a token budget of 8,192, chunked prefill, as many sequences per iteration as the
// concurrency, 90 % of GPU memory; prompts and answers of 80 to 100 % of the stated lengths; ten
// times the concurrency of requests, all due at once, so many of them in flight at a time; figures
// over all of them, the first burst included. The rows of the source benchmark-db-dump are taken to
// have been measured so; the others too, but with exactly the stated lengths. SGLang puts prompts
// first instead of cutting them.
#pragma once

#include "cli/measurements_csv.hpp"

#include <string>
#include <variant>

namespace kvferry::cli {

/// A measurement in the catalog's words.
struct MeasuredSystem {
  std::string gpu;
  std::string model;
  std::string weights;  ///< bf16 or fp8
  std::string stack;
};

/// Why a measurement is not replayed.
struct Exclusion {
  std::string reason;
};

/// What the command line asks for; empty: all.
struct Selection {
  std::string gpu;
  std::string model;
};

/// @throws InputError when the selection is not in the catalog
void check(const Selection& selection);

std::variant<MeasuredSystem, Exclusion> classify(const Measurement& measurement,
                                                 const Selection& selection);

/// A scenario file as a user would write it. @pre the measurement was classified as this system
std::string scenario_text(const Measurement& measurement, const MeasuredSystem& system);

}  // namespace kvferry::cli
