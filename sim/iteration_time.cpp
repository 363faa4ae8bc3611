#include "sim/iteration_time.hpp"

#include "sim/base/portable_math.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace kvferry::sim {
namespace {

constexpr double kBf16Bytes = 2;

double p_norm(double a, double b, double p) {
  return portable_pow(portable_pow(a, p) + portable_pow(b, p), 1 / p);
}

double real(std::int64_t count) {
  return static_cast<double>(count);
}

}  // namespace

IterationTime::IterationTime(const PoolConfig& pool, const ModelSpec& model,
                             const StackProfile& stack, WeightType weights)
    : gpu_(pool.gpu),
      model_(model),
      stack_(stack),
      tensor_parallel_(pool.tensor_parallel),
      weights_(weights),
      heads_(double{1} * model.heads / pool.tensor_parallel),
      kv_heads_(kv_heads_per_rank(model, pool.tensor_parallel)),
      ffn_(double{1} * model.ffn / pool.tensor_parallel) {
  assert(tensor_parallel_ == 1 || tensor_parallel_ == 2 || tensor_parallel_ == 4 ||
         tensor_parallel_ == 8);
  assert(weights == WeightType::bf16 || gpu_.gemm_fp8);
}

double IterationTime::gemm_time(const Gemm& gemm, WeightType weights) const {
  const bool fp8 = weights == WeightType::fp8;
  const GemmFit& fit = fp8 ? *gpu_.gemm_fp8 : gpu_.gemm_bf16;
  const double peak = gpu_.bf16_peak.value * (fp8 ? 2 : 1);
  const double bytes = fp8 ? 1 : kBf16Bytes;
  const double bandwidth = gpu_.memory_bandwidth.value;
  const double flops = 2 * gemm.rows * gemm.columns * gemm.inner;
  const double weight_bytes = bytes * gemm.columns * gemm.inner;
  const double activation_bytes =
      bytes * gemm.rows * gemm.inner + kBf16Bytes * gemm.rows * gemm.columns;
  const double compute = flops / (peak * fit.compute_efficiency);
  const double memory = weight_bytes / (bandwidth * fit.weight_efficiency) +
                        activation_bytes / (bandwidth * fit.activation_efficiency);
  return fit.fixed.value + fit.per_k.value * gemm.inner + p_norm(compute, memory, fit.exponent);
}

double IterationTime::layer_gemms(double tokens) const {
  const double hidden = model_.hidden;
  const double head_dim = model_.head_dim;
  const double up = model_.gated_mlp ? 2 * ffn_ : ffn_;
  return gemm_time({tokens, (heads_ + 2 * kv_heads_) * head_dim, hidden}, weights_) +
         gemm_time({tokens, hidden, heads_ * head_dim}, weights_) +
         gemm_time({tokens, up, hidden}, weights_) + gemm_time({tokens, hidden, ffn_}, weights_);
}

double IterationTime::prefill_attention(std::span<const PrefillItem> batch) const {
  if (batch.empty()) return 0;
  const PrefillAttentionFit& fit = gpu_.prefill_attention;
  double score_pairs = 0;
  double tokens = 0;
  double kv_tokens = 0;
  double longest = 0;
  for (const PrefillItem& item : batch) {
    const double n = real(item.new_tokens);
    const double c = real(item.cached_tokens);
    score_pairs += n * c + n * (n + 1) / 2 + fit.extra_keys * n;
    tokens += n;
    kv_tokens += 2 * n + c;
    longest = std::max(longest, n + c);
  }
  const double head_dim = model_.head_dim;
  const double flops = 4 * heads_ * head_dim * score_pairs;
  const double bytes = kBf16Bytes * head_dim * (2 * heads_ + 2 * kv_heads_) * tokens +
                       2 * head_dim * kv_heads_ * kBf16Bytes * kv_tokens;
  const double compute = flops / (gpu_.bf16_peak.value * fit.compute_efficiency);
  const double memory = bytes / (gpu_.memory_bandwidth.value * fit.memory_efficiency);
  return fit.fixed.value + fit.per_token.value * longest + p_norm(compute, memory, fit.exponent);
}

double IterationTime::decode_attention(const DecodeLoad& load) const {
  if (load.sequences == 0) return 0;
  const DecodeAttentionFit& fit = gpu_.decode_attention;
  const double sequences = real(load.sequences);
  const double kv_bytes = 2 * kv_heads_ * model_.head_dim * kBf16Bytes * real(load.kv_tokens);
  return fit.fixed.value + fit.per_sequence.value * sequences +
         fit.per_sequence_head.value * sequences * kv_heads_ +
         kv_bytes / (gpu_.memory_bandwidth.value * fit.kv_efficiency) +
         fit.per_token.value * real(load.longest_context);
}

double IterationTime::all_reduce(double tokens) const {
  if (tensor_parallel_ == 1) return 0;
  const std::size_t index = tensor_parallel_ == 2 ? 0 : tensor_parallel_ == 4 ? 1 : 2;
  const AllReduceFit& fit = gpu_.all_reduce[index];
  const double bytes = kBf16Bytes * tokens * model_.hidden;
  return fit.fixed_s + fit.per_sqrt_byte_s * std::sqrt(bytes) + fit.per_byte_s * bytes;
}

double IterationTime::elementwise(double tokens) const {
  const double norms = model_.qk_norm ? 2 : 1;
  const double mlp = (model_.gated_mlp ? 3 : 2) * ffn_;
  const double attention = 2 * (heads_ + kv_heads_) * model_.head_dim * norms;
  return kBf16Bytes * tokens * (8.0 * model_.hidden + mlp + attention) /
         gpu_.memory_bandwidth.value;
}

IterationParts IterationTime::parts(std::span<const PrefillItem> prefill,
                                    const DecodeLoad& decode) const {
  double tokens = real(decode.sequences);
  for (const PrefillItem& item : prefill) tokens += real(item.new_tokens);
  const double layers = model_.layers;
  const double vocabulary = double{1} * model_.vocabulary / tensor_parallel_;

  IterationParts parts{};
  parts.logits = decode.sequences + static_cast<std::int64_t>(prefill.size());
  parts.gemm = {layers * layer_gemms(tokens)};
  parts.lm_head = {
      gemm_time({real(parts.logits), vocabulary, double{1} * model_.hidden}, WeightType::bf16)};
  parts.attention = {layers * (prefill_attention(prefill) + decode_attention(decode))};
  parts.all_reduce = {2 * layers * all_reduce(tokens)};
  parts.kernels = std::int64_t{model_.layers} * (model_.qk_norm ? 6 : 4);
  parts.elementwise = {layers * elementwise(tokens)};
  parts.total =
      (parts.gemm + parts.lm_head) * stack_.gemm_factor +
      parts.attention * stack_.attention_factor + parts.all_reduce * stack_.all_reduce_factor +
      stack_.per_kernel * real(parts.kernels) + parts.elementwise * stack_.elementwise_factor +
      stack_.per_iteration + stack_.per_sequence * real(parts.logits);
  return parts;
}

}  // namespace kvferry::sim
