// How long one engine iteration takes: operator rooflines fitted to measured kernels, combined by
// seven coefficients fitted to measured serving stacks.
//
//   t = k_gemm (G + lm_head) + k_attention L (t_prefill_attention + t_decode_attention)
//       + k_all_reduce R + c_elementwise E
//       + c_kernel kernels + c_iteration + c_sequence logits
// with G the four GEMMs of each layer, R two all-reduces per layer, E the element-wise traffic at
// full memory bandwidth. Held-out error of a decode iteration: 2.8 % (vLLM 0.11-0.12 on H100),
// 4.4 % on H200, 6.6 % on B200; prompts under load are reproduced less well. Dense models, BF16 or
// FP8 weights, BF16 KV cache.
#pragma once

#include "sim/simulation_config.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace kvferry::sim {

/// One prompt of a prefill batch.
struct PrefillItem {
  std::int64_t new_tokens{};
  std::int64_t cached_tokens{};  ///< already in the KV cache
};

/// The decode part of a batch.
struct DecodeLoad {
  std::int64_t sequences{};
  std::int64_t kv_tokens{};  ///< whose K and V are read: all contexts, new tokens included
  std::int64_t longest_context{};
  /// The same in layers with a sliding window: the sum of min(context + 1, window), and the
  /// sequences with context + 1 < window, whose share still grows. Ignored without such layers.
  std::int64_t windowed_kv_tokens{};
  std::int64_t windowed_growing{};
};

/// Iteration k, from 0, of an unchanged decode batch lasts first + k * step: every context grows by
/// one token per iteration, and so do the growing windows. Holds until a window is full.
struct DecodeSeries {
  Seconds first;
  Seconds step;
};

/// The parts of the equation, before the stack's factors; `total` after them.
struct IterationParts {
  Seconds gemm;
  Seconds lm_head;
  Seconds attention;  ///< over all layers
  Seconds all_reduce;
  std::int64_t kernels{};
  Seconds elementwise;
  std::int64_t logits{};
  Seconds total;
};

/// Remembers results, hence not for use by several threads at once.
class IterationTime {
 public:
  /// @pre pool.tensor_parallel is 1, 2, 4 or 8; FP8 weights only on a GPU with an FP8 fit
  IterationTime(const PoolConfig& pool, const ModelSpec& model, const StackProfile& stack,
                WeightType weights);

  IterationParts parts(std::span<const PrefillItem> prefill, const DecodeLoad& decode) const;

  Seconds prefill(std::span<const PrefillItem> batch) const { return parts(batch, {}).total; }

  /// The same bits as parts({}, load).total, but what depends on the batch size alone is remembered.
  Seconds decode(const DecodeLoad& load) const;

  /// `first` has the bits of decode(load); `step` is exact up to rounding.
  DecodeSeries decode_series(const DecodeLoad& load) const;

 private:
  struct Gemm {
    double rows;     ///< m: tokens
    double columns;  ///< n: outputs
    double inner;    ///< k: inputs
  };
  double gemm_time(const Gemm& gemm, WeightType weights) const;
  double layer_gemms(double tokens) const;
  double prefill_attention(std::span<const PrefillItem> batch, double window) const;
  double decode_attention(double sequences, double kv_tokens, double longest_context) const;
  Seconds attention(std::span<const PrefillItem> prefill, const DecodeLoad& decode) const;
  IterationParts parts_without_attention(double tokens, std::int64_t logits) const;
  Seconds decode_without_attention(std::int64_t sequences) const;
  double all_reduce(double tokens) const;
  double elementwise(double tokens) const;

  GpuSpec gpu_;
  ModelSpec model_;
  StackProfile stack_;
  std::int32_t tensor_parallel_;
  WeightType weights_;
  double heads_;       ///< query heads per GPU
  double kv_heads_;    ///< KV heads per GPU
  double ffn_;         ///< per GPU
  double kv_token_s_;  ///< of decode attention, per layer and token in the KV cache
  std::int32_t windowed_layers_;
  double window_;
  mutable std::vector<double> decode_without_attention_s_;  ///< by batch size; -1: not known yet
};

}  // namespace kvferry::sim
