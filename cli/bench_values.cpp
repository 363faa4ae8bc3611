#include "cli/bench_values.hpp"

#include "codec/files/input_file.hpp"
#include "codec/files/tensor_file.hpp"
#include "codec/synthetic_kv.hpp"
#include "sim/base/error.hpp"
#include "sim/base/nearest_name.hpp"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <span>

namespace kvferry::cli {
namespace {

constexpr std::size_t kMostBytes = std::size_t{64} << 20;

BenchValues values_of(const codec::InputFile& file, std::optional<codec::DType> dtype) {
  for (const codec::TensorInfo& tensor : codec::list_tensors(file, dtype).tensors) {
    if (!tensor.dtype || tensor.bytes == 0) continue;
    return {*tensor.dtype,
            file.read(tensor.offset, std::min<std::uint64_t>(tensor.bytes, kMostBytes)),
            "tensor " + codec::quoted_name(tensor.name) + " of " + file.path()};
  }
  file.refuse("it holds no BF16 or FP8 values to measure on");
}

BenchValues values_of(const codec::KvPreset& preset) {
  constexpr codec::KvShape kShape{64, 8, 128, 1024};
  constexpr int kLayer = 10;
  const auto values = codec::synthesize_kv(preset, kShape, codec::KvKind::value, kLayer, 1, 2);
  const auto bytes = std::as_bytes(std::span(values));
  return {codec::DType::bf16,
          {bytes.begin(), bytes.end()},
          "synthetic " + preset.name + ", V of layer " + std::to_string(kLayer) + " of " +
              std::to_string(kShape.layers)};
}

}  // namespace

BenchValues values_for(const CodecBenchOptions& options) {
  const codec::KvPreset* preset = codec::find_kv_preset(options.input);
  if (preset != nullptr && !std::filesystem::exists(options.input)) {
    if (!options.dtype || options.dtype == codec::DType::bf16) return values_of(*preset);
    throw InputError("--dtype: error: the synthetic presets are bf16");
  }
  if (!std::filesystem::exists(options.input)) {
    std::vector<std::string> names;
    for (const codec::KvPreset& known : codec::kv_presets()) names.push_back(known.name);
    throw InputError(options.input + ": error: neither a file nor a preset" +
                     did_you_mean(options.input, names) + "; presets: " + join_names(names));
  }
  return values_of(codec::InputFile(options.input), options.dtype);
}
}  // namespace kvferry::cli
