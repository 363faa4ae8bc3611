// The BurstGPT traces (github.com/HPMLL/BurstGPT): CSV with dates in seconds, in two forms of which
// the later one names the conversation and says how long each answer took.
#pragma once

#include "workloads/csv_columns.hpp"
#include "workloads/session_turns.hpp"
#include "workloads/trace_format.hpp"

#include <cstddef>
#include <optional>

namespace kvferry::workloads {

class BurstGptRows final : public TraceRows {
 public:
  /// Reads the header. File and options must outlive the object.
  BurstGptRows(TextFile& file, const TraceOptions& options);

  TraceRow parse(std::string_view line) override;
  TimeOrigin time_origin() const override { return TimeOrigin::first_row; }

 private:
  using Fields = std::span<const FieldText>;

  TraceRow parse_fields(const Fields& fields);
  void read_lengths(const Fields& fields, TraceRow& row) const;
  std::int64_t busy_ns(const FieldText& elapsed) const;
  std::string_view unwanted(const Fields& fields, const TraceRow& row) const;

  const TraceOptions& options_;
  CsvColumns columns_;
  std::size_t timestamp_;
  std::size_t model_;
  std::size_t input_;
  std::size_t output_;
  std::size_t total_;
  std::size_t log_type_;
  std::optional<std::size_t> session_;
  std::optional<std::size_t> elapsed_;
  SessionTurns turns_;
};

}  // namespace kvferry::workloads
