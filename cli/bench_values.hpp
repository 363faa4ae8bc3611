// What `kvferry codec bench` measures on: values of a file or of a synthetic preset.
#pragma once

#include "cli/codec_commands.hpp"
#include "codec/number_format.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace kvferry::cli {

/// Values to measure on: as many bytes as the largest size asks for, repeated where there are
/// fewer.
struct BenchValues {
  codec::DType dtype = codec::DType::bf16;
  std::vector<std::byte> bytes;
  std::string source;  ///< in words
};

/// The first 64 MiB of the first tensor, or as many synthetic values.
/// @throws InputError where there is neither a file nor a preset of this name, or no such values
BenchValues values_for(const CodecBenchOptions& options);

}  // namespace kvferry::cli
