// The Azure LLM inference traces of 2023 and 2024 (github.com/Azure/AzurePublicDataset): a CSV of
// dates, prompt lengths and answer lengths.
#pragma once

#include "workloads/csv_columns.hpp"
#include "workloads/timestamp_text.hpp"
#include "workloads/trace_format.hpp"

#include <cstddef>
#include <optional>

namespace kvferry::workloads {

class AzureRows final : public TraceRows {
 public:
  /// Reads the header. File and options must outlive the object.
  AzureRows(TextFile& file, const TraceOptions& options);

  TraceRow parse(std::string_view line) override;
  TimeOrigin time_origin() const override { return TimeOrigin::first_row; }

 private:
  std::int64_t checked_time(const FieldText& field);

  TextFile& file_;
  const TraceOptions& options_;
  CsvColumns columns_;
  std::size_t timestamp_;
  std::size_t input_;
  std::size_t output_;
  std::optional<ZoneText> zone_;  // of the first row
};

}  // namespace kvferry::workloads
