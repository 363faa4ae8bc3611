// The files of one ServeGen client (github.com/alibaba/ServeGen): chunk-N-trace.csv, its rate and
// pattern in windows of equal length, and chunk-N-dataset.json, how long its prompts and answers are.
#pragma once

#include "workloads/stationary_gaps.hpp"
#include "workloads/token_distribution.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace kvferry::workloads {

struct RateWindow {
  double start_s{};
  double rate_per_s{};  ///< 0: idle
  GapPattern pattern = GapPattern::exponential;
  double shape = 1;
};

/// Lengths that hold from a date on.
struct LengthWindow {
  double start_s{};
  TokenDistribution input;
  TokenDistribution output;
};

struct ServeGenClient {
  std::string name;   ///< "chunk-N"
  double window_s{};  ///< length of each rate window
  std::vector<RateWindow> rates;
  std::vector<LengthWindow> lengths;  ///< in order; perhaps some are empty
};

struct ReadFile {
  std::int64_t bytes{};
  std::uint64_t fingerprint{};
};

/// Reads the client whose rates are in that file; `files` receives what was read.
/// @throws InputError
ServeGenClient read_servegen_client(const std::string& trace_path, std::vector<ReadFile>& files);

}  // namespace kvferry::workloads
