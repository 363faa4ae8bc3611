// The loop over the rows of a file: each row ends in exactly one counter, and a row fault is fatal
// or counted as the caller chose.
#pragma once

#include "workloads/row_fault.hpp"
#include "workloads/text_file.hpp"
#include "workloads/trace.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace kvferry::workloads {

/// Counts the rows at fault and decides what becomes of the file.
class FaultLedger {
 public:
  /// The account must outlive the ledger.
  FaultLedger(OnBadRow on_bad_row, TraceAccount& account)
      : on_bad_row_(on_bad_row), account_(account) {}

  /// Counts the current row of the file as dropped because of the fault.
  void record(const RowFault& fault, const TextFile& file);

  /// Counts so many rows as dropped because of the fault, which `message` tells with its place.
  void record(const RowFault& fault, const std::string& message, std::int64_t rows);

  /// Whether no later row can change the verdict. A fault that may be about the whole file is not
  /// the last word: the rows that follow tell what the file's author meant.
  bool is_decided() const { return is_decided_; }

  /// To be called after the last row.
  /// @throws InputError with the first fault when rows are not to be skipped, or when more were
  /// skipped than max(1000, 1 % of the rows read).
  void settle(const std::string& path) const;

 private:
  OnBadRow on_bad_row_;
  TraceAccount& account_;
  std::int64_t faults_ = 0;
  std::optional<std::string> first_message_;
  bool is_decided_ = false;
};

enum class RowLoop : std::uint8_t { go_on, stop };

/// Calls take_row for every row until it says stop, the verdict is decided or the file ends.
/// take_row throws RowFault for a row it cannot take.
void for_each_row(TextFile& file, FaultLedger& ledger, TraceAccount& account,
                  const std::function<RowLoop(std::string_view)>& take_row);

}  // namespace kvferry::workloads
