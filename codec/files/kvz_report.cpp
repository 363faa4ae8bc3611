#include "codec/files/kvz_report.hpp"

#include "codec/files/tensor_slices.hpp"

#include <algorithm>
#include <utility>

namespace kvferry::codec {

void add(EscapeSummary& sum, const FrameReport& frame) {
  sum.values += frame.layout.value_count;
  sum.chunks += frame.chunks.size();
  for (const DirectoryEntry& chunk : frame.chunks) {
    if (chunk.flags == kRawChunk) ++sum.raw_chunks;
    sum.escapes += chunk.escape_count;
    sum.most_in_a_chunk = std::max<std::uint32_t>(sum.most_in_a_chunk, chunk.escape_count);
  }
}

const FrameReport* SectionReport::first_frame() const {
  for (const PartReport& part : parts) {
    if (part.frame) return &*part.frame;
  }
  return nullptr;
}

std::vector<SectionReport> inspect(const KvzReader& reader, const Execution& execution,
                                   const Progress& progress) {
  const KvzIndex& index = reader.index();
  std::vector<SectionReport> reports;
  KvzPartBytes bytes;
  std::uint64_t done = 0;
  for (std::size_t s = 0; s < index.sections.size(); ++s) {
    SectionReport report;
    for (std::size_t p = 0; p < index.sections[s].parts.size(); ++p) {
      reader.read_part({s, p}, execution, bytes);
      PartReport part{{s, p}, std::nullopt};
      report.stored_bytes += index.sections[s].parts[p].stored_bytes;
      if (!bytes.frame().empty()) {
        const FrameContents& contents = bytes.frame_contents();
        part.frame = FrameReport{contents.header, contents.layout,
                                 read_directory(bytes.frame(), contents.layout)};
        add(report.escapes, *part.frame);
        count_exponents(bytes.source(), contents.layout.format.dtype, execution.threads,
                        report.histogram);
      }
      report.parts.push_back(std::move(part));
      done += bytes.source().size();
      progress({"checking", done, index.source_bytes});
    }
    reports.push_back(std::move(report));
  }
  return reports;
}

}  // namespace kvferry::codec
