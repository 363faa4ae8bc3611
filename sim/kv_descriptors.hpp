// Of how many contiguous pieces of memory a part of a KV cache is made: what a transfer engine posts
// as descriptors.
//
// A lane carries some of the KV heads from one GPU to one other. In a paged cache each layer has its
// own pool of blocks, K and V apart (a latent cache is one), so the lane's share of one block of one
// layer is one piece:
//   descriptors = 2 * layers * ceil(tokens / block_tokens)      (latent: layers * ...)
//   bytes each  = block_tokens * heads of the lane * head_dim * bytes per value
// With unequal tensor parallelism a lane has only some of its sender's or receiver's heads: the
// pieces are smaller, and where a block stores token after token there is one for every token.
// A codec's frame is contiguous whatever the layout of the cache.
//
// Formula checked against the counts published for the connectors named in the tests. Not modelled:
// extra regions (indexers of sparse attention), engines that cut large pieces.
#pragma once

#include "sim/model_spec.hpp"
#include "sim/transfer_engine.hpp"

#include <cstdint>

namespace kvferry::sim {

enum class PageLayout : std::uint8_t {
  heads_first,   ///< in a block all tokens of a head lie together: any heads are one piece
  tokens_first,  ///< in a block all heads of a token lie together: some of them are no longer one
  whole_page,  ///< in a block all layers of a head, K and V, lie together: any heads are one piece
};

/// How a paged cache is laid out, and how many neighbouring pieces an engine merges into one
/// descriptor, on average: at least 1.
struct KvPages {
  PageLayout layout = PageLayout::heads_first;
  double coalesce = 1;
};

enum class LaneHeads : std::uint8_t {
  whole,  ///< all that its sender and its receiver hold
  part,   ///< some of them
};

/// Of the lanes between two instances whose layers have so many tensor-parallel ranks each.
LaneHeads lane_heads(const ModelSpec& model, std::int32_t sending_ranks,
                     std::int32_t receiving_ranks);

/// What one lane carries of one request's cache.
struct KvPart {
  std::int32_t layers{};
  std::int64_t tokens{};        ///< 0 or more
  std::int64_t block_tokens{};  ///< the smaller of the two pools'; above 0
  LaneHeads heads = LaneHeads::whole;
};

/// Descriptors of the raw pages of one lane, after merging: at least one, unless there is nothing.
std::int64_t raw_descriptors(const ModelSpec& model, const KvPart& part, const KvPages& pages);

/// Likewise for the default layout, without merging: whole blocks, layer by layer.
std::int64_t raw_descriptors(const ModelSpec& model, std::int32_t layers, std::int64_t tokens,
                             std::int64_t block_tokens);

/// Bytes of one full piece before merging. @param lanes that share the heads of one layer
Bytes raw_descriptor_size(const ModelSpec& model, const KvPart& part, std::int32_t lanes,
                          PageLayout layout);

/// Of one chunk in one lane that travels as a codec's frame.
inline constexpr std::int64_t kFrameDescriptors = 1;

/// What one lane sends.
struct LaneLoad {
  Bytes size;
  std::int64_t descriptors{};
};

/// What a codec saves on the wire of an idle path, in two steps that add up: first fewer bytes in as
/// many descriptors, then fewer descriptors. Where posting hides the wire, the first step is worth
/// nothing. The codec's own time is not in it.
struct HandoffSavings {
  Seconds raw;             ///< raw bytes in raw descriptors
  Seconds by_bytes;        ///< raw - (wire bytes in raw descriptors)
  Seconds by_descriptors;  ///< (wire bytes in raw descriptors) - (wire bytes in frames)

  Seconds left() const { return raw - by_bytes - by_descriptors; }
};

/// @param line_rate of the idle path, above zero
HandoffSavings handoff_savings(const TransferEngine& engine, LaneLoad raw, LaneLoad frames,
                               BytesPerSecond line_rate);

}  // namespace kvferry::sim
