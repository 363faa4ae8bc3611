// Measured serving systems beside simulated ones: what `kvferry accuracy` finds out.
#pragma once

#include "analysis/relative_error.hpp"
#include "cli/measured_systems.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace kvferry::cli {

/// A measurement that was replayed; means over the measured requests, in milliseconds.
struct ReplayedRow {
  Measurement measured;
  MeasuredSystem system;
  std::string scenario;  ///< a file that gives the same run again
  double ttft_ms;
  double tpot_ms;
  std::int64_t preemptions;

  double ttft_error() const { return analysis::relative_error(ttft_ms, measured.ttft_ms); }
  double tpot_error() const { return analysis::relative_error(tpot_ms, measured.tpot_ms); }
};

struct ExcludedRow {
  Measurement measured;
  std::string reason;
};

/// Every row of the file is in one of the two, in the order of the file.
struct Accuracy {
  std::vector<ReplayedRow> replayed;
  std::vector<ExcludedRow> excluded;
};

/// @param at_once simulations side by side, at least 1  @throws InputError, RunError
Accuracy replay(const std::vector<Measurement>& measurements, const Selection& selection,
                std::size_t at_once);

/// Rows of one kind and how far they are off.
struct AccuracyGroup {
  std::vector<std::string> key;  ///< stack, GPU, model, weights, GPUs; or its beginning
  analysis::ErrorFigures ttft;
  analysis::ErrorFigures tpot;
};

/// How many parts of the key tell groups apart: 5 all, 1 stacks, 0 none.
std::vector<AccuracyGroup> groups_of(const std::vector<ReplayedRow>& rows, std::size_t key_parts);

/// Rows by reason, most frequent first.
std::vector<std::pair<std::string, std::int64_t>> exclusions_of(
    const std::vector<ExcludedRow>& rows);

/// With the largest TPOT error first, at most so many.
std::vector<const ReplayedRow*> worst_of(const std::vector<ReplayedRow>& rows, std::size_t most);

}  // namespace kvferry::cli
