// The exponent statistics of the synthetic presets beside those of the real caches that they were
// fitted to.
#pragma once

#include "codec/study/study_input.hpp"

#include <string>
#include <vector>

namespace kvferry::codec {

struct ExponentStatistics {
  double entropy_bits = 0;
  double top8 = 0;   ///< share of the values with one of the 8 most frequent exponents
  double top16 = 0;  ///< likewise; what remains escapes 4-bit codes
};

/// One published measurement and its imitation.
struct PresetFit {
  std::string preset;
  std::string part;  ///< "K", "V", "K and V", or the mean over the layers
  int measured_tokens = 0;
  int generated_tokens = 0;
  ExponentStatistics measured;
  ExponentStatistics generated;
  double held_out_escapes = 0;  ///< generated, with 16 exponents calibrated on another text
};

/// @param tokens generated per layer, where the measurement was of a longer text
std::vector<PresetFit> preset_fits(int tokens);

}  // namespace kvferry::codec
