// How many marked values come before a thread's, in the order of the chunk.
#pragma once

#include "codec/cuda/chunk_shape.hpp"
#include "codec/cuda/intrinsics.cuh"

#include <cstdint>

namespace kvferry::codec::cuda {

/// Marked values of the block, and those in the warps before this one.
struct BlockCount {
  std::uint32_t total;
  std::uint32_t before_warp;
  std::uint32_t in_warp;
};

/// All threads of the block call it, and all get the result. `warp_totals` is shared memory that
/// nothing else uses until the next sync_block().
KVFERRY_DEVICE BlockCount count_in_block(std::uint32_t of_thread,
                                         std::uint32_t (&warp_totals)[kWarps]) {
  const std::uint32_t warp = thread_index() / kWarpThreads;
  BlockCount count{0, 0, warp_sum(of_thread)};
  if (thread_index() % kWarpThreads == 0) warp_totals[warp] = count.in_warp;
  sync_block();
  KVFERRY_UNROLL
  for (std::uint32_t w = 0; w < kWarps; ++w) {
    const std::uint32_t of_warp = warp_totals[w];
    if (w < warp) count.before_warp += of_warp;
    count.total += of_warp;
  }
  return count;
}

/// Two counts of up to 256 side by side, so that one shuffle moves both.
KVFERRY_DEVICE std::uint32_t sum_to_here(std::uint32_t pair) {
  const std::uint32_t lane = thread_index() % kWarpThreads;
  KVFERRY_UNROLL
  for (std::uint32_t distance = 1; distance < kWarpThreads; distance *= 2) {
    const std::uint32_t before = warp_value_before(pair, distance);
    if (lane >= distance) pair += before;
  }
  return pair;
}

/// For each octet of the thread, the marked values of the block before its first. All threads of
/// the warp call it.
KVFERRY_DEVICE void rank_octets(const std::uint32_t (&counts)[kOctetsPerThread],
                                std::uint32_t before_warp,
                                std::uint32_t (&ranks)[kOctetsPerThread]) {
  static_assert(kOctetsPerThread % 2 == 0);
  KVFERRY_UNROLL
  for (std::uint32_t u = 0; u < kOctetsPerThread; u += 2) {
    const std::uint32_t own = counts[u] | counts[u + 1] << 16;
    const std::uint32_t to_here = sum_to_here(own);
    const std::uint32_t of_warp = warp_value_of(to_here, kWarpThreads - 1);
    const std::uint32_t before = to_here - own;
    ranks[u] = before_warp + (before & 0xffffU);
    ranks[u + 1] = before_warp + (of_warp & 0xffffU) + (before >> 16);
    before_warp += (of_warp & 0xffffU) + (of_warp >> 16);
  }
}

}  // namespace kvferry::codec::cuda
