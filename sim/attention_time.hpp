// Time of attention on each GPU: projections, and the kernels that work on the KV cache.
//
// Grouped heads: fits on measurements. Latent attention: decode is fitted on measurements of its
// absorbed form, which reads the latent cache; prompts use full keys and values of every head and,
// for want of measurements, the efficiencies of grouped heads.
#pragma once

#include "sim/batch.hpp"
#include "sim/kernel_time.hpp"

#include <cstdint>
#include <span>

namespace kvferry::sim {

/// All times in seconds and for one layer: the mean of layers with and without a window.
class AttentionTime {
 public:
  /// @pre the GPU has a fit for the model's cache: latent or not, BF16 or FP8
  AttentionTime(const GpuSpec& gpu, const ModelSpec& model, std::int32_t tensor_parallel);

  double projections(double tokens, WeightType weights) const;

  /// Of one of `parts` equal parts of the batch.
  double prefill(std::span<const PrefillItem> batch, double parts) const;
  double decode(const DecodeLoad& load, double parts) const;

  /// By how much decode() grows when every context grows by one token, until a window is full.
  double decode_step(const DecodeLoad& load, double parts) const;

  /// Values of a token that element-wise kernels read and write, of queries and keys.
  double elementwise_values() const;

 private:
  // t = fixed + per_sequence * B + per_kv_token * KV tokens + per_longest * longest context
  struct DecodeLine {
    double fixed;
    double per_sequence;
    double per_kv_token;
    double per_longest;
  };
  DecodeLine decode_line() const;
  DecodeLine latent_decode_line() const;
  double prefill_layer(std::span<const PrefillItem> batch, double parts, double window) const;

  GpuSpec gpu_;
  ModelSpec model_;
  double heads_;     ///< query heads per GPU
  double kv_heads_;  ///< KV heads per GPU
  DecodeLine decode_;
  double windowed_share_;  ///< of the layers
  double window_;
};

}  // namespace kvferry::sim
