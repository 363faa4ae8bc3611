#include "codec/payload_pool.hpp"

#include "codec/parallel.hpp"
#include "codec/splitzip.hpp"
#include "sim/base/error.hpp"
#include "sim/base/random.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <utility>

namespace kvferry::codec {
namespace {

constexpr std::uint64_t kChunkValues = std::uint64_t{1} << kDefaultChunkLog2;
// A quarter of the evaluated tokens are enough: the 16 most frequent exponents of a tensor are far
// apart.
constexpr int kCalibrationTokensDivisor = 4;
constexpr std::uint64_t kCalibrationText = 1;
constexpr std::uint64_t kEvaluationText = 2;

KvKind kind_of(std::size_t tensor) {
  return tensor % 2 == 0 ? KvKind::key : KvKind::value;
}
int layer_of(std::size_t tensor) {
  return static_cast<int>(tensor / 2);
}

std::vector<ExponentHistogram> calibration_histograms(const std::vector<PayloadTensor>& tensors) {
  std::vector<ExponentHistogram> histograms(tensors.size());
  run_parallel(tensors.size(), available_threads(), [&](std::size_t i) {
    count_exponents(std::as_bytes(std::span(tensors[i].calibration)), DType::bf16, histograms[i]);
  });
  return histograms;
}

std::vector<FormatChoice> format_choices(const std::vector<PayloadTensor>& tensors,
                                         const FrameOptions& frames) {
  const auto histograms = calibration_histograms(tensors);
  std::vector<FormatChoice> choices;
  if (frames.scope == CodebookScope::per_tensor) {
    for (const auto& histogram : histograms)
      choices.push_back(choose_format(histogram, DType::bf16, frames.rule));
    return choices;
  }
  ExponentHistogram sum{};
  for (const auto& histogram : histograms) {
    for (std::size_t e = 0; e < sum.size(); ++e) sum[e] += histogram[e];
  }
  choices.assign(histograms.size(), choose_format(sum, DType::bf16, frames.rule));
  return choices;
}

std::vector<std::uint16_t> escape_positions(std::span<const std::uint16_t> chunk,
                                            const Codebook& codebook) {
  std::vector<std::uint16_t> positions;
  for (std::size_t i = 0; i < chunk.size(); ++i) {
    const std::uint8_t exponent = static_cast<std::uint8_t>(chunk[i] >> 7);
    if (codebook.code_of(exponent) == Codebook::kEscape) {
      positions.push_back(static_cast<std::uint16_t>(i));
    }
  }
  return positions;
}

void check_round_trip(std::span<const std::byte> frame, std::span<const std::uint16_t> values) {
  std::vector<std::uint16_t> decoded(values.size());
  const FrameFault fault = decode(frame, decoded).fault;
  if (fault != FrameFault::none || !std::equal(values.begin(), values.end(), decoded.begin())) {
    throw RunError("the codec did not return the payload unchanged: " +
                   std::string(text_of(fault)));
  }
}

std::string describe(const FrameOptions& frames) {
  constexpr std::array<const char*, 4> kRules{
      "4-bit codes with positions", "4-bit codes with a sentinel", "3-bit codes with a sentinel",
      "the smallest format of each tensor"};
  return std::string(kRules[static_cast<std::size_t>(frames.rule)]) + ", " +
         (frames.scope == CodebookScope::global ? "one codebook" : "a codebook per layer and K/V");
}

std::string describe(const PayloadSpec& spec) {
  const KvShape& shape = spec.shape;
  return "synthetic KV cache '" + spec.preset.name + "', " + std::to_string(shape.layers) +
         " layers x " + std::to_string(shape.kv_heads) + " heads x " +
         std::to_string(shape.head_dim) + ", " + std::to_string(shape.tokens) +
         " tokens repeated, seed " + std::to_string(spec.seed);
}

}  // namespace

PayloadPool::Tensor PayloadPool::encode_tensor(std::vector<std::uint16_t> values,
                                               const FormatChoice& choice) {
  Tensor tensor;
  tensor.values = std::move(values);
  tensor.parameters = {choice.codebook, choice.format};
  const std::vector<std::byte> frame = codec::encode(tensor.values, tensor.parameters);
  check_round_trip(frame, tensor.values);
  tensor.frame_bytes = frame.size();
  tensor.fingerprint = fnv1a({reinterpret_cast<const char*>(frame.data()), frame.size()});
  const FrameLayout layout = frame_layout(tensor.values.size(), choice.format);
  const auto directory = read_directory(frame, layout);
  for (std::size_t i = 0; i < directory.size(); ++i) {
    tensor.words_before.push_back(directory[i].escape_word);
    tensor.escapes.push_back(escape_positions(
        std::span(tensor.values).subspan(i * kChunkValues, kChunkValues), choice.codebook));
    tensor.escape_count += tensor.escapes.back().size();
  }
  tensor.words_before.push_back((frame.size() - layout.escapes) / 4);
  return tensor;
}

PayloadPool PayloadPool::synthesize(const PayloadSpec& spec) {
  KvShape calibration_shape = spec.shape;
  calibration_shape.tokens = std::max(1, spec.shape.tokens / kCalibrationTokensDivisor);
  std::vector<PayloadTensor> tensors(2 * static_cast<std::size_t>(spec.shape.layers));
  run_parallel(tensors.size(), available_threads(), [&](std::size_t i) {
    const auto values = [&](const KvShape& shape, std::uint64_t text) {
      return synthesize_kv(spec.preset, shape, kind_of(i), layer_of(i), spec.seed, text);
    };
    tensors[i] = {values(calibration_shape, kCalibrationText), values(spec.shape, kEvaluationText)};
  });
  return encode(std::move(tensors), spec.frames, describe(spec));
}

PayloadPool PayloadPool::encode(std::vector<PayloadTensor> tensors, const FrameOptions& frames,
                                const std::string& source) {
  const std::vector<FormatChoice> choices = format_choices(tensors, frames);
  PayloadPool pool;
  pool.tensors_.resize(tensors.size());
  run_parallel(tensors.size(), available_threads(), [&](std::size_t i) {
    assert(!tensors[i].evaluation.empty() && tensors[i].evaluation.size() % kChunkValues == 0);
    pool.tensors_[i] = encode_tensor(std::move(tensors[i].evaluation), choices[i]);
  });
  for (const Tensor& tensor : pool.tensors_) {
    pool.fingerprint_ = mix64(pool.fingerprint_ ^ tensor.fingerprint);
  }
  pool.description_ = source + "; " + describe(frames);
  return pool;
}

double PayloadPool::compression_ratio() const {
  double raw = 0;
  double wire = 0;
  for (const Tensor& tensor : tensors_) {
    raw += 2.0 * static_cast<double>(tensor.values.size());
    wire += static_cast<double>(tensor.frame_bytes);
  }
  return raw / wire;
}

double PayloadPool::escape_rate() const {
  double values = 0;
  double escapes = 0;
  for (const Tensor& tensor : tensors_) {
    values += static_cast<double>(tensor.values.size());
    escapes += static_cast<double>(tensor.escape_count);
  }
  return escapes / values;
}

std::uint64_t PayloadPool::first_chunk(std::int64_t request_id, int layer, KvKind kind) const {
  const std::uint64_t tensor_index =
      2 * static_cast<std::uint64_t>(layer) + static_cast<std::uint64_t>(kind);
  const std::uint64_t word =
      mix64(mix64(static_cast<std::uint64_t>(request_id) + 1) + tensor_index);
  return word % tensor(layer, kind).escapes.size();
}

Bytes PayloadPool::frame_bytes(int layer, KvKind kind, std::uint64_t first_chunk,
                               std::uint64_t value_count) const {
  const Tensor& pool = tensor(layer, kind);
  const std::uint64_t pool_chunks = pool.escapes.size();
  const std::uint64_t full_chunks = value_count / kChunkValues;
  const auto tail_values = static_cast<std::uint32_t>(value_count % kChunkValues);

  const std::uint64_t laps = full_chunks / pool_chunks;
  const std::uint64_t last = first_chunk + full_chunks % pool_chunks;
  const auto& before = pool.words_before;
  std::uint64_t words = laps * before.back();
  words += last <= pool_chunks ? before[last] - before[first_chunk]
                               : before.back() - before[first_chunk] + before[last - pool_chunks];
  if (tail_values > 0) {
    const auto& positions = pool.escapes[last % pool_chunks];
    const auto end = std::lower_bound(positions.begin(), positions.end(), tail_values);
    words += record_words(pool.parameters.format, tail_values,
                          static_cast<std::uint32_t>(end - positions.begin()));
  }
  const FrameLayout layout = frame_layout(value_count, pool.parameters.format);
  return {static_cast<std::int64_t>(layout.escapes + 4 * words)};
}

Bytes PayloadPool::wire_bytes(const KvSlice& slice) const {
  const auto value_count = static_cast<std::uint64_t>(slice.tokens * slice.values_per_token);
  Bytes sum{};
  for (int layer = slice.first_layer; layer < slice.first_layer + slice.layer_count; ++layer) {
    for (const KvKind kind : {KvKind::key, KvKind::value}) {
      sum += frame_bytes(layer, kind, first_chunk(slice.request_id, layer, kind), value_count);
    }
  }
  return sum;
}

std::vector<LaunchShape> PayloadPool::launches_of(const KvSlice& slice) const {
  std::vector<LaunchShape> launches;
  const Bytes raw_of_tensor{2 * slice.tokens * slice.values_per_token};
  for (int layer = slice.first_layer; layer < slice.first_layer + slice.layer_count; ++layer) {
    for (const KvKind kind : {KvKind::key, KvKind::value}) {
      const Tensor& pool = tensor(layer, kind);
      auto launch = std::ranges::find_if(launches, [&](const LaunchShape& shape) {
        return shape.format == pool.parameters.format;
      });
      if (launch == launches.end()) {
        launch = launches.insert(launch, {pool.parameters.format, 0, {0}, 0});
      }
      ++launch->tensors;
      launch->raw += raw_of_tensor;
      launch->escape_rate +=
          static_cast<double>(pool.escape_count) / static_cast<double>(pool.values.size());
    }
  }
  for (LaunchShape& launch : launches) launch.escape_rate /= static_cast<double>(launch.tensors);
  return launches;
}

}  // namespace kvferry::codec
