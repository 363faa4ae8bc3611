// Synthetic KV caches whose exponents look like those of real models.
//
//   value = RoPE( mean_c + sigma_c * z * tau_t ),   sigma_c = L * exp(s * g_c)
// with z normal or Student-t, g_c normal per channel, tau_t = exp(jitter * g_t) per token, a few
// channels with large means, and a layer scale L that drifts over the stack. Two facts make it
// realistic: the scale of V drifts by several octaves over the layers while each layer alone is
// narrow, and K is flat but holds exact zeros; one Gaussian shows neither. The presets are fitted
// to exponent statistics that the SplitZip authors published for real caches (arXiv 2605.01708 and
// their development repository); codec/README.md has the achieved figures.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kvferry::codec {

enum class KvKind : std::uint8_t { key = 0, value = 1 };

/// The distribution of one kind (K or V). Fractions are of channels or values, scales are
/// dimensionless.
struct KvDistribution {
  double channel_sigma = 0;    ///< spread s of the log-normal channel scales
  double token_jitter = 0.15;  ///< deviation of log tau_t
  double mean_fraction = 0;    ///< channels with a mean, drawn as mean_sigmas * sigma_c * normal
  double mean_sigmas = 0;
  double outlier_fraction =
      0;  ///< channels with a large mean of 0.5 ... 1.5 outlier_sigmas * sigma_c
  double outlier_sigmas = 0;
  bool normalised_heads = false;  ///< each token's head is rescaled to RMS L (qk-norm)
  bool rotated = false;           ///< RoPE is applied
  bool heavy_tails = false;  ///< z is Student-t with 6 degrees of freedom, scaled to variance 1
  double zero_fraction = 0;  ///< isolated exact zeros
  double layer_scale = 1;    ///< L in the middle of the stack
  double layer_sigma = 0;    ///< spread of log L between layers
  double drift_octaves = 0;  ///< how far L drifts from the first layer to the last
  double sink_scale = 1;     ///< tau of the first token is multiplied by this
};

struct KvPreset {
  std::string name;
  std::string fitted_to;  ///< the published statistics behind it
  double rope_theta;
  KvDistribution key;
  KvDistribution value;
};

std::span<const KvPreset> kv_presets();
const KvPreset* find_kv_preset(std::string_view name);

/// Dimensions of the cache of one request.
struct KvShape {
  int layers;
  int kv_heads;
  int head_dim;  ///< even
  int tokens;
  std::int64_t values_per_token() const { return std::int64_t{kv_heads} * head_dim; }
};

/// The BF16 values of one layer's K or V, as [token][head][channel]. `seed` fixes the "weights"
/// (channel scales and means), `text` the tokens: two texts of one seed are two prompts to one
/// model.
std::vector<std::uint16_t> synthesize_kv(const KvPreset& preset, const KvShape& shape, KvKind kind,
                                         int layer, std::uint64_t seed, std::uint64_t text);

}  // namespace kvferry::codec
