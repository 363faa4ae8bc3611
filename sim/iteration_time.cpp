#include "sim/iteration_time.hpp"

#include "sim/base/portable_math.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace kvferry::sim {
namespace {

constexpr double kBf16Bytes = 2;

// Batches above compute what smaller ones remember.
constexpr std::int64_t kRememberedBatches = 4096;
constexpr double kUnknown = -1;

// More than any context, yet its products stay exact.
constexpr double kNoWindow = 0x1p40;

// (a^p + b^p)^(1/p) with one power fewer; the smaller term is often too small to matter.
double p_norm(double a, double b, double p) {
  const double larger = std::max(a, b);
  if (larger == 0) return 0;
  const double sum = 1 + portable_pow(std::min(a, b) / larger, p);
  return sum == 1 ? larger : larger * portable_pow(sum, 1 / p);
}

double real(std::int64_t count) {
  return static_cast<double>(count);
}

// Keys that n queries behind c cached tokens see: all before them, at most the window.
double seen_keys(double n, double c, double window) {
  const double before_full = std::clamp(window - c, 0.0, n);
  return before_full * c + before_full * (before_full + 1) / 2 + (n - before_full) * window;
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
      ffn_(double{1} * model.ffn / pool.tensor_parallel),
      kv_token_s_(2 * kv_heads_ * model.head_dim * kBf16Bytes /
                  (pool.gpu.memory_bandwidth.value * pool.gpu.decode_attention.kv_efficiency)),
      windowed_layers_(model.sliding_window ? model.windowed_layers : 0),
      window_(model.sliding_window ? real(*model.sliding_window) : kNoWindow) {
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

double IterationTime::prefill_attention(std::span<const PrefillItem> batch, double window) const {
  if (batch.empty()) return 0;
  const PrefillAttentionFit& fit = gpu_.prefill_attention;
  double score_pairs = 0;
  double tokens = 0;
  double kv_tokens = 0;
  double longest = 0;
  for (const PrefillItem& item : batch) {
    const double n = real(item.new_tokens);
    const double c = real(item.cached_tokens);
    const double visible = std::min(c, window);
    score_pairs += seen_keys(n, c, window) + fit.extra_keys * n;
    tokens += n;
    kv_tokens += 2 * n + visible;
    longest = std::max(longest, n + visible);
  }
  const double head_dim = model_.head_dim;
  const double flops = 4 * heads_ * head_dim * score_pairs;
  const double bytes = kBf16Bytes * head_dim * (2 * heads_ + 2 * kv_heads_) * tokens +
                       2 * head_dim * kv_heads_ * kBf16Bytes * kv_tokens;
  const double compute = flops / (gpu_.bf16_peak.value * fit.compute_efficiency);
  const double memory = bytes / (gpu_.memory_bandwidth.value * fit.memory_efficiency);
  return fit.fixed.value + fit.per_token.value * longest + p_norm(compute, memory, fit.exponent);
}

double IterationTime::decode_attention(double sequences, double kv_tokens,
                                       double longest_context) const {
  if (sequences == 0) return 0;
  const DecodeAttentionFit& fit = gpu_.decode_attention;
  return fit.fixed.value + fit.per_sequence.value * sequences +
         fit.per_sequence_head.value * sequences * kv_heads_ + kv_token_s_ * kv_tokens +
         fit.per_token.value * longest_context;
}

// Over all layers, before the stack's factor.
Seconds IterationTime::attention(std::span<const PrefillItem> prefill,
                                 const DecodeLoad& decode) const {
  const double sequences = real(decode.sequences);
  const double longest = real(decode.longest_context);
  const double full_layers = model_.layers - windowed_layers_;
  const double full = prefill_attention(prefill, kNoWindow) +
                      decode_attention(sequences, real(decode.kv_tokens), longest);
  if (windowed_layers_ == 0) return {full_layers * full};
  const double windowed =
      prefill_attention(prefill, window_) +
      decode_attention(sequences, real(decode.windowed_kv_tokens), std::min(longest, window_ - 1));
  return {full_layers * full + windowed_layers_ * windowed};
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

IterationParts IterationTime::parts_without_attention(double tokens, std::int64_t logits) const {
  const double layers = model_.layers;
  const double vocabulary = double{1} * model_.vocabulary / tensor_parallel_;
  IterationParts parts{};
  parts.logits = logits;
  parts.gemm = {layers * layer_gemms(tokens)};
  parts.lm_head = {
      gemm_time({real(logits), vocabulary, double{1} * model_.hidden}, WeightType::bf16)};
  parts.all_reduce = {2 * layers * all_reduce(tokens)};
  parts.kernels = std::int64_t{model_.layers} * (model_.qk_norm ? 6 : 4);
  parts.elementwise = {layers * elementwise(tokens)};
  parts.total = (parts.gemm + parts.lm_head) * stack_.gemm_factor +
                parts.all_reduce * stack_.all_reduce_factor +
                stack_.per_kernel * real(parts.kernels) +
                parts.elementwise * stack_.elementwise_factor + stack_.per_iteration +
                stack_.per_sequence * real(parts.logits);
  return parts;
}

IterationParts IterationTime::parts(std::span<const PrefillItem> prefill,
                                    const DecodeLoad& decode) const {
  double tokens = real(decode.sequences);
  for (const PrefillItem& item : prefill) tokens += real(item.new_tokens);
  const auto logits = decode.sequences + static_cast<std::int64_t>(prefill.size());
  IterationParts parts = parts_without_attention(tokens, logits);
  parts.attention = attention(prefill, decode);
  parts.total = parts.total + parts.attention * stack_.attention_factor;
  return parts;
}

Seconds IterationTime::decode_without_attention(std::int64_t sequences) const {
  const auto compute = [&] { return parts_without_attention(real(sequences), sequences).total; };
  if (sequences >= kRememberedBatches) return compute();
  const auto index = static_cast<std::size_t>(sequences);
  if (index >= decode_without_attention_s_.size()) {
    decode_without_attention_s_.resize(index + 1, kUnknown);
  }
  double& known = decode_without_attention_s_[index];
  if (known == kUnknown) known = compute().value;
  return {known};
}

Seconds IterationTime::decode(const DecodeLoad& load) const {
  return decode_without_attention(load.sequences) + attention({}, load) * stack_.attention_factor;
}

DecodeSeries IterationTime::decode_series(const DecodeLoad& load) const {
  const double longest_s = gpu_.decode_attention.per_token.value;
  const double full = kv_token_s_ * real(load.sequences) + longest_s;
  const bool longest_window_grows = real(load.longest_context) < window_ - 1;
  const double windowed =
      kv_token_s_ * real(load.windowed_growing) + (longest_window_grows ? longest_s : 0);
  const double step = (model_.layers - windowed_layers_) * full + windowed_layers_ * windowed;
  return {decode(load), {stack_.attention_factor * step}};
}

}  // namespace kvferry::sim
