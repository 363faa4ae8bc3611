#include "sim/kernel_time.hpp"

#include "sim/base/portable_math.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace kvferry::sim {

// With one power fewer than as written; the smaller term is often too small to matter.
double p_norm(double a, double b, double p) {
  const double larger = std::max(a, b);
  if (larger == 0) return 0;
  const double sum = 1 + portable_pow(std::min(a, b) / larger, p);
  return sum == 1 ? larger : larger * portable_pow(sum, 1 / p);
}

double gemm_time(const GpuSpec& gpu, const Gemm& gemm, WeightType weights) {
  const bool fp8 = weights == WeightType::fp8;
  const GemmFit& fit = fp8 ? *gpu.gemm_fp8 : gpu.gemm_bf16;
  const double peak = gpu.bf16_peak.value * (fp8 ? 2 : 1);
  const double bytes = fp8 ? 1 : kBf16Bytes;
  const double bandwidth = gpu.memory_bandwidth.value;
  const double flops = 2 * gemm.rows * gemm.columns * gemm.inner;
  const double weight_bytes = bytes * gemm.columns * gemm.inner;
  const double activation_bytes =
      bytes * gemm.rows * gemm.inner + kBf16Bytes * gemm.rows * gemm.columns;
  const double compute = flops / (peak * fit.compute_efficiency);
  const double memory = weight_bytes / (bandwidth * fit.weight_efficiency) +
                        activation_bytes / (bandwidth * fit.activation_efficiency);
  return fit.fixed.value + fit.per_k.value * gemm.inner + p_norm(compute, memory, fit.exponent);
}

double prefill_attention_time(const GpuSpec& gpu, const PrefillAttentionWork& work) {
  const PrefillAttentionFit& fit = gpu.prefill_attention;
  const double compute = work.flops / (gpu.bf16_peak.value * fit.compute_efficiency);
  const double memory = work.bytes / (gpu.memory_bandwidth.value * fit.memory_efficiency);
  return fit.fixed.value + fit.per_token.value * work.longest +
         p_norm(compute, memory, fit.exponent);
}

double collective_time(const CollectiveFits& fits, std::int32_t gpus, double bytes) {
  if (gpus == 1) return 0;
  const std::size_t index = gpus == 2 ? 0 : gpus == 4 ? 1 : 2;
  const CollectiveFit& fit = fits[index];
  return fit.fixed_s + fit.per_sqrt_byte_s * std::sqrt(bytes) + fit.per_byte_s * bytes;
}

}  // namespace kvferry::sim
