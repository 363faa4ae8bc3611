#include "codec/study/study_input.hpp"

#include "codec/parallel.hpp"
#include "sim/base/quantity_text.hpp"
#include "sim/base/random.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <functional>
#include <string_view>

namespace kvferry::codec {
namespace {

constexpr std::uint64_t kSeed = 1;
constexpr std::size_t kSingleTensorValues = std::size_t{1} << 18;
constexpr std::size_t kValuesPerToken = 1024;
constexpr std::array kDTypes{DType::bf16, DType::e5m2, DType::e4m3};

struct ModelShape {
  std::string_view preset;
  int layers;
  int kv_heads;
  int head_dim;
};
constexpr std::array<ModelShape, 5> kModelShapes{{{"llama-3.1-8b", 32, 8, 128},
                                                  {"llama-3.1-70b", 80, 8, 128},
                                                  {"qwen3-32b", 64, 8, 128},
                                                  {"qwen3-30b-a3b", 48, 4, 128},
                                                  {"qwen3-next-80b-a3b", 12, 2, 256}}};

KvShape shape_of(const KvPreset& preset, int tokens) {
  const auto model = std::find_if(kModelShapes.begin(), kModelShapes.end(),
                                  [&](const ModelShape& m) { return m.preset == preset.name; });
  assert(model != kModelShapes.end());
  return {model->layers, model->kv_heads, model->head_dim, tokens};
}

Tensor cast(std::span<const std::uint16_t> values, DType dtype) {
  if (dtype == DType::bf16) {
    const auto bytes = std::as_bytes(values);
    return {bytes.begin(), bytes.end()};
  }
  Tensor tensor;
  tensor.reserve(values.size());
  for (const std::uint16_t bits : values)
    tensor.push_back(static_cast<std::byte>(fp8_from_bf16(bits, dtype)));
  return tensor;
}

std::vector<Tensor> cast_all(const std::vector<std::vector<std::uint16_t>>& tensors, DType dtype) {
  std::vector<Tensor> result(tensors.size());
  run_parallel(tensors.size(), available_threads(),
               [&](std::size_t i) { result[i] = cast(tensors[i], dtype); });
  return result;
}

/// The bits of one value of a dtype; `index` is its place in the tensor.
using Draw = std::function<unsigned(DType dtype, RandomStream& random, std::size_t index)>;

Tensor draw_tensor(const Draw& draw, DType dtype, StudyText text) {
  RandomStream random(kSeed + static_cast<std::uint64_t>(text), "ratio study");
  Tensor tensor;
  tensor.reserve(kSingleTensorValues * bytes_per_value(dtype));
  for (std::size_t i = 0; i < kSingleTensorValues; ++i) {
    const unsigned bits = draw(dtype, random, i);
    tensor.push_back(static_cast<std::byte>(bits));
    if (dtype == DType::bf16) tensor.push_back(static_cast<std::byte>(bits >> 8));
  }
  return tensor;
}

StudyInput single_tensor(const std::string& name, DType dtype, const Draw& calibration,
                         const Draw& evaluation) {
  return {name,
          dtype,
          {draw_tensor(calibration, dtype, StudyText::calibration)},
          {draw_tensor(evaluation, dtype, StudyText::evaluation)}};
}

int bits_of(DType dtype) {
  return 8 * static_cast<int>(bytes_per_value(dtype));
}
unsigned mantissa_bits(DType dtype) {
  return static_cast<unsigned>(bits_of(dtype) - 1 - exponent_bits(dtype));
}

unsigned random_bits(DType dtype, RandomStream& random, std::size_t) {
  return static_cast<unsigned>(random.below(std::uint64_t{1} << bits_of(dtype)));
}

unsigned gaussian(DType dtype, RandomStream& random, std::size_t) {
  const std::uint16_t bits = bf16_from_float(static_cast<float>(random.gaussian()));
  return dtype == DType::bf16 ? bits : fp8_from_bf16(bits, dtype);
}

// Outside the eight exponents that 99.5 % of N(0, 1) have: 2^-6 <= |x| < 4.
unsigned stray(DType dtype, RandomStream& random, std::size_t index) {
  const unsigned exponents = 1U << exponent_bits(dtype);
  const unsigned bias = exponents / 2 - 1;
  while (true) {
    const unsigned bits = random_bits(dtype, random, index);
    const unsigned exponent = bits >> mantissa_bits(dtype) & (exponents - 1);
    if (exponent < bias - 6 || exponent > bias + 1) return bits;
  }
}

unsigned zero(DType, RandomStream&, std::size_t) {
  return 0;
}

// Padded prompts: some tokens are zero as a whole.
unsigned zero_tokens(DType dtype, RandomStream& random, std::size_t index) {
  const bool padded = mix64(index / kValuesPerToken) % 100 < 6;
  return padded ? 0 : gaussian(dtype, random, index);
}

unsigned with_random_sign(unsigned magnitude, DType dtype, RandomStream& random) {
  return magnitude | static_cast<unsigned>(random.below(2)) << (bits_of(dtype) - 1);
}

// E4M3 has no infinities and a single NaN pattern beside the sign.
unsigned nan_with_payload(DType dtype, RandomStream& random, std::size_t) {
  const unsigned positive = (1U << (bits_of(dtype) - 1)) - 1;  // all ones but the sign
  const unsigned payloads = (1U << mantissa_bits(dtype)) - 1;
  const unsigned payload = dtype == DType::e4m3 ? 0 : static_cast<unsigned>(random.below(payloads));
  return with_random_sign(positive - payload, dtype, random);
}

unsigned denormal(DType dtype, RandomStream& random, std::size_t) {
  const unsigned mantissa =
      1 + static_cast<unsigned>(random.below((1U << mantissa_bits(dtype)) - 1));
  return with_random_sign(mantissa, dtype, random);
}

}  // namespace

std::vector<std::vector<std::uint16_t>> synthesize_cache(const KvPreset& preset, int tokens,
                                                         StudyText text) {
  const KvShape shape = shape_of(preset, tokens);
  std::vector<std::vector<std::uint16_t>> tensors(2 * static_cast<std::size_t>(shape.layers));
  run_parallel(tensors.size(), available_threads(), [&](std::size_t i) {
    const KvKind kind = i % 2 == 0 ? KvKind::key : KvKind::value;
    tensors[i] = synthesize_kv(preset, shape, kind, static_cast<int>(i / 2), kSeed,
                               static_cast<std::uint64_t>(text));
  });
  return tensors;
}

std::vector<StudyInput> preset_inputs(const KvPreset& preset, int tokens) {
  const auto calibration = synthesize_cache(preset, tokens, StudyText::calibration);
  const auto evaluation = synthesize_cache(preset, tokens, StudyText::evaluation);
  std::vector<StudyInput> inputs;
  for (const DType dtype : kDTypes) {
    inputs.push_back(
        {preset.name, dtype, cast_all(calibration, dtype), cast_all(evaluation, dtype)});
  }
  return inputs;
}

std::vector<StudyInput> stray_inputs() {
  std::vector<StudyInput> inputs;
  for (const DType dtype : kDTypes) {
    for (const double share : {0.0, 0.001, 0.005, 0.01, 0.02, 0.05, 0.10}) {
      const Draw draw = [share](DType type, RandomStream& random, std::size_t index) {
        const bool strays = random.uniform() < share;
        return strays ? stray(type, random, index) : gaussian(type, random, index);
      };
      inputs.push_back(
          single_tensor(shortest_decimal(100 * share) + " % strays", dtype, draw, draw));
    }
  }
  return inputs;
}

std::vector<StudyInput> adversarial_inputs() {
  const std::vector<std::pair<std::string, Draw>> kinds{{"random bits", random_bits},
                                                        {"all zero", zero},
                                                        {"6 % zero tokens", zero_tokens},
                                                        {"NaNs with payloads", nan_with_payload},
                                                        {"denormals", denormal}};
  std::vector<StudyInput> inputs;
  for (const DType dtype : kDTypes) {
    for (const auto& [name, draw] : kinds) {
      inputs.push_back(single_tensor(name, dtype, draw, draw));
      inputs.push_back(single_tensor(name + ", unexpected", dtype, gaussian, draw));
    }
  }
  return inputs;
}

ExponentHistogram histogram_of(std::span<const Tensor> tensors, DType dtype) {
  ExponentHistogram histogram{};
  for (const Tensor& tensor : tensors) count_exponents(tensor, dtype, histogram);
  return histogram;
}

}  // namespace kvferry::codec
