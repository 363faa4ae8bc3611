// What a tensor's name says: "layers.12.k", "model.layers.3.self_attn.v", "key_cache.5".
#pragma once

#include "codec/synthetic_kv.hpp"

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace kvferry::codec {

/// The K or V of one layer.
struct KvTensorId {
  int layer = 0;
  KvKind kind = KvKind::key;
  auto operator<=>(const KvTensorId&) const = default;
};

/// A guess: the layer is the number behind a word such as "layers", or the only number; K or V is
/// the last word such as "k", "key", "values". Nothing for names without both, and for weights
/// ("k_proj.weight").
std::optional<KvTensorId> guess_kv_tensor(std::string_view name);

/// Tensors that share a codebook: all of one layer's K or V, or those of one name.
struct TensorGroup {
  std::optional<KvTensorId> kv;
  std::string name;  ///< empty where kv is known

  /// "layer 12 K" or the name.
  std::string label() const;
  /// Layers first, in their order, then names.
  bool operator<(const TensorGroup& other) const;
};
TensorGroup group_of(std::string_view tensor_name);

}  // namespace kvferry::codec
