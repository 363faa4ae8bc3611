// What one engine iteration computes.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

namespace kvferry::sim {

/// One prompt of a prefill batch.
struct PrefillItem {
  std::int64_t new_tokens{};
  std::int64_t cached_tokens{};  ///< already in the KV cache
};

/// The decode part of a batch.
struct DecodeLoad {
  std::int64_t sequences{};
  std::int64_t kv_tokens{};  ///< whose K and V are read: all contexts, new tokens included
  std::int64_t longest_context{};
  /// The same in layers with a sliding window: the sum of min(context + 1, window), and the
  /// sequences with context + 1 < window, whose share still grows. Ignored without such layers.
  std::int64_t windowed_kv_tokens{};
  std::int64_t windowed_growing{};
};

/// One more sequence with `context` tokens in its cache, in a model with that sliding window.
inline void add_sequence(DecodeLoad& load, std::int64_t context,
                         std::optional<std::int64_t> window) {
  ++load.sequences;
  load.kv_tokens += context + 1;
  load.longest_context = std::max(load.longest_context, context);
  const std::int64_t seen = std::min(context + 1, window.value_or(context + 1));
  load.windowed_kv_tokens += seen;
  if (!window || seen < *window) ++load.windowed_growing;
}

}  // namespace kvferry::sim
