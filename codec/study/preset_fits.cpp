#include "codec/study/preset_fits.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <numeric>

namespace kvferry::codec {
namespace {

enum class Part : std::uint8_t { both, key, value, key_layers, value_layers };

struct Measurement {
  const char* preset;
  Part part;
  int tokens;
  ExponentStatistics statistics;
};

// Published by the SplitZip authors in their development repository
// (github.com/coco-alen/Lossless-LLM-Compression at 0660461): K and V of Qwen3-32B and
// Qwen3-Next from one forward pass of 1,024 tokens, of all layers together and as the mean over the
// layers; the other models from four prompts of about 19 tokens, K and V together.
constexpr std::array<Measurement, 11> kMeasurements{{
    {"llama-3.1-8b", Part::both, 19, {3.302, 0.9085, 0.9964}},
    {"llama-3.1-70b", Part::both, 19, {3.408, 0.8967, 0.9947}},
    {"qwen3-30b-a3b", Part::both, 19, {3.589, 0.8354, 0.9931}},
    {"qwen3-32b", Part::key, 1024, {2.8129, 0.96680, 0.99890}},
    {"qwen3-32b", Part::key_layers, 1024, {2.7978, 0.96680, 0.99953}},
    {"qwen3-32b", Part::value, 1024, {3.3177, 0.89592, 0.99810}},
    {"qwen3-32b", Part::value_layers, 1024, {2.6533, 0.98043, 0.99983}},
    {"qwen3-next-80b-a3b", Part::key, 1024, {2.7079, 0.97559, 0.99974}},
    {"qwen3-next-80b-a3b", Part::key_layers, 1024, {2.7034, 0.97624, 0.99975}},
    {"qwen3-next-80b-a3b", Part::value, 1024, {2.81948, 0.95942, 0.99951}},
    {"qwen3-next-80b-a3b", Part::value_layers, 1024, {2.7352, 0.97816, 0.99977}},
}};

const char* name_of(Part part) {
  switch (part) {
    case Part::both:
      return "K and V";
    case Part::key:
      return "K";
    case Part::value:
      return "V";
    case Part::key_layers:
      return "K, mean of layers";
    case Part::value_layers:
      return "V, mean of layers";
  }
  return "";
}

using Cache = std::vector<std::vector<std::uint16_t>>;

// Which tensors are counted together: all of a kind, or each on its own.
std::vector<ExponentHistogram> histograms(const Cache& cache, Part part) {
  const bool keys = part != Part::value && part != Part::value_layers;
  const bool values = part != Part::key && part != Part::key_layers;
  const bool by_layer = part == Part::key_layers || part == Part::value_layers;
  std::vector<ExponentHistogram> result;
  for (std::size_t i = 0; i < cache.size(); ++i) {
    if (!(i % 2 == 0 ? keys : values)) continue;
    if (result.empty() || by_layer) result.emplace_back();
    count_exponents(std::as_bytes(std::span(cache[i])), DType::bf16, result.back());
  }
  return result;
}

double escape_share(const ExponentHistogram& histogram, const Codebook& codebook) {
  const auto values = std::accumulate(histogram.begin(), histogram.end(), std::uint64_t{0});
  return static_cast<double>(escape_count(histogram, codebook)) / static_cast<double>(values);
}

PresetFit fit_of(const Measurement& measurement, const Cache& calibration,
                 const Cache& evaluation) {
  PresetFit fit;
  fit.preset = measurement.preset;
  fit.part = name_of(measurement.part);
  fit.measured_tokens = measurement.tokens;
  fit.measured = measurement.statistics;
  const auto calibrated = histograms(calibration, measurement.part);
  const auto evaluated = histograms(evaluation, measurement.part);
  const double share = 1.0 / static_cast<double>(evaluated.size());
  for (std::size_t i = 0; i < evaluated.size(); ++i) {
    fit.generated.entropy_bits += share * exponent_entropy_bits(evaluated[i]);
    fit.generated.top8 += share * coverage(evaluated[i], 8);
    fit.generated.top16 += share * coverage(evaluated[i], 16);
    fit.held_out_escapes +=
        share * escape_share(evaluated[i], Codebook::most_frequent(calibrated[i], 16));
  }
  return fit;
}

}  // namespace

std::vector<PresetFit> preset_fits(int tokens) {
  std::vector<PresetFit> fits;
  for (const KvPreset& preset : kv_presets()) {
    Cache calibration;
    Cache evaluation;
    for (const Measurement& measurement : kMeasurements) {
      if (measurement.preset != preset.name) continue;
      const int generated = std::min(tokens, measurement.tokens);
      if (evaluation.empty()) {
        calibration = synthesize_cache(preset, generated, StudyText::calibration);
        evaluation = synthesize_cache(preset, generated, StudyText::evaluation);
      }
      fits.push_back(fit_of(measurement, calibration, evaluation));
      fits.back().generated_tokens = generated;
    }
  }
  return fits;
}

}  // namespace kvferry::codec
