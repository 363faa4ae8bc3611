// Which chunks of a frame each thread takes.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace kvferry::codec {

struct ChunkRange {
  std::uint32_t first;
  std::uint32_t end;
};

/// Equal ranges, in order, that together are all chunks: as many as threads, but none so short that
/// starting a thread costs more than it saves.
inline std::vector<ChunkRange> split_chunks(std::uint32_t chunks, unsigned threads) {
  constexpr std::uint32_t kFewestChunksPerThread = 64;
  const std::uint32_t parts =
      std::clamp<std::uint32_t>(chunks / kFewestChunksPerThread, 1, std::max(1U, threads));
  const auto bound = [&](std::uint32_t part) {
    return static_cast<std::uint32_t>(std::uint64_t{chunks} * part / parts);
  };
  std::vector<ChunkRange> ranges;
  for (std::uint32_t i = 0; i < parts; ++i) ranges.push_back({bound(i), bound(i + 1)});
  return ranges;
}

}  // namespace kvferry::codec
