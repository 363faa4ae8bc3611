#include "sim/kv_descriptors.hpp"

#include <cmath>

namespace kvferry::sim {
namespace {

// K and V, or one latent vector.
std::int64_t regions(const ModelSpec& model) {
  return model.mla ? 1 : 2;
}

// Tokens of one layer that lie together.
std::int64_t tokens_together(const KvPart& part, PageLayout layout) {
  const bool token_by_token = layout == PageLayout::tokens_first && part.heads == LaneHeads::part;
  return token_by_token ? 1 : part.block_tokens;
}

// Layers and regions of the same tokens that do not.
std::int64_t layers_apart(const ModelSpec& model, const KvPart& part, PageLayout layout) {
  return layout == PageLayout::whole_page ? 1 : regions(model) * part.layers;
}

}  // namespace

// A lane has the heads of a rank of the larger side, be they replicated.
LaneHeads lane_heads(const ModelSpec& model, std::int32_t sending_ranks,
                     std::int32_t receiving_ranks) {
  return kv_heads_per_rank(model, sending_ranks) == kv_heads_per_rank(model, receiving_ranks)
             ? LaneHeads::whole
             : LaneHeads::part;
}

std::int64_t raw_descriptors(const ModelSpec& model, const KvPart& part, const KvPages& pages) {
  if (part.tokens <= 0 || part.layers <= 0) return 0;
  const std::int64_t together = tokens_together(part, pages.layout);
  const std::int64_t pieces =
      layers_apart(model, part, pages.layout) * ((part.tokens + together - 1) / together);
  return static_cast<std::int64_t>(std::ceil(static_cast<double>(pieces) / pages.coalesce));
}

std::int64_t raw_descriptors(const ModelSpec& model, std::int32_t layers, std::int64_t tokens,
                             std::int64_t block_tokens) {
  return raw_descriptors(model, {layers, tokens, block_tokens}, {});
}

Bytes raw_descriptor_size(const ModelSpec& model, const KvPart& part, std::int32_t lanes,
                          PageLayout layout) {
  const std::int64_t of_token =
      kv_value_bytes(model.kv_type) * transferable_heads(model) * kv_values_per_head(model) / lanes;
  const std::int64_t layers = layout == PageLayout::whole_page ? part.layers : 1;
  const std::int64_t split = layout == PageLayout::whole_page ? 1 : regions(model);
  return Bytes{of_token / split} * (layers * tokens_together(part, layout));
}

HandoffSavings handoff_savings(const TransferEngine& engine, LaneLoad raw, LaneLoad frames,
                               BytesPerSecond line_rate) {
  const Seconds as_it_is = wire_time(engine, raw.size, raw.descriptors, line_rate);
  const Seconds fewer_bytes = wire_time(engine, frames.size, raw.descriptors, line_rate);
  const Seconds in_frames = wire_time(engine, frames.size, frames.descriptors, line_rate);
  return {as_it_is, as_it_is - fewer_bytes, fewer_bytes - in_frames};
}

}  // namespace kvferry::sim
