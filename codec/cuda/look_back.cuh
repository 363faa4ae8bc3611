// Where a chunk's record begins: the sum of the records before, found in one pass. Decoupled
// look-back (Merrill and Garland, "Single-pass Parallel Prefix Scan with Decoupled Look-back", NVIDIA
// 2016): every chunk publishes its own length, looks at those before it until one has published its
// end, and publishes its own end.
//
// A block waits for blocks with lower numbers only. Devices begin blocks in the order of their
// numbers, and a block that has begun keeps its place until it ends, so the lowest unfinished block
// never waits for one that cannot run.
#pragma once

#include "codec/cuda/chunk_shape.hpp"
#include "codec/cuda/device_tasks.hpp"
#include "codec/cuda/intrinsics.cuh"
#include "codec/cuda/octet.hpp"

#include <cstdint>

namespace kvferry::codec::cuda {

enum class Published : std::uint32_t { nothing = 0, length = 1, end = 2 };

/// What a chunk says of itself: run << kRunShift | Published << 32 | words.
KVFERRY_DEVICE std::uint64_t look_back_word(std::uint64_t run, Published what,
                                            std::uint32_t words) {
  return run << kRunShift | std::uint64_t{static_cast<std::uint32_t>(what)} << 32 | words;
}

KVFERRY_DEVICE Published published_in(std::uint64_t word, std::uint64_t run) {
  if (word >> kRunShift != run) return Published::nothing;
  return static_cast<Published>(word >> 32 & 3U);
}

/// Words of all records before that of chunk `chunk`. One whole warp calls it, and all its threads
/// get the result. @param of_chunk the tensor's look-back words, by chunk
KVFERRY_DEVICE std::uint32_t words_before(std::uint64_t* of_chunk, std::uint32_t chunk,
                                          std::uint32_t words, std::uint64_t run) {
  const std::uint32_t lane = thread_index() % kWarpThreads;
  if (chunk == 0) {
    if (lane == 0) store_relaxed(of_chunk, look_back_word(run, Published::end, words));
    return 0;
  }
  if (lane == 0) store_relaxed(of_chunk + chunk, look_back_word(run, Published::length, words));
  std::uint32_t before = 0;
  for (std::uint32_t above = chunk;; above -= kWarpThreads) {
    // Thread i looks at chunk above - 1 - i. Before the first chunk there is nothing, and it ends.
    const bool exists = lane < above;
    std::uint64_t word = look_back_word(run, Published::end, 0);
    do {
      if (exists) word = load_relaxed(of_chunk + (above - 1 - lane));
    } while (warp_ballot(published_in(word, run) == Published::nothing) != 0);
    const std::uint32_t ends = warp_ballot(published_in(word, run) == Published::end);
    const bool counts = ends == 0 || lane <= lowest_bit(ends);
    before += warp_sum(counts ? static_cast<std::uint32_t>(word) : 0);
    if (ends != 0) break;
  }
  if (lane == 0)
    store_relaxed(of_chunk + chunk, look_back_word(run, Published::end, before + words));
  return before;
}

}  // namespace kvferry::codec::cuda
