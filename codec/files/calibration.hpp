// Codebooks from tensors: the exponents of each layer's K and V are counted, and the codebook and
// the format with the smallest predicted size are chosen.
#pragma once

#include "codec/codebook.hpp"
#include "codec/files/input_file.hpp"
#include "codec/files/progress.hpp"
#include "codec/files/tensor_coding.hpp"
#include "codec/files/tensor_file.hpp"
#include "codec/splitzip.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace kvferry::codec {

/// One file to calibrate on, opened.
struct CalibrationFile {
  const InputFile* file;
  TensorFile contents;
};

/// What is known about the tensors of one group.
struct GroupCalibration {
  std::uint64_t tensors = 0;
  std::uint64_t values = 0;
  ExponentHistogram histogram{};  ///< zeros count like any other value
  TensorCoding coding{{}, Codebook::most_frequent({}, 1)};
  std::uint64_t stored_bytes = 0;  ///< what a .kvz file holds for these tensors, index aside
};
using Calibration = std::map<CodingKey, GroupCalibration>;

/// Raw bytes / bytes by different counts, above 1 where it saves.
struct GroupRatios {
  double predicted;  ///< from the histogram; header and directory aside
  double achieved;   ///< by encoding
  double bound;      ///< of the exponents' entropy
};
GroupRatios ratios_of(const CodingKey& key, const GroupCalibration& group);
/// The same of all groups together; each group keeps its own codebook.
GroupRatios ratios_of(const Calibration& calibration);

/// Reads all values twice: to count, then to encode them with what was chosen. Tensors of types
/// without frames, and empty ones, are left out.
Calibration calibrate(const std::vector<CalibrationFile>& files, FrameRule rule,
                      const Execution& execution, const Progress& progress = ignore_progress);

}  // namespace kvferry::codec
