// The dimensions of a dense transformer, as its config.json has them.
#pragma once

#include "sim/base/units.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace kvferry::sim {

/// Whether figures come from the catalog, with its source, or from the user.
enum class SpecOrigin : std::uint8_t { catalog, scenario };

enum class WeightType : std::uint8_t { bf16, fp8 };

struct ModelSpec {
  std::string name;
  std::string source;
  SpecOrigin origin = SpecOrigin::catalog;
  std::int32_t layers{};
  std::int32_t hidden{};
  std::int32_t heads{};
  std::int32_t kv_heads{};
  std::int32_t head_dim{};
  std::int32_t ffn{};
  std::int32_t vocabulary{};
  bool gated_mlp = true;         ///< gate and up projections (SwiGLU), otherwise up alone
  bool qk_norm = false;          ///< queries and keys are normalised per head
  bool tied_embeddings = false;  ///< the LM head shares the embedding's weights
  std::optional<std::int64_t> max_context;  ///< input + output tokens; no limit when absent
  /// Tokens that a windowed layer attends to, the newest included.
  std::optional<std::int64_t> sliding_window;
  std::int32_t windowed_layers{};  ///< of `layers`; none without a sliding window
};

/// All weights, embeddings included.
std::int64_t parameter_count(const ModelSpec& model);

/// Bytes of all weights; the LM head and the embeddings stay in BF16.
Bytes weight_bytes(const ModelSpec& model, WeightType type);

/// BF16 KV bytes of one token over all layers and all KV heads.
Bytes kv_bytes_per_token(const ModelSpec& model);

/// KV heads that each GPU of a tensor-parallel group holds; below one head per GPU they are
/// replicated.
std::int32_t kv_heads_per_rank(const ModelSpec& model, std::int32_t tensor_parallel);

}  // namespace kvferry::sim
