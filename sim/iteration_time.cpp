#include "sim/iteration_time.hpp"

#include <algorithm>
#include <cassert>
#include <cstddef>

namespace kvferry::sim {
namespace {

// Batches above compute what smaller ones remember.
constexpr std::int64_t kRememberedBatches = 4096;
constexpr double kUnknown = -1;

double real(std::int64_t count) {
  return static_cast<double>(count);
}

std::optional<MoeTime> moe_time(const PoolConfig& pool, const ModelSpec& model,
                                WeightType weights) {
  if (!model.moe) return std::nullopt;
  return MoeTime(pool.gpu, model, pool.tensor_parallel, pool.expert_parallel, weights);
}

}  // namespace

IterationTime::IterationTime(const PoolConfig& pool, const ModelSpec& model,
                             const StackProfile& stack, WeightType weights)
    : gpu_(pool.gpu),
      model_(model),
      stack_(stack),
      tensor_parallel_(pool.tensor_parallel),
      weights_(weights),
      stages_(pool.pipeline_parallel),
      stage_bandwidth_(pool.stage_bandwidth),
      layers_(stage_layers(model, pool.pipeline_parallel)),
      moe_layers_(std::min(layers_, double{1} * moe_layers(model))),
      ffn_(double{1} * model.ffn / pool.tensor_parallel),
      attention_(pool.gpu, model, pool.tensor_parallel),
      moe_(moe_time(pool, model, weights)) {
  assert(tensor_parallel_ == 1 || tensor_parallel_ == 2 || tensor_parallel_ == 4 ||
         tensor_parallel_ == 8);
  assert(weights == WeightType::bf16 || gpu_.gemm_fp8);
}

double IterationTime::pipeline_parts(std::int64_t sequences) const {
  return std::clamp(real(sequences), 1.0, stages_);
}

double IterationTime::dense_ffn(double tokens) const {
  const double hidden = model_.hidden;
  const double up = model_.gated_mlp ? 2 * ffn_ : ffn_;
  return gemm_time(gpu_, {tokens, up, hidden}, weights_) +
         gemm_time(gpu_, {tokens, hidden, ffn_}, weights_);
}

// Over the layers of a stage; with groups of experts the exchange takes the place of the second one.
double IterationTime::all_reduce(double tokens) const {
  const double once =
      collective_time(gpu_.all_reduce, tensor_parallel_, kBf16Bytes * tokens * model_.hidden);
  const double exchange = moe_ ? moe_->exchange(tokens) : 0;
  const double of_moe_layer = exchange > 0 ? once + exchange : 2 * once;
  return (layers_ - moe_layers_) * 2 * once + moe_layers_ * of_moe_layer;
}

// Over the layers of a stage. The experts' activation is part of their measured time.
double IterationTime::elementwise(double tokens) const {
  const double ffn_passes = model_.gated_mlp ? 3 : 2;
  const double shared_ffn =
      moe_ ? double{1} * model_.moe->shared_experts * model_.moe->ffn / tensor_parallel_ : 0;
  const double ffn = (layers_ - moe_layers_) * ffn_ + moe_layers_ * shared_ffn;
  const double values =
      layers_ * (8.0 * model_.hidden + attention_.elementwise_values()) + ffn_passes * ffn;
  return kBf16Bytes * tokens * values / gpu_.memory_bandwidth.value;
}

// Of a part of the batch on one stage, times the stages.
IterationParts IterationTime::parts_without_attention(double tokens, double logits) const {
  const double vocabulary = double{1} * model_.vocabulary / tensor_parallel_;
  const double hidden = model_.hidden;
  const double dense_layers = layers_ - moe_layers_;
  const double dense = dense_layers > 0 ? dense_layers * dense_ffn(tokens) : 0;
  const double experts = moe_ ? moe_layers_ * moe_->compute(tokens) : 0;
  IterationParts parts{};
  parts.gemm = {stages_ * (layers_ * attention_.projections(tokens, weights_) + dense + experts)};
  parts.lm_head = {stages_ * gemm_time(gpu_, {logits, vocabulary, hidden}, WeightType::bf16)};
  parts.all_reduce = {stages_ * all_reduce(tokens)};
  parts.kernels = stages_ * layers_ * (model_.qk_norm ? 6 : 4);
  parts.elementwise = {stages_ * elementwise(tokens)};
  parts.iterations = stages_;
  parts.logits = stages_ * logits;
  if (stages_ > 1)
    parts.stage_sends = {(stages_ - 1) * kBf16Bytes * tokens * hidden / stage_bandwidth_.value};
  parts.total = (parts.gemm + parts.lm_head) * stack_.gemm_factor +
                parts.all_reduce * stack_.all_reduce_factor + stack_.per_kernel * parts.kernels +
                parts.elementwise * stack_.elementwise_factor +
                stack_.per_iteration * parts.iterations + stack_.per_sequence * parts.logits +
                parts.stage_sends;
  return parts;
}

IterationParts IterationTime::parts(std::span<const PrefillItem> prefill,
                                    const DecodeLoad& decode) const {
  double tokens = real(decode.sequences);
  for (const PrefillItem& item : prefill) tokens += real(item.new_tokens);
  const auto sequences = decode.sequences + static_cast<std::int64_t>(prefill.size());
  const double split = pipeline_parts(sequences);
  IterationParts parts = parts_without_attention(tokens / split, real(sequences) / split);
  const double layer = attention_.prefill(prefill, split) + attention_.decode(decode, split);
  parts.attention = {stages_ * layers_ * layer};
  parts.total = parts.total + parts.attention * stack_.attention_factor;
  return parts;
}

Seconds IterationTime::decode_without_attention(std::int64_t sequences) const {
  const auto compute = [&] {
    const double of_part = real(sequences) / pipeline_parts(sequences);
    return parts_without_attention(of_part, of_part).total;
  };
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
  const double layer = attention_.decode(load, pipeline_parts(load.sequences));
  const Seconds attention{stages_ * layers_ * layer};
  return decode_without_attention(load.sequences) + attention * stack_.attention_factor;
}

DecodeSeries IterationTime::decode_series(const DecodeLoad& load) const {
  const double layer = attention_.decode_step(load, pipeline_parts(load.sequences));
  const Seconds attention{stages_ * layers_ * layer};
  return {decode(load), attention * stack_.attention_factor};
}

}  // namespace kvferry::sim
