// What a .kvz file holds, in figures: for people who look at one.
#pragma once

#include "codec/codebook.hpp"
#include "codec/files/kvz_reader.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace kvferry::codec {

/// A frame's header and chunks.
struct FrameReport {
  FrameHeader header;
  FrameLayout layout;
  std::vector<DirectoryEntry> chunks;
};

struct PartReport {
  PartPlace place;
  std::optional<FrameReport> frame;  ///< nothing where the part is stored as it is
};

/// Sums over the frames of one section or of all.
struct EscapeSummary {
  std::uint64_t values = 0;
  std::uint64_t chunks = 0;
  std::uint64_t raw_chunks = 0;
  std::uint64_t escapes = 0;  ///< of the chunks that are not raw
  std::uint32_t most_in_a_chunk = 0;
  double rate() const {
    return values == 0 ? 0 : static_cast<double>(escapes) / static_cast<double>(values);
  }
};
void add(EscapeSummary& sum, const FrameReport& frame);

struct SectionReport {
  std::vector<PartReport> parts;
  std::uint64_t stored_bytes = 0;
  EscapeSummary escapes;
  ExponentHistogram histogram{};  ///< of the values in frames

  /// Null where there is none.
  const FrameReport* first_frame() const;
};

/// Reads, checks and decodes every part. @throws InputError
std::vector<SectionReport> inspect(const KvzReader& reader, const Execution& execution,
                                   const Progress& progress = ignore_progress);

}  // namespace kvferry::codec
