// A .kvz container, opened: what it holds, and its parts one by one. codec/KVZ.md is the format.
//
// Nothing that the file says is believed before it has been checked, and no more is allocated than
// the file's size justifies. A newcomer's first call: decode_kvz(InputFile("cache.kvz"), sink).
#pragma once

#include "codec/files/byte_sink.hpp"
#include "codec/files/input_file.hpp"
#include "codec/files/kvz_index.hpp"
#include "codec/files/progress.hpp"
#include "codec/splitzip.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace kvferry::codec {

bool looks_like_kvz(std::span<const std::byte> first_bytes);

struct PartPlace {
  std::size_t section = 0;
  std::size_t part = 0;
};

/// One part, checked and decoded; the memory is used again by the next read_part().
class KvzPartBytes {
 public:
  std::span<const std::byte> source() const { return source_; }
  /// The frame as stored. @pre the part is a frame
  std::span<const std::byte> frame() const { return frame_; }
  const FrameContents& frame_contents() const { return contents_; }

 private:
  friend class KvzReader;
  std::vector<std::byte> stored_;
  std::vector<std::byte> decoded_;
  std::span<const std::byte> source_;
  std::span<const std::byte> frame_;
  FrameContents contents_{};
};

class KvzReader {
 public:
  /// Checks header, footer and index. @param file must outlive this
  /// @throws InputError when it is no .kvz file, is truncated or damaged
  explicit KvzReader(const InputFile& file);

  const KvzIndex& index() const { return index_; }
  std::uint64_t file_bytes() const { return file_.size(); }

  /// Reads, checks and decodes one part.
  /// @throws InputError naming tensor, part and, where it is known, chunk
  void read_part(const PartPlace& place, const Execution& execution, KvzPartBytes& bytes) const;

 private:
  void check_start() const;
  KvzIndex read_index() const;
  void open_frame(const PartPlace& place, KvzPartBytes& bytes) const;
  [[noreturn]] void refuse(const PartPlace& place, const std::string& message) const;
  [[noreturn]] void refuse(const PartPlace& place, const DecodeResult& result,
                           const FrameContents& contents) const;

  const InputFile& file_;
  KvzIndex index_;
  std::vector<std::uint64_t> first_part_;  ///< number of each section's first part
};

/// Passes the bytes of the original file on, one part after the other. Faults are found part by
/// part, so the sink must be able to take back what it was given.
/// @throws InputError
void decode_kvz(const InputFile& file, const ByteSink& sink, const Execution& execution = {},
                const Progress& progress = ignore_progress);

}  // namespace kvferry::codec
