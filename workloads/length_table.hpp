// Recorded prompt and answer lengths, kept together: long prompts and short answers go in pairs.
#pragma once

#include "workloads/trace.hpp"

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

namespace kvferry::workloads {

struct LengthPair {
  std::int64_t input_tokens{};
  std::int64_t output_tokens{};
  auto operator<=>(const LengthPair&) const = default;
};

struct LengthTable {
  std::vector<LengthPair> pairs;
  TraceAccount account;
  std::string path;
  std::int64_t file_bytes{};
  std::uint64_t fingerprint{};  ///< FNV-1a of the file
};

/// Reads a CSV with the columns `num_prefill_tokens,num_decode_tokens`, optionally
/// `num_total_tokens` (checked: the sum of the two) and `pd_ratio` (ignored), as Sarathi-Serve and
/// Vidur publish them, or `input_tokens,output_tokens`.
/// @throws InputError naming file, line, column, what was found and what is allowed.
LengthTable read_length_table(const std::string& path, OnBadRow on_bad_row = OnBadRow::reject);

}  // namespace kvferry::workloads
