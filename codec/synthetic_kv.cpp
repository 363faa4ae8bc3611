#include "codec/synthetic_kv.hpp"

#include "codec/number_format.hpp"
#include "sim/base/portable_math.hpp"
#include "sim/base/random.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

namespace kvferry::codec {
namespace {

constexpr double kLn2 = 0.6931471805599453;

KvDistribution qwen_key(double channel_sigma) {
  return {.channel_sigma = channel_sigma,
          .mean_fraction = 0.40,
          .mean_sigmas = 1.2,
          .outlier_fraction = 0.008,
          .outlier_sigmas = 12,
          .normalised_heads = true,
          .rotated = true,
          .zero_fraction = 2e-4,
          .layer_scale = 1.75,
          .layer_sigma = 0.12,
          .sink_scale = 0.6};
}

KvDistribution llama_key() {
  return {.channel_sigma = 0.5,
          .mean_fraction = 0.50,
          .mean_sigmas = 1.3,
          .outlier_fraction = 0.02,
          .outlier_sigmas = 8,
          .rotated = true,
          .layer_sigma = 0.2};
}

KvDistribution llama_value(double layer_scale) {
  return {.channel_sigma = 0.35,
          .token_jitter = 0.25,
          .heavy_tails = true,
          .layer_scale = layer_scale,
          .layer_sigma = 0.2,
          .drift_octaves = 2.5,
          .sink_scale = 0.03};
}

const std::array<KvPreset, 5>& presets() {
  static const std::array<KvPreset, 5> all{{
      {"llama-3.1-8b",
       "Llama-3-8B, K and V together: entropy 3.302 bit, top-8 90.85 %, top-16 99.64 %", 5e5,
       llama_key(), llama_value(0.22)},
      {"llama-3.1-70b",
       "Llama-3.1-70B-Instruct, K and V together: entropy 3.408 bit, top-8 89.67 %, top-16 99.47 %",
       5e5, llama_key(), llama_value(0.17)},
      {"qwen3-32b",
       "Qwen3-32B: K 2.813 bit, top-8 96.68 %, top-16 99.89 %; V 3.318 bit, 89.59 %, 99.81 %",
       1e6,
       qwen_key(0.45),
       {.channel_sigma = 0.25,
        .token_jitter = 0.2,
        .layer_scale = 0.5,
        .layer_sigma = 0.2,
        .drift_octaves = 6,
        .sink_scale = 0.05}},
      {"qwen3-30b-a3b",
       "Qwen3-30B-A3B, K and V together: entropy 3.589 bit, top-8 83.54 %, top-16 99.31 %",
       1e6,
       qwen_key(0.55),
       {.channel_sigma = 0.5,
        .heavy_tails = true,
        .layer_scale = 0.10,
        .layer_sigma = 0.35,
        .drift_octaves = 7}},
      {"qwen3-next-80b-a3b",
       "Qwen3-Next-80B-A3B, its 12 attention layers: K 2.708 bit, top-8 97.56 %, top-16 99.97 %; "
       "V 2.819 bit, 95.94 %, 99.95 %",
       1e7,
       {.channel_sigma = 0.3,
        .mean_fraction = 0.2,
        .mean_sigmas = 1.2,
        .outlier_fraction = 0.004,
        .outlier_sigmas = 10,
        .normalised_heads = true,
        .rotated = true,
        .layer_scale = 1.6,
        .layer_sigma = 0.08,
        .sink_scale = 0.6},
       {.channel_sigma = 0.3,
        .token_jitter = 0.2,
        .layer_scale = 0.55,
        .layer_sigma = 0.25,
        .drift_octaves = 1,
        .sink_scale = 0.05}},
  }};
  return all;
}

struct Channel {
  double scale;
  double mean;
};

struct LayerWeights {
  double scale;
  std::vector<Channel> channels;
};

LayerWeights draw_weights(const KvDistribution& kind, const KvShape& shape, int layer,
                          RandomStream& random) {
  const double position = shape.layers > 1 ? double{1} * layer / (shape.layers - 1) - 0.5 : 0.0;
  LayerWeights weights{};
  weights.scale = kind.layer_scale * portable_exp(kind.layer_sigma * random.gaussian() +
                                                  kLn2 * kind.drift_octaves * position);
  weights.channels.resize(static_cast<std::size_t>(shape.values_per_token()));
  for (Channel& channel : weights.channels) {
    channel.scale = weights.scale * portable_exp(kind.channel_sigma * random.gaussian());
    channel.mean = 0;
    if (random.uniform() < kind.mean_fraction) {
      channel.mean = channel.scale * kind.mean_sigmas * random.gaussian();
    }
    if (random.uniform() < kind.outlier_fraction) {
      const double sign = random.uniform() < 0.5 ? -1 : 1;
      channel.mean = sign * channel.scale * kind.outlier_sigmas * (0.5 + random.uniform());
    }
  }
  return weights;
}

// Student-t with 6 degrees of freedom, variance 1: chi-square with 6 degrees is twice a sum of 3
// exponentials.
double heavy_tailed(RandomStream& random) {
  const double product = random.uniform() * random.uniform() * random.uniform();
  const double chi_square = -2 * portable_log(product);
  return random.gaussian() * std::sqrt(4.0 / chi_square);
}

// cos and sin of token * theta^(-2 d / head_dim) for each token and channel pair d.
std::vector<CosSin> rotations(const KvShape& shape, double theta) {
  const int pairs = shape.head_dim / 2;
  std::vector<CosSin> table;
  table.reserve(static_cast<std::size_t>(shape.tokens) * static_cast<std::size_t>(pairs));
  std::vector<double> frequencies;
  for (int d = 0; d < pairs; ++d)
    frequencies.push_back(portable_pow(theta, -2.0 * d / shape.head_dim));
  for (int token = 0; token < shape.tokens; ++token) {
    for (const double frequency : frequencies) table.push_back(portable_cos_sin(token * frequency));
  }
  return table;
}

void normalise(std::span<double> head, double target_rms) {
  double sum_of_squares = 0;
  for (const double x : head) sum_of_squares += x * x;
  const double rms = std::sqrt(sum_of_squares / static_cast<double>(head.size()) + 1e-6);
  for (double& x : head) x *= target_rms / rms;
}

void rotate(std::span<double> head, std::span<const CosSin> rotation) {
  const std::size_t half = head.size() / 2;
  for (std::size_t d = 0; d < half; ++d) {
    const double x = head[d];
    const double y = head[d + half];
    head[d] = x * rotation[d].cosine - y * rotation[d].sine;
    head[d + half] = x * rotation[d].sine + y * rotation[d].cosine;
  }
}

class TokenSampler {
 public:
  TokenSampler(const KvDistribution& kind, const LayerWeights& weights, RandomStream random)
      : kind_(kind), weights_(weights), random_(random) {}

