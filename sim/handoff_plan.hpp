// How a cache is split for its hand-off: over lanes, one per pair of tensor-parallel ranks, and each
// lane into chunks of layers.
#pragma once

#include "codec/transfer_codec.hpp"
#include "sim/handoff.hpp"
#include "sim/kv_descriptors.hpp"
#include "sim/model_spec.hpp"
#include "sim/placement.hpp"
#include "sim/simulation_config.hpp"
#include "sim/transport.hpp"

#include <cstdint>
#include <vector>

namespace kvferry::sim {

/// How many parallel flows carry one request's KV cache: one per pair of GPUs, but no more in each
/// pipeline stage than KV heads, because replicated heads are sent once. A latent cache is one such
/// head: a single flow per stage.
std::int32_t transfer_lanes(const ModelSpec& model, InstanceGpus from, InstanceGpus to);

/// Gives the hand-off its lanes and their ends. A pipeline's stages compute their layers in turn.
void lay_lanes(Handoff& handoff, const ModelSpec& model, InstanceGpus from, InstanceGpus to,
               ComputeWindow computed, const Transport& transport);

/// The cache of one lane in chunks, each of them a slice of layers or two: of the layers with a
/// sliding window only the newest tokens are handed over.
/// @param layers_per_chunk at least 1
std::vector<std::vector<codec::KvSlice>> chunks_of(const Handoff& handoff, const ModelSpec& model,
                                                   std::int32_t layers_per_chunk);

/// What the chunks cost as frames of the codec.
std::vector<HandoffChunk> priced(const std::vector<std::vector<codec::KvSlice>>& chunks,
                                 const Handoff& handoff, codec::TransferCodec& codec);

/// And as pages of the raw cache. @param block_tokens the smaller of both pools'
std::vector<HandoffChunk> raw_pages(const std::vector<std::vector<codec::KvSlice>>& chunks,
                                    const Handoff& handoff, const ModelSpec& model,
                                    const KvPages& pages, std::int64_t block_tokens);

/// Layers whose raw bytes in one of the lanes come nearest to `size`.
std::int32_t layers_of(Bytes size, std::int64_t tokens, std::size_t lanes, const ModelSpec& model);
std::int32_t layers_of(Bytes size, const Handoff& handoff, const ModelSpec& model);

}  // namespace kvferry::sim
