// How long one engine iteration takes: operator rooflines fitted to measured kernels, combined by
// seven coefficients fitted to measured serving stacks.
//
//   t = k_gemm (G + lm_head) + k_attention L (t_prefill_attention + t_decode_attention)
//       + k_all_reduce R + c_elementwise E
//       + c_kernel kernels + c_iteration + c_sequence logits
// with G the GEMMs and experts of each layer, R two all-reduces per layer (one, and an all-to-all
// there and back, in layers whose experts are in groups), E the element-wise traffic at full memory
// bandwidth. Held-out error of a decode iteration of dense models: 2.8 % (vLLM 0.11-0.12 on H100),
// 4.4 % on H200, 6.6 % on B200; prompts under load are reproduced less well. Models with experts
// deviated by -20 to +27 % end to end.
//
// With pipeline_parallel stages the batch is split into as many parts as there are stages, but no
// more than sequences, and the pipeline is taken to be always full: an iteration lasts stages
// times one part on the largest stage, LM head and host work included, and the part's hidden state
// on its way from stage to stage (2 T h bytes each, not overlapped).
#pragma once

#include "sim/attention_time.hpp"
#include "sim/batch.hpp"
#include "sim/moe_time.hpp"
#include "sim/simulation_config.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace kvferry::sim {

/// Iteration k, from 0, of an unchanged decode batch lasts first + k * step: every context grows by
/// one token per iteration, and so do the growing windows. Holds until a window is full.
struct DecodeSeries {
  Seconds first;
  Seconds step;
};

/// The parts of the equation, before the stack's factors; `total` after them. Of all stages.
struct IterationParts {
  Seconds gemm;  ///< and experts
  Seconds lm_head;
  Seconds attention;   ///< over all layers
  Seconds all_reduce;  ///< and all-to-all
  double kernels{};
  Seconds elementwise;
  double iterations{};  ///< each with its host work: one per stage
  double logits{};
  Seconds stage_sends;
  Seconds total;
};

/// Remembers results, hence not for use by several threads at once.
class IterationTime {
 public:
  /// @pre pool.tensor_parallel is 1, 2, 4 or 8; the GPU has a fit for the weights, the KV cache and
  /// the experts of the model
  IterationTime(const PoolConfig& pool, const ModelSpec& model, const StackProfile& stack,
                WeightType weights);

  IterationParts parts(std::span<const PrefillItem> prefill, const DecodeLoad& decode) const;

  Seconds prefill(std::span<const PrefillItem> batch) const { return parts(batch, {}).total; }

  /// The same bits as parts({}, load).total, but what depends on the batch size alone is remembered.
  Seconds decode(const DecodeLoad& load) const;

  /// `first` has the bits of decode(load); `step` is exact up to rounding.
  DecodeSeries decode_series(const DecodeLoad& load) const;

 private:
  double pipeline_parts(std::int64_t sequences) const;
  double dense_ffn(double tokens) const;
  double all_reduce(double tokens) const;
  double elementwise(double tokens) const;
  IterationParts parts_without_attention(double tokens, double logits) const;
  Seconds decode_without_attention(std::int64_t sequences) const;

  GpuSpec gpu_;
  ModelSpec model_;
  StackProfile stack_;
  std::int32_t tensor_parallel_;
  WeightType weights_;
  double stages_;
  BytesPerSecond stage_bandwidth_;
  double layers_;      ///< of the largest stage
  double moe_layers_;  ///< among them
  double ffn_;         ///< of a dense layer, per GPU
  AttentionTime attention_;
  std::optional<MoeTime> moe_;
  mutable std::vector<double> decode_without_attention_s_;  ///< by batch size; -1: not known yet
};

}  // namespace kvferry::sim