  double token_scale(int token) {
    const double jitter = portable_exp(kind_.token_jitter * random_.gaussian());
    return token == 0 ? jitter * kind_.sink_scale : jitter;
  }

  void draw_head(std::span<const Channel> channels, double token_scale, std::span<double> head) {
    if (kind_.heavy_tails) {
      for (double& z : head) z = heavy_tailed(random_);
    } else {
      random_.gaussians(head);
    }
    for (std::size_t d = 0; d < head.size(); ++d)
      head[d] = channels[d].mean + channels[d].scale * head[d] * token_scale;
    if (kind_.normalised_heads) normalise(head, weights_.scale);
  }

  std::uint16_t to_bf16(double x) {
    const bool zeroed = kind_.zero_fraction > 0 && random_.uniform() < kind_.zero_fraction;
    return zeroed ? std::uint16_t{0} : bf16_from_float(static_cast<float>(x));
  }

 private:
  const KvDistribution& kind_;
  const LayerWeights& weights_;
  RandomStream random_;
};

}  // namespace

std::span<const KvPreset> kv_presets() {
  return presets();
}

const KvPreset* find_kv_preset(std::string_view name) {
  const auto found = std::find_if(presets().begin(), presets().end(),
                                  [&](const KvPreset& preset) { return preset.name == name; });
  return found == presets().end() ? nullptr : &*found;
}

std::vector<std::uint16_t> synthesize_kv(const KvPreset& preset, const KvShape& shape, KvKind kind,
                                         int layer, std::uint64_t seed, std::uint64_t text) {
  const KvDistribution& distribution = kind == KvKind::key ? preset.key : preset.value;
  const std::uint64_t tensor =
      2 * static_cast<std::uint64_t>(layer) + static_cast<std::uint64_t>(kind);
  RandomStream weight_stream(seed ^ mix64(tensor + 1), "kv weights");
  const LayerWeights weights = draw_weights(distribution, shape, layer, weight_stream);
  TokenSampler sampler(distribution, weights,
                       RandomStream(seed ^ mix64(tensor + 1) ^ mix64(~text), "kv tokens"));
  const std::vector<CosSin> rotation =
      distribution.rotated ? rotations(shape, preset.rope_theta) : std::vector<CosSin>{};
  const auto head_dim = static_cast<std::size_t>(shape.head_dim);
  std::vector<double> head(head_dim);
  std::vector<std::uint16_t> values;
  values.reserve(static_cast<std::size_t>(shape.tokens * shape.values_per_token()));
  for (int token = 0; token < shape.tokens; ++token) {
    const double scale = sampler.token_scale(token);
    for (std::size_t h = 0; h < static_cast<std::size_t>(shape.kv_heads); ++h) {
      sampler.draw_head(std::span(weights.channels).subspan(h * head_dim, head_dim), scale, head);
      if (distribution.rotated) {
        const std::size_t pairs = head_dim / 2;
        rotate(head, std::span(rotation).subspan(static_cast<std::size_t>(token) * pairs, pairs));
      }
      for (const double x : head) values.push_back(sampler.to_bf16(x));
    }
  }
  return values;
}

}  // namespace kvferry::codec
