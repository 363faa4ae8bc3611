// A GPU as the simulator knows it: datasheet figures, and how far real kernels stay from them.
//
// The fits are of public operator measurements (NVIDIA ai-dynamo/aiconfigurator, Apache-2.0, vLLM
// 0.24.0 tables; A100: SGLang 0.5.10 and vLLM 0.14.0). Efficiencies multiply the datasheet's peak.
// Equations: iteration_time.hpp.
#pragma once

#include "sim/base/units.hpp"
#include "sim/model_spec.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kvferry::sim {

/// t = t0 + per_k * k + [ (F / (P compute))^p + (W / (BW weights) + A / (BW activations))^p ]^(1/p)
struct GemmFit {
  Seconds fixed;
  Seconds per_k;
  double compute_efficiency;
  double weight_efficiency;
  double activation_efficiency;
  double exponent;
};

/// t = t0 + per_token * longest + [ (F / (P compute))^p + (Y / (BW memory))^p ]^(1/p)
struct PrefillAttentionFit {
  Seconds fixed;
  Seconds per_token;
  double compute_efficiency;
  double memory_efficiency;
  double extra_keys;  ///< k0: keys per query that the kernel computes in vain at the causal edge
  double exponent;
};

/// t = t0 + per_sequence * B + per_sequence_head * B * Hk + KV bytes / (BW kv) + per_token *
/// longest context
struct DecodeAttentionFit {
  Seconds fixed;
  Seconds per_sequence;
  Seconds per_sequence_head;
  double kv_efficiency;
  Seconds per_token;
};

/// Decode attention on a latent cache, which every GPU reads whole:
/// t = t0 + per_sequence * B + [ (KV bytes / (BW kv))^p + (F / (P compute))^p ]^(1/p)
struct LatentDecodeFit {
  Seconds fixed;
  Seconds per_sequence;
  double kv_efficiency;
  double compute_efficiency;
  double exponent;
};

/// A fused layer of experts, router excluded:
/// t = t0 + [ (F / (P compute))^p + (W / (BW weights) + A / (BW activations))^p ]^(1/p)
struct MoeFit {
  Seconds fixed;
  double compute_efficiency;
  double weight_efficiency;
  double activation_efficiency;
  double exponent;
};

/// The fused layer of experts of one shape, as measured with tokens spread evenly over the experts.
struct MoeMeasurement {
  std::int32_t hidden;
  std::int32_t ffn;  ///< of one expert, over all tensor-parallel ranks
  std::int32_t top_k;
  std::int32_t experts;
  std::int32_t tensor_parallel;  ///< GPUs that share each expert
  std::int32_t expert_parallel;  ///< groups among which the experts are divided
  WeightType weights;
  std::vector<double> log_tokens;  ///< natural logarithms of the whole batch's tokens, ascending
  std::vector<double> log_time_s;
};

/// t = a + b * sqrt(S) + c * S, S in bytes
struct CollectiveFit {
  double fixed_s;
  double per_sqrt_byte_s;
  double per_byte_s;
};
using CollectiveFits = std::array<CollectiveFit, 3>;  ///< over 2, 4 and 8 GPUs

struct GpuSpec {
  std::string name;
  std::string source;
  SpecOrigin origin = SpecOrigin::catalog;
  Bytes memory;
  FlopPerSecond bf16_peak;  ///< dense; FP8 has twice as much
  BytesPerSecond memory_bandwidth;
  BytesPerSecond nvlink_bandwidth;  ///< per direction; PCIe where there is no NVLink
  GemmFit gemm_bf16;
  std::optional<GemmFit> gemm_fp8;
  PrefillAttentionFit prefill_attention;
  DecodeAttentionFit decode_attention;
  std::optional<DecodeAttentionFit> decode_attention_fp8;  ///< with an FP8 KV cache
  std::optional<LatentDecodeFit> latent_decode;
  std::optional<LatentDecodeFit> latent_decode_fp8;  ///< with an FP8 KV cache
  std::optional<MoeFit> moe_bf16;
  std::optional<MoeFit> moe_fp8;
  std::vector<MoeMeasurement> moe_measured;  ///< preferred to the fit where the shape is the same
  CollectiveFits all_reduce;
  std::optional<CollectiveFits> all_to_all;  ///< S: what each GPU sends
  /// The GPU whose efficiencies and latencies these are, where the GPU itself was not measured.
  std::optional<std::string> extrapolated_from;
  std::optional<double> usd_per_hour;  ///< list price of one GPU
  std::string price_source;
};

/// What a serving stack adds to its kernels, fitted on end-to-end runs.
struct StackProfile {
  std::string name;
  std::string source;
  SpecOrigin origin = SpecOrigin::catalog;
  double gemm_factor;
  double attention_factor;
  double all_reduce_factor;
  Seconds per_kernel;         ///< launch and gap of each small kernel
  Seconds per_iteration;      ///< host work of one iteration
  Seconds per_sequence;       ///< sampling and bookkeeping of each sequence that emits a token
  double elementwise_factor;  ///< of the time element-wise kernels need at full memory bandwidth
};

}  // namespace kvferry::sim
