// The dimensions of a transformer, as its config.json has them: attention with grouped heads or a
// latent KV cache, sliding windows, dense or mixture-of-experts layers.
//
// What a token leaves in the KV cache of each layer: K and V of every KV head, or, with multi-head
// latent attention (DeepSeek-V2 report, arXiv 2405.04434), one latent vector and one rotary key
// that all heads share.
#pragma once

#include "sim/base/units.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace kvferry::sim {

/// Whether figures come from the catalog, with its source, or from the user.
enum class SpecOrigin : std::uint8_t { catalog, scenario };

enum class WeightType : std::uint8_t { bf16, fp8 };
enum class KvType : std::uint8_t { bf16, fp8 };

/// Replaces the FFN of all layers but the first `dense_layers`.
struct MixtureOfExperts {
  std::int32_t experts{};         ///< routed ones
  std::int32_t top_k{};           ///< of which each token visits so many
  std::int32_t ffn{};             ///< of one expert
  std::int32_t shared_experts{};  ///< that every token visits besides, as wide as a routed one
  std::int32_t dense_layers{};    ///< leading layers with a plain FFN
};

/// Multi-head latent attention; `head_dim` of the model is what queries and keys have without the
/// rotary part.
struct LatentAttention {
  std::int32_t query_rank{};  ///< 0: queries are projected at once
  std::int32_t kv_rank{};     ///< latent vector in the cache
  std::int32_t rope_dim{};    ///< rotary key in the cache
  std::int32_t value_dim{};   ///< of each head
};

struct ModelSpec {
  std::string name;
  std::string source;
  SpecOrigin origin = SpecOrigin::catalog;
  std::int32_t layers{};
  std::int32_t hidden{};
  std::int32_t heads{};
  std::int32_t kv_heads{};
  std::int32_t head_dim{};
  std::int32_t ffn{};  ///< of dense layers; 0 when there are none
  std::int32_t vocabulary{};
  bool gated_mlp = true;         ///< gate and up projections (SwiGLU), otherwise up alone
  bool qk_norm = false;          ///< queries and keys are normalised per head
  bool tied_embeddings = false;  ///< the LM head shares the embedding's weights
  std::optional<std::int64_t> max_context;  ///< input + output tokens; no limit when absent
  /// Tokens that a windowed layer attends to, the newest included.
  std::optional<std::int64_t> sliding_window;
  std::int32_t windowed_layers{};  ///< of `layers`; none without a sliding window
  std::optional<MixtureOfExperts> moe;
  std::optional<LatentAttention> mla;
  KvType kv_type = KvType::bf16;  ///< how it is served: a scenario's choice, not the catalog's
};

/// All weights, embeddings included.
std::int64_t parameter_count(const ModelSpec& model);

/// The weights that one token passes, embeddings included.
std::int64_t active_parameter_count(const ModelSpec& model);

/// Layers with a mixture of experts; the others are dense.
std::int32_t moe_layers(const ModelSpec& model);

/// Layers whose attention has a window; the others see the whole context.
std::int32_t windowed_layers(const ModelSpec& model);

/// Bytes of all weights; the LM head and the embeddings stay in BF16.
Bytes weight_bytes(const ModelSpec& model, WeightType type);

/// How the GPUs of an instance share a model.
struct ModelSplit {
  std::int32_t tensor_parallel = 1;
  std::int32_t pipeline_parallel = 1;
};

/// Layers of the largest pipeline stage.
std::int32_t stage_layers(const ModelSpec& model, std::int32_t pipeline_parallel);

/// Bytes of the weights on each GPU of the largest stage. Routers and the projections into latent
/// vectors are on every GPU. Of several stages each holds one of the two embedding tables at most.
Bytes weight_bytes_per_gpu(const ModelSpec& model, WeightType type, ModelSplit split);

/// Bytes of one value in the KV cache.
std::int64_t kv_value_bytes(KvType type);

/// KV bytes of one token over all layers and all KV heads, windows not full.
Bytes kv_bytes_per_token(const ModelSpec& model);

/// KV bytes of a sequence: windowed layers keep the newest tokens only.
Bytes kv_bytes(const ModelSpec& model, std::int64_t tokens);

/// KV heads that each GPU of a tensor-parallel group holds; below one head per GPU they are
/// replicated. A latent cache counts as one head.
std::int32_t kv_heads_per_rank(const ModelSpec& model, std::int32_t tensor_parallel);

/// KV heads as the hand-off splits them: a latent cache is one head, which every rank has whole.
std::int32_t transferable_heads(const ModelSpec& model);

/// Values of one token, layer and KV head: K and V, or the latent vector and the rotary key.
std::int32_t kv_values_per_head(const ModelSpec& model);

}  // namespace kvferry::sim
