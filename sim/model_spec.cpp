#include "sim/model_spec.hpp"

#include <algorithm>

namespace kvferry::sim {
namespace {

std::int64_t embedding_parameters(const ModelSpec& model) {
  const std::int64_t tables = model.tied_embeddings ? 1 : 2;
  return tables * model.vocabulary * model.hidden;
}

}  // namespace

std::int64_t parameter_count(const ModelSpec& model) {
  const std::int64_t hidden = model.hidden;
  const std::int64_t attention_width = std::int64_t{model.heads} + 2 * std::int64_t{model.kv_heads};
  const std::int64_t attention = hidden * attention_width * model.head_dim +
                                 std::int64_t{model.heads} * model.head_dim * hidden;
  const std::int64_t mlp = (model.gated_mlp ? 3 : 2) * hidden * model.ffn;
  const std::int64_t norms = 2 * hidden + (model.qk_norm ? 2 * model.head_dim : 0);
  return model.layers * (attention + mlp + norms) + embedding_parameters(model) + hidden;
}

Bytes weight_bytes(const ModelSpec& model, WeightType type) {
  const std::int64_t embeddings = embedding_parameters(model);
  const std::int64_t rest = parameter_count(model) - embeddings;
  return {2 * embeddings + (type == WeightType::fp8 ? 1 : 2) * rest};
}

Bytes kv_bytes_per_token(const ModelSpec& model) {
  return {std::int64_t{2} * 2 * model.layers * model.kv_heads * model.head_dim};
}

std::int32_t kv_heads_per_rank(const ModelSpec& model, std::int32_t tensor_parallel) {
  return std::max(model.kv_heads / tensor_parallel, 1);
}

}  // namespace kvferry::sim
