#include "cli/codec_commands.hpp"
#include "cli/codec_text.hpp"
#include "cli/commands.hpp"
#include "cli/progress_bar.hpp"
#include "codec/files/codebook_file.hpp"
#include "codec/files/kvz_writer.hpp"
#include "codec/files/output_file.hpp"
#include "codec/files/tensor_file.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <cstddef>
#include <optional>

namespace kvferry::cli {
namespace {

using codec::InputFile;

// Codebooks of another model or of other names would go unnoticed: the file would only be larger.
void check_codings(const codec::TensorCodings& codings, const InputFile& codebooks,
                   const codec::TensorFile& contents) {
  std::size_t matched = 0;
  const codec::TensorInfo* unmatched = nullptr;
  std::size_t unmatched_count = 0;
  for (const codec::TensorInfo& tensor : contents.tensors) {
    if (!tensor.dtype || tensor.bytes == 0) continue;
    if (codings.count({codec::group_of(tensor.name), *tensor.dtype}) > 0) {
      ++matched;
      continue;
    }
    ++unmatched_count;
    if (unmatched == nullptr) unmatched = &tensor;
  }
  if (unmatched == nullptr) return;
  const std::string first = codec::quoted_name(unmatched->name) + " (" +
                            codec::group_of(unmatched->name).label() + ", " +
                            std::string(name_of(*unmatched->dtype)) + ")";
  if (matched == 0) {
    codebooks.refuse("it has no codebook for any tensor of the input; the first tensor is " +
                     first + ", the first codebook that of " +
                     codings.begin()->first.group.label() + ", " +
                     std::string(name_of(codings.begin()->first.dtype)));
  }
  spdlog::warn("{}: no codebook for {} of {} tensors, such as {}: they get one of their own",
               codebooks.path(), unmatched_count, matched + unmatched_count, first);
}

void print_summary(const codec::KvzIndex& index, const std::string& output,
                   std::uint64_t kvz_bytes) {
  std::size_t tensors = 0;
  std::uint64_t raw = 0;
  std::uint64_t frames = 0;
  std::uint64_t verbatim = 0;
  for (const codec::KvzSection& section : index.sections) {
    for (const codec::KvzPart& part : section.parts) {
      const bool is_frame = part.storage == codec::KvzStorage::frame;
      if (is_frame && &part == &section.parts.front()) ++tensors;
      (is_frame ? frames : verbatim) += part.stored_bytes;
      if (is_frame) raw += part.source_bytes;
    }
  }
  fmt::print("{}: {} -> {}, ratio {}\n", output, size_text(index.source_bytes),
             size_text(kvz_bytes), ratio_text(index.source_bytes, kvz_bytes));
  fmt::print("  {} tensor{} in frames: {} -> {}, ratio {}; kept as it is: {}\n", tensors,
             tensors == 1 ? "" : "s", size_text(raw), size_text(frames), ratio_text(raw, frames),
             size_text(verbatim));
}

}  // namespace

int codec_encode(const CodecEncodeOptions& options) {
  const InputFile source(options.input);
  codec::refuse_same_file(options.input, options.output);
  codec::OutputFile output(options.output, options.existing);
  codec::KvzOptions kvz;
  kvz.dtype = options.dtype;
  kvz.rule = options.rule;
  kvz.checksum = options.checksum;
  kvz.execution.threads = options.work.threads;
  std::optional<codec::TensorCodings> codings;
  if (!options.codebooks.empty()) {
    const InputFile codebooks(options.codebooks);
    codec::refuse_same_file(options.codebooks, options.output);
    codings = codec::read_codebook_file(codebooks);
    check_codings(*codings, codebooks, codec::list_tensors(source, options.dtype));
    kvz.codings = &*codings;
  }
  codec::KvzIndex index;
  {
    ProgressBar bar(options.work.progress);
    index = codec::encode_kvz(
        source, kvz, [&](std::span<const std::byte> bytes) { output.write(bytes); },
        bar.callback());
    output.commit();
  }
  print_summary(index, options.output, output.size());
  return kSuccess;
}

}  // namespace kvferry::cli
