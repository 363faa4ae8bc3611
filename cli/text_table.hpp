// Plain text tables for terminals: the first column to the left, the others to the right.
#pragma once

#include <string>
#include <vector>

namespace kvferry::cli {

class TextTable {
 public:
  explicit TextTable(std::vector<std::string> header) : rows_{std::move(header)} {}

  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  /// An empty line.
  void add_gap() { rows_.emplace_back(); }

  /// Ends with a newline; no trailing blanks.
  std::string text() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace kvferry::cli
