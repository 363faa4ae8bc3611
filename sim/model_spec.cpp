#include "sim/model_spec.hpp"

#include <algorithm>

namespace kvferry::sim {
namespace {

// Of one layer: what tensor-parallel ranks share, and what each of them holds whole.
struct LayerWeights {
  std::int64_t shared{};
  std::int64_t replicated{};
  std::int64_t total() const { return shared + replicated; }
};

LayerWeights operator+(LayerWeights a, LayerWeights b) {
  return {a.shared + b.shared, a.replicated + b.replicated};
}

std::int64_t embedding_table(const ModelSpec& model) {
  return std::int64_t{model.vocabulary} * model.hidden;
}

std::int64_t embedding_parameters(const ModelSpec& model) {
  return (model.tied_embeddings ? 1 : 2) * embedding_table(model);
}

LayerWeights grouped_attention(const ModelSpec& model) {
  const std::int64_t hidden = model.hidden;
  const std::int64_t width = std::int64_t{model.heads} + 2 * std::int64_t{model.kv_heads};
  const std::int64_t norms = model.qk_norm ? 2 * model.head_dim : 0;
  return {
      hidden * width * model.head_dim + std::int64_t{model.heads} * model.head_dim * hidden + norms,
      0};
}

LayerWeights latent_attention(const ModelSpec& model, const LatentAttention& mla) {
  const std::int64_t hidden = model.hidden;
  const std::int64_t heads = model.heads;
  const std::int64_t query_inputs = mla.query_rank > 0 ? mla.query_rank : hidden;
  const std::int64_t queries = query_inputs * heads * (model.head_dim + mla.rope_dim);
  const std::int64_t keys_values = mla.kv_rank * heads * (model.head_dim + mla.value_dim);
  const std::int64_t output = heads * mla.value_dim * hidden;
  const std::int64_t down = hidden * (mla.query_rank + mla.kv_rank + mla.rope_dim);
  return {queries + keys_values + output, down + mla.query_rank + mla.kv_rank};
}

LayerWeights attention(const ModelSpec& model) {
  return model.mla ? latent_attention(model, *model.mla) : grouped_attention(model);
}

std::int64_t mlp(const ModelSpec& model, std::int64_t ffn) {
  return (model.gated_mlp ? 3 : 2) * std::int64_t{model.hidden} * ffn;
}

LayerWeights norms(const ModelSpec& model) {
  return {2 * std::int64_t{model.hidden}, 0};
}

LayerWeights dense_layer(const ModelSpec& model) {
  return attention(model) + norms(model) + LayerWeights{mlp(model, model.ffn), 0};
}

// With `visited` experts per token: all of them for the size, top_k for what a token passes.
LayerWeights moe_layer(const ModelSpec& model, std::int64_t visited) {
  const MixtureOfExperts& moe = *model.moe;
  const std::int64_t router = std::int64_t{model.hidden} * moe.experts;
  return attention(model) + norms(model) +
         LayerWeights{mlp(model, (visited + moe.shared_experts) * moe.ffn), router};
}

std::int64_t layer_parameters(const ModelSpec& model, std::int64_t visited) {
  const std::int64_t with_experts = moe_layers(model);
  std::int64_t sum = (model.layers - with_experts) * dense_layer(model).total();
  if (with_experts > 0) sum += with_experts * moe_layer(model, visited).total();
  return sum;
}

std::int64_t value_bytes(WeightType type) {
  return type == WeightType::fp8 ? 1 : 2;
}

}  // namespace

std::int32_t moe_layers(const ModelSpec& model) {
  return model.moe ? std::max(model.layers - model.moe->dense_layers, 0) : 0;
}

std::int32_t windowed_layers(const ModelSpec& model) {
  return model.sliding_window ? model.windowed_layers : 0;
}

std::int64_t parameter_count(const ModelSpec& model) {
  const std::int64_t visited = model.moe ? model.moe->experts : 0;
  return layer_parameters(model, visited) + embedding_parameters(model) + model.hidden;
}

std::int64_t active_parameter_count(const ModelSpec& model) {
  const std::int64_t visited = model.moe ? model.moe->top_k : 0;
  return layer_parameters(model, visited) + embedding_parameters(model) + model.hidden;
}

Bytes weight_bytes(const ModelSpec& model, WeightType type) {
  const std::int64_t embeddings = embedding_parameters(model);
  const std::int64_t rest = parameter_count(model) - embeddings;
  return {2 * embeddings + value_bytes(type) * rest};
}

std::int32_t stage_layers(const ModelSpec& model, std::int32_t pipeline_parallel) {
  return (model.layers + pipeline_parallel - 1) / pipeline_parallel;
}

Bytes weight_bytes_per_gpu(const ModelSpec& model, WeightType type, ModelSplit split) {
  const std::int64_t layers = stage_layers(model, split.pipeline_parallel);
  const std::int64_t with_experts = std::min<std::int64_t>(layers, moe_layers(model));
  const LayerWeights dense = dense_layer(model);
  const LayerWeights moe = model.moe ? moe_layer(model, model.moe->experts) : LayerWeights{};
  const std::int64_t embeddings =
      split.pipeline_parallel == 1 ? embedding_parameters(model) : embedding_table(model);
  const std::int64_t shared =
      (layers - with_experts) * dense.shared + with_experts * moe.shared + model.hidden;
  const std::int64_t replicated =
      (layers - with_experts) * dense.replicated + with_experts * moe.replicated;
  const std::int64_t ranks = split.tensor_parallel;
  const std::int64_t shared_bytes = 2 * embeddings + value_bytes(type) * shared;
  return {(shared_bytes + ranks - 1) / ranks + value_bytes(type) * replicated};
}

std::int64_t kv_value_bytes(KvType type) {
  return type == KvType::fp8 ? 1 : 2;
}

std::int32_t transferable_heads(const ModelSpec& model) {
  return model.mla ? 1 : model.kv_heads;
}

std::int32_t kv_values_per_head(const ModelSpec& model) {
  return model.mla ? model.mla->kv_rank + model.mla->rope_dim : 2 * model.head_dim;
}

Bytes kv_bytes_per_token(const ModelSpec& model) {
  return Bytes{kv_value_bytes(model.kv_type)} *
         (std::int64_t{model.layers} * transferable_heads(model) * kv_values_per_head(model));
}

Bytes kv_bytes(const ModelSpec& model, std::int64_t tokens) {
  const std::int64_t of_layer = kv_bytes_per_token(model).value / model.layers;
  const std::int64_t windowed = windowed_layers(model);
  const std::int64_t seen = std::min(tokens, model.sliding_window.value_or(tokens));
  return {of_layer * ((model.layers - windowed) * tokens + windowed * seen)};
}

std::int32_t kv_heads_per_rank(const ModelSpec& model, std::int32_t tensor_parallel) {
  return std::max(transferable_heads(model) / tensor_parallel, 1);
}

}  // namespace kvferry::sim
