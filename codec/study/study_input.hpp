// Inputs on which layouts are compared: deterministic, each with other values to calibrate on.
#pragma once

#include "codec/codebook.hpp"
#include "codec/number_format.hpp"
#include "codec/synthetic_kv.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace kvferry::codec {

/// The bytes of one tensor's values.
using Tensor = std::vector<std::byte>;

/// Tensors to encode and, at the same places, those to calibrate their codebooks on.
struct StudyInput {
  std::string name;
  DType dtype = DType::bf16;
  std::vector<Tensor> calibration;
  std::vector<Tensor> evaluation;
};

/// Two texts of the same model.
enum class StudyText : std::uint8_t { calibration = 1, evaluation = 2 };

/// K and V of layer 0, of layer 1, ... with the layers and heads of the model.
std::vector<std::vector<std::uint16_t>> synthesize_cache(const KvPreset& preset, int tokens,
                                                         StudyText text);

/// A preset's cache as BF16, E5M2 and E4M3 (cast without scaling).
std::vector<StudyInput> preset_inputs(const KvPreset& preset, int tokens);

/// Gaussian values, a share of them with exponents that Gaussian ones hardly have: 0 to 10 %.
std::vector<StudyInput> stray_inputs();

/// Random bits, zeros, zero tokens, NaNs with payloads, denormals; with codebooks calibrated on
/// such values, and with codebooks calibrated on Gaussian ones, which do not expect them.
std::vector<StudyInput> adversarial_inputs();

/// Of all tensors together.
ExponentHistogram histogram_of(std::span<const Tensor> tensors, DType dtype);

}  // namespace kvferry::codec
