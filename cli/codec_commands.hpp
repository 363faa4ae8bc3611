// The commands of `kvferry codec`: each composes codec/files, prints to stdout and returns the exit
// status.
#pragma once

#include "codec/files/output_file.hpp"
#include "codec/number_format.hpp"
#include "codec/parallel.hpp"
#include "codec/payload_pool.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kvferry::cli {

enum class ProgressBarMode : std::uint8_t { automatic, off };
enum class InspectFormat : std::uint8_t { table, json };
enum class ChunkList : std::uint8_t { summary, all };

/// What all commands on files have in common.
struct CodecWork {
  unsigned threads = codec::available_threads();
  ProgressBarMode progress = ProgressBarMode::automatic;
};

struct CodecEncodeOptions {
  std::string input;
  std::string output;
  codec::ExistingFile existing = codec::ExistingFile::refuse;
  std::optional<codec::DType> dtype;
  std::string codebooks;  ///< empty: chosen per tensor
  codec::FrameRule rule = codec::FrameRule::smallest;
  codec::ChecksumKind checksum = codec::ChecksumKind::per_chunk;
  CodecWork work;
};

struct CodecDecodeOptions {
  std::string input;
  std::string output;
  codec::ExistingFile existing = codec::ExistingFile::refuse;
  CodecWork work;
};

struct CodecInspectOptions {
  std::string input;
  InspectFormat format = InspectFormat::table;
  ChunkList chunks = ChunkList::summary;
  CodecWork work;
};

struct CodecCalibrateOptions {
  std::vector<std::string> inputs;
  std::string output;  ///< empty: print only
  codec::ExistingFile existing = codec::ExistingFile::refuse;
  std::optional<codec::DType> dtype;
  codec::FrameRule rule = codec::FrameRule::smallest;
  CodecWork work;
};

struct CodecBenchOptions {
  std::string input = "qwen3-32b";  ///< a file, or a synthetic preset
  std::optional<codec::DType> dtype;
  codec::FrameRule rule = codec::FrameRule::smallest;
  unsigned threads = 1;
  std::optional<int> device;  ///< a GPU instead of the processor
};

struct CodecProfileOptions {
  std::string output;
  codec::ExistingFile existing = codec::ExistingFile::refuse;
  int device = 0;
};

int codec_encode(const CodecEncodeOptions& options);
int codec_decode(const CodecDecodeOptions& options);
int codec_inspect(const CodecInspectOptions& options);
int codec_calibrate(const CodecCalibrateOptions& options);
int codec_bench(const CodecBenchOptions& options);
int codec_gpu_bench(const CodecBenchOptions& options);  ///< what codec_bench does with a device
int codec_profile(const CodecProfileOptions& options);

}  // namespace kvferry::cli
