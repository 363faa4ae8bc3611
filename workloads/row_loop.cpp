#include "workloads/row_loop.hpp"

#include "sim/base/error.hpp"

#include <algorithm>

namespace kvferry::workloads {

void FaultLedger::record(const RowFault& fault, const TextFile& file) {
  record(fault, file.at_line(fault.what(), fault.column()), 1);
}

void FaultLedger::record(const RowFault& fault, const std::string& message, std::int64_t rows) {
  account_.dropped[fault.reason()] += rows;
  faults_ += rows;
  if (!first_message_) first_message_ = message;
  if (on_bad_row_ == OnBadRow::reject && fault.reach() == FaultReach::this_row) is_decided_ = true;
}

void FaultLedger::settle(const std::string& path) const {
  if (faults_ == 0) return;
  if (on_bad_row_ == OnBadRow::reject) throw InputError(*first_message_);
  constexpr std::int64_t kAlwaysTolerated = 1000;
  if (faults_ <= std::max(kAlwaysTolerated, account_.rows_read / 100)) return;
  throw InputError({path + ": error: " + std::to_string(faults_) + " of " +
                        std::to_string(account_.rows_read) +
                        " rows are at fault, more than 1000 and more than 1 %; the first one:",
                    *first_message_});
}

void for_each_row(TextFile& file, FaultLedger& ledger, TraceAccount& account,
                  const std::function<RowLoop(std::string_view)>& take_row) {
  while (!ledger.is_decided()) {
    const auto line = file.next_line();
    if (!line) break;
    ++account.rows_read;
    try {
      if (take_row(*line) == RowLoop::stop) break;
    } catch (const RowFault& fault) {
      ledger.record(fault, file);
    }
  }
  account.blank_lines = file.blank_lines();
  account.byte_order_mark = file.has_byte_order_mark();
}

}  // namespace kvferry::workloads
