// Vidur's request tables (github.com/microsoft/vidur): arrived_at in seconds, num_prefill_tokens,
// num_decode_tokens.
#pragma once

#include "workloads/csv_columns.hpp"
#include "workloads/trace_format.hpp"

#include <cstddef>

namespace kvferry::workloads {

class VidurRows final : public TraceRows {
 public:
  /// Reads the header. File and options must outlive the object.
  VidurRows(TextFile& file, const TraceOptions& options);

  TraceRow parse(std::string_view line) override;
  TimeOrigin time_origin() const override { return TimeOrigin::trace_start; }

 private:
  const TraceOptions& options_;
  CsvColumns columns_;
  std::size_t arrival_;
  std::size_t input_;
  std::size_t output_;
};

}  // namespace kvferry::workloads
