// Plain text tables for terminals.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace kvferry::cli {

enum class Align : std::uint8_t { left, right };

class TextTable {
 public:
  /// One alignment per column; the last one serves all further columns.
  TextTable(std::vector<std::string> header, std::vector<Align> alignments)
      : alignments_(std::move(alignments)), rows_{std::move(header)} {}

  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  /// An empty line.
  void add_gap() { rows_.emplace_back(); }

  /// Ends with a newline; no trailing blanks.
  std::string text() const;

 private:
  std::vector<Align> alignments_;  ///< at least one
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace kvferry::cli
