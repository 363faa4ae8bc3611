#include "cli/codec_commands.hpp"
#include "cli/codec_text.hpp"
#include "cli/commands.hpp"
#include "cli/progress_bar.hpp"
#include "cli/text_table.hpp"
#include "codec/files/kvz_report.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <set>
#include <span>
#include <utility>

namespace kvferry::cli {
namespace {

using codec::FrameReport;
using codec::KvzSection;
using codec::SectionReport;
using nlohmann::ordered_json;

constexpr const char* kNoFrames = "none";

struct Inspection {
  const CodecInspectOptions& options;
  const codec::KvzReader& reader;
  std::vector<SectionReport> sections;
};

std::span<const std::uint8_t> exponents_of(const FrameReport& frame) {
  return {frame.header.codebook.data(), frame.header.codebook_size};
}

// Raw bytes over the bytes of the entropy bound.
double bound_ratio(const SectionReport& report, codec::DType dtype) {
  return static_cast<double>(codec::bytes_per_value(dtype)) /
         codec::entropy_bound_bytes_per_value(report.histogram, dtype);
}

// Of all tensors with frames together, each with its own statistics.
double bound_ratio(const Inspection& inspection) {
  double raw = 0;
  double bound = 0;
  const auto& sections = inspection.reader.index().sections;
  for (std::size_t i = 0; i < sections.size(); ++i) {
    const SectionReport& report = inspection.sections[i];
    if (report.first_frame() == nullptr) continue;
    const codec::DType dtype = *sections[i].dtype();
    const auto bytes = static_cast<double>(report.escapes.values * codec::bytes_per_value(dtype));
    raw += bytes;
    bound += bytes / bound_ratio(report, dtype);
  }
  return bound > 0 ? raw / bound : 1;
}

std::string shape_text(const KvzSection& section) {
  std::string text;
  for (const std::uint64_t dimension : section.shape) {
    if (!text.empty()) text += 'x';
    text += std::to_string(dimension);
  }
  return text.empty() ? "-" : text;
}

// Names come from the file: without control characters, and short.
std::string table_name(const KvzSection& section) {
  if (section.kind == codec::KvzSectionKind::plain) return "(outside the tensors)";
  const std::string quoted = codec::quoted_name(section.name);
  return quoted.substr(1, quoted.size() - 2);
}

void add_frame_cells(std::vector<std::string>& row, const SectionReport& report,
                     codec::DType dtype) {
  const FrameReport& frame = *report.first_frame();
  const codec::EscapeSummary& escapes = report.escapes;
  row.insert(row.end(),
             {ratio_text(bound_ratio(report, dtype)), format_text(frame.layout.format),
              exponents_text(exponents_of(frame)), std::to_string(escapes.chunks),
              std::to_string(escapes.raw_chunks), fmt::format("{:.3f} %", 100 * escapes.rate()),
              std::to_string(escapes.most_in_a_chunk)});
}

TextTable tensor_table(const Inspection& inspection) {
  TextTable table({"tensor", "type", "shape", "raw", "stored", "ratio", "bound", "format",
                   "codebook", "chunks", "raw chunks", "escapes", "most in a chunk"},
                  {Align::left, Align::left, Align::left, Align::right, Align::right, Align::right,
                   Align::right, Align::left, Align::left, Align::right});
  const auto& sections = inspection.reader.index().sections;
  for (std::size_t i = 0; i < sections.size(); ++i) {
    const SectionReport& report = inspection.sections[i];
    std::vector<std::string> row{table_name(sections[i]),
                                 sections[i].dtype_name.empty() ? "-" : sections[i].dtype_name,
                                 shape_text(sections[i]),
                                 size_text(sections[i].source_bytes),
                                 size_text(report.stored_bytes),
                                 ratio_text(sections[i].source_bytes, report.stored_bytes)};
    if (report.first_frame() != nullptr) {
      add_frame_cells(row, report, *sections[i].dtype());
    } else {
      row.insert(row.end(), {"-", "as it is"});
    }
    table.add(std::move(row));
  }
  return table;
}

TextTable chunk_table(const Inspection& inspection) {
  TextTable table({"tensor", "part", "chunk", "values", "escapes", "record"},
                  {Align::left, Align::right});
  const auto& sections = inspection.reader.index().sections;
  for (std::size_t i = 0; i < sections.size(); ++i) {
    for (const codec::PartReport& part : inspection.sections[i].parts) {
      if (!part.frame) continue;
      const auto& [header, layout, chunks] = *part.frame;
      for (std::uint32_t c = 0; c < chunks.size(); ++c) {
        const std::uint32_t values = layout.values_in_chunk(c);
        const bool raw = chunks[c].flags == codec::kRawChunk;
        const std::uint32_t words =
            raw ? raw_record_words(layout.format, values)
                : codec::coded_record_words(layout.format.mode, chunks[c].escape_count);
        table.add({table_name(sections[i]), std::to_string(part.place.part + 1), std::to_string(c),
                   std::to_string(values), raw ? "raw" : std::to_string(chunks[c].escape_count),
                   fmt::format("{} B", 4 * std::uint64_t{words})});
      }
    }
  }
  return table;
}

// Of all frames in one line.
std::string frames_text(const Inspection& inspection) {
  std::size_t frames = 0;
  std::set<unsigned> chunk_values;
  std::set<std::string> checksums;
  for (const SectionReport& section : inspection.sections) {
    for (const codec::PartReport& part : section.parts) {
      if (!part.frame) continue;
      ++frames;
      const codec::FrameFormat& format = part.frame->layout.format;
      chunk_values.insert(1U << format.chunk_log2);
      checksums.insert(format.checksum == codec::ChecksumKind::none ? "none" : "one per chunk");
    }
  }
  if (frames == 0) return kNoFrames;
  return fmt::format("{} of format version {}; chunks of {} values; checksums: {}", frames,
                     codec::kFormatVersion, fmt::join(chunk_values, ", "),
                     fmt::join(checksums, ", "));
}

void print_table(const Inspection& inspection) {
  const codec::KvzIndex& index = inspection.reader.index();
  const std::uint64_t file_bytes = inspection.reader.file_bytes();
  fmt::print("{}: .kvz version {} of a {} file; every hash and checksum matches\n",
             inspection.options.input, codec::kKvzVersion, name_of(index.source_format));
  const std::string frames = frames_text(inspection);
  fmt::print("size    {} -> {}, ratio {}{}\n", size_text(index.source_bytes), size_text(file_bytes),
             ratio_text(index.source_bytes, file_bytes),
             frames != kNoFrames
                 ? "; entropy bound of the frames " + ratio_text(bound_ratio(inspection))
                 : "");
  fmt::print("frames  {}\n\n{}", frames, tensor_table(inspection).text());
  if (inspection.options.chunks == ChunkList::all) {
    fmt::print("\n{}", chunk_table(inspection).text());
  }
}

ordered_json frame_json(const FrameReport& frame, ChunkList chunks) {
  const codec::FrameHeader& header = frame.header;
  codec::EscapeSummary escapes;
  add(escapes, frame);
  ordered_json json{
      {"version", header.version},
      {"dtype", name_of(frame.layout.format.dtype)},
      {"code_bits", header.code_bits},
      {"escape_mode",
       frame.layout.format.mode == codec::EscapeMode::sentinel ? "sentinel" : "positional"},
      {"chunk_values", 1U << header.chunk_log2},
      {"checksum_kind", header.checksum_kind},
      {"value_count", header.value_count},
      {"user_tag", header.user_tag},
      {"codebook",
       std::vector<int>(header.codebook.begin(), header.codebook.begin() + header.codebook_size)},
      {"escape_bytes", header.escape_bytes},
      {"chunks", escapes.chunks},
      {"raw_chunks", escapes.raw_chunks},
      {"escapes", escapes.escapes},
      {"most_escapes_in_a_chunk", escapes.most_in_a_chunk}};
  if (chunks == ChunkList::summary) return json;
  json["escapes_by_chunk"] = ordered_json::array();
  for (const codec::DirectoryEntry& chunk : frame.chunks) {
    const bool raw = chunk.flags == codec::kRawChunk;
    json["escapes_by_chunk"].push_back(raw ? ordered_json("raw")
                                           : ordered_json(chunk.escape_count));
  }
  return json;
}

ordered_json section_json(const KvzSection& section, const SectionReport& report,
                          ChunkList chunks) {
  ordered_json json{{"kind", section.kind == codec::KvzSectionKind::plain ? "plain" : "tensor"}};
  if (section.kind == codec::KvzSectionKind::tensor) {
    json.update({{"name", section.name}, {"dtype", section.dtype_name}, {"shape", section.shape}});
  }
  json["source_bytes"] = section.source_bytes;
  json["stored_bytes"] = report.stored_bytes;
  if (report.first_frame() != nullptr) {
    json["entropy_bits"] = codec::exponent_entropy_bits(report.histogram);
    json["bound_ratio"] = bound_ratio(report, *section.dtype());
    json["escape_rate"] = report.escapes.rate();
  }
  json["parts"] = ordered_json::array();
  for (std::size_t i = 0; i < section.parts.size(); ++i) {
    const codec::KvzPart& part = section.parts[i];
    ordered_json part_json{{"offset", part.offset},
                           {"stored_bytes", part.stored_bytes},
                           {"source_bytes", part.source_bytes}};
    if (report.parts[i].frame) part_json["frame"] = frame_json(*report.parts[i].frame, chunks);
    json["parts"].push_back(std::move(part_json));
  }
  return json;
}

void print_json(const Inspection& inspection) {
  const codec::KvzIndex& index = inspection.reader.index();
  const std::uint64_t file_bytes = inspection.reader.file_bytes();
  ordered_json json{
      {"file", inspection.options.input},
      {"version", codec::kKvzVersion},
      {"source_format", name_of(index.source_format)},
      {"source_bytes", index.source_bytes},
      {"file_bytes", file_bytes},
      {"ratio", static_cast<double>(index.source_bytes) / static_cast<double>(file_bytes)},
      {"bound_ratio", bound_ratio(inspection)},
      {"sections", ordered_json::array()}};
  for (std::size_t i = 0; i < index.sections.size(); ++i) {
    json["sections"].push_back(
        section_json(index.sections[i], inspection.sections[i], inspection.options.chunks));
  }
  // Names may hold bytes that are not UTF-8.
  fmt::print("{}\n", json.dump(2, ' ', false, ordered_json::error_handler_t::replace));
}

}  // namespace

int codec_inspect(const CodecInspectOptions& options) {
  const codec::InputFile file(options.input);
  const codec::KvzReader reader(file);
  Inspection inspection{options, reader, {}};
  {
    ProgressBar bar(options.work.progress);
    inspection.sections = codec::inspect(reader, {.threads = options.work.threads}, bar.callback());
  }
  options.format == InspectFormat::json ? print_json(inspection) : print_table(inspection);
  return kSuccess;
}

}  // namespace kvferry::cli
