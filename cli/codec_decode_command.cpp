#include "cli/codec_commands.hpp"
#include "cli/codec_text.hpp"
#include "cli/commands.hpp"
#include "cli/progress_bar.hpp"
#include "codec/files/kvz_reader.hpp"
#include "codec/files/output_file.hpp"

#include <fmt/format.h>

namespace kvferry::cli {

int codec_decode(const CodecDecodeOptions& options) {
  const codec::InputFile source(options.input);
  codec::refuse_same_file(options.input, options.output);
  codec::OutputFile output(options.output, options.existing);
  {
    ProgressBar bar(options.work.progress);
    codec::decode_kvz(
        source, [&](std::span<const std::byte> bytes) { output.write(bytes); },
        {.threads = options.work.threads}, bar.callback());
    output.commit();
  }
  fmt::print("{}: {} from {}\n", options.output, size_text(output.size()),
             size_text(source.size()));
  return kSuccess;
}

}  // namespace kvferry::cli
