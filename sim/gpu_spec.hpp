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

/// t = a + b * sqrt(S) + c * S, S in bytes
struct AllReduceFit {
  double fixed_s;
  double per_sqrt_byte_s;
  double per_byte_s;
};

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
  std::array<AllReduceFit, 3> all_reduce;  ///< over 2, 4 and 8 GPUs
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
