// A file of tensors into a .kvz container: every byte of it, in its order, so that decoding gives
// the same file back. codec/KVZ.md is the format.
#pragma once

#include "codec/files/byte_sink.hpp"
#include "codec/files/input_file.hpp"
#include "codec/files/kvz_index.hpp"
#include "codec/files/progress.hpp"
#include "codec/files/tensor_coding.hpp"
#include "codec/splitzip.hpp"

#include <cstdint>
#include <optional>

namespace kvferry::codec {

/// Of the parts it writes: large enough that a frame's header does not count and all threads have
/// work.
inline constexpr std::uint64_t kPartSourceBytes = std::uint64_t{32} << 20;
static_assert(kPartSourceBytes <= kMaxPartSourceBytes);

struct KvzOptions {
  std::optional<DType> dtype;  ///< of raw values; see list_tensors()
  /// Codebooks calibrated before, or null. Tensors that it does not name get one of their own.
  const TensorCodings* codings = nullptr;
  FrameRule rule = FrameRule::smallest;  ///< of tensors that get one of their own
  ChecksumKind checksum = ChecksumKind::per_chunk;
  Execution execution = {};
};

/// Reads the values twice (to count exponents, then to encode them) unless `codings` names their
/// tensor; needs memory for a few parts of 32 MiB, whatever the size of the file. Returns the index
/// that was written. @throws InputError
KvzIndex encode_kvz(const InputFile& source, const KvzOptions& options, const ByteSink& sink,
                    const Progress& progress = ignore_progress);

}  // namespace kvferry::codec
