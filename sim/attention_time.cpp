#include "sim/attention_time.hpp"

#include <algorithm>
#include <cassert>

namespace kvferry::sim {
namespace {

// More than any context, yet its products stay exact.
constexpr double kNoWindow = 0x1p40;

double real(std::int64_t count) {
  return static_cast<double>(count);
}

// Keys that n queries behind c cached tokens see: all before them, at most the window.
double seen_keys(double n, double c, double window) {
  const double before_full = std::clamp(window - c, 0.0, n);
  return before_full * c + before_full * (before_full + 1) / 2 + (n - before_full) * window;
}

}  // namespace

AttentionTime::AttentionTime(const GpuSpec& gpu, const ModelSpec& model,
                             std::int32_t tensor_parallel)
    : gpu_(gpu),
      model_(model),
      heads_(double{1} * model.heads / tensor_parallel),
      kv_heads_(kv_heads_per_rank(model, tensor_parallel)),
      decode_(model.mla ? latent_decode_line() : decode_line()),
      windowed_share_(double{1} * windowed_layers(model) / model.layers),
      window_(model.sliding_window ? real(*model.sliding_window) : kNoWindow) {}

AttentionTime::DecodeLine AttentionTime::decode_line() const {
  const bool fp8 = model_.kv_type == KvType::fp8;
  assert(!fp8 || gpu_.decode_attention_fp8);
  const DecodeAttentionFit& fit = fp8 ? *gpu_.decode_attention_fp8 : gpu_.decode_attention;
  const double token_bytes = 2 * kv_heads_ * model_.head_dim * real(kv_value_bytes(model_.kv_type));
  return {fit.fixed.value, fit.per_sequence.value + fit.per_sequence_head.value * kv_heads_,
          token_bytes / (gpu_.memory_bandwidth.value * fit.kv_efficiency), fit.per_token.value};
}

// Bytes and operations are both proportional to the tokens in the cache, and so is their p-norm.
AttentionTime::DecodeLine AttentionTime::latent_decode_line() const {
  const auto& stated = model_.kv_type == KvType::fp8 ? gpu_.latent_decode_fp8 : gpu_.latent_decode;
  assert(stated);
  const LatentDecodeFit& fit = *stated;
  const double cached = kv_values_per_head(model_);
  const double bytes = cached * real(kv_value_bytes(model_.kv_type));
  const double flops = 2 * heads_ * (cached + model_.mla->kv_rank);
  return {fit.fixed.value, fit.per_sequence.value,
          p_norm(bytes / (gpu_.memory_bandwidth.value * fit.kv_efficiency),
                 flops / (gpu_.bf16_peak.value * fit.compute_efficiency), fit.exponent),
          0};
}

// Latent attention: down to both ranks (one fused GEMM, on every GPU), up to heads, output. Decode
// multiplies by the same weights in another order.
double AttentionTime::projections(double tokens, WeightType weights) const {
  const double hidden = model_.hidden;
  const double head_dim = model_.head_dim;
  const auto time = [&](double columns, double inner) {
    return gemm_time(gpu_, {tokens, columns, inner}, weights);
  };
  if (!model_.mla)
    return time((heads_ + 2 * kv_heads_) * head_dim, hidden) + time(hidden, heads_ * head_dim);
  const LatentAttention& mla = *model_.mla;
  const double query_inputs = mla.query_rank > 0 ? mla.query_rank : hidden;
  return time(double{1} * mla.query_rank + mla.kv_rank + mla.rope_dim, hidden) +
         time(heads_ * (head_dim + mla.rope_dim), query_inputs) +
         time(heads_ * (head_dim + mla.value_dim), mla.kv_rank) +
         time(hidden, heads_ * mla.value_dim);
}

double AttentionTime::prefill_layer(std::span<const PrefillItem> batch, double parts,
                                    double window) const {
  double score_pairs = 0;
  double tokens = 0;
  double cached_tokens = 0;
  double longest = 0;
  for (const PrefillItem& item : batch) {
    const double n = real(item.new_tokens);
    const double c = std::min(real(item.cached_tokens), window);
    score_pairs +=
        seen_keys(n, real(item.cached_tokens), window) + gpu_.prefill_attention.extra_keys * n;
    tokens += n;
    cached_tokens += c;
    longest = std::max(longest, n + c);
  }
  const bool latent = model_.mla.has_value();
  const double key_dim = latent ? model_.head_dim + model_.mla->rope_dim : model_.head_dim;
  const double value_dim = latent ? model_.mla->value_dim : model_.head_dim;
  const double own_kv_heads = latent ? heads_ : kv_heads_;
  const double cached_values = kv_heads_ * kv_values_per_head(model_);
  const double flops = 2 * heads_ * (key_dim + value_dim) * score_pairs;
  const double bytes =
      kBf16Bytes * (heads_ + own_kv_heads) * (key_dim + value_dim) * tokens +
      cached_values * real(kv_value_bytes(model_.kv_type)) * (2 * tokens + cached_tokens);
  return prefill_attention_time(gpu_, {flops / parts, bytes / parts, longest});
}

double AttentionTime::prefill(std::span<const PrefillItem> batch, double parts) const {
  if (batch.empty()) return 0;
  const double full = prefill_layer(batch, parts, kNoWindow);
  if (windowed_share_ == 0) return full;
  return (1 - windowed_share_) * full + windowed_share_ * prefill_layer(batch, parts, window_);
}

double AttentionTime::decode(const DecodeLoad& load, double parts) const {
  if (load.sequences == 0) return 0;
  const double longest = real(load.longest_context);
  const double either = decode_.fixed + decode_.per_sequence * real(load.sequences) / parts;
  const double full =
      decode_.per_kv_token * real(load.kv_tokens) / parts + decode_.per_longest * longest;
  if (windowed_share_ == 0) return either + full;
  const double windowed = decode_.per_kv_token * real(load.windowed_kv_tokens) / parts +
                          decode_.per_longest * std::min(longest, window_ - 1);
  return either + (1 - windowed_share_) * full + windowed_share_ * windowed;
}

double AttentionTime::decode_step(const DecodeLoad& load, double parts) const {
  if (load.sequences == 0) return 0;
  const double full = decode_.per_kv_token * real(load.sequences) / parts + decode_.per_longest;
  if (windowed_share_ == 0) return full;
  const bool longest_grows = real(load.longest_context) < window_ - 1;
  const double windowed = decode_.per_kv_token * real(load.windowed_growing) / parts +
                          (longest_grows ? decode_.per_longest : 0);
  return (1 - windowed_share_) * full + windowed_share_ * windowed;
}

double AttentionTime::elementwise_values() const {
  const double norms = model_.qk_norm ? 2 : 1;
  if (!model_.mla) return 2 * (heads_ + kv_heads_) * model_.head_dim * norms;
  const LatentAttention& mla = *model_.mla;
  return 2 * (heads_ * (model_.head_dim + mla.rope_dim) + mla.kv_rank + mla.rope_dim) * norms;
}

}  // namespace kvferry::sim
