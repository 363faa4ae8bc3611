// kvferry's own table of requests: arrival_s,input_tokens,output_tokens and, where they are needed,
// session_id, think_s, priority and request_id. A request is sent at its arrival, but not before
// think_s after the end of the row above of the same session.
#pragma once

#include "workloads/csv_columns.hpp"
#include "workloads/session_turns.hpp"
#include "workloads/trace_format.hpp"

#include <cstddef>
#include <optional>

namespace kvferry::workloads {

class PlainRows final : public TraceRows {
 public:
  /// Reads the header. File and options must outlive the object.
  PlainRows(TextFile& file, const TraceOptions& options);

  TraceRow parse(std::string_view line) override;
  TimeOrigin time_origin() const override { return TimeOrigin::trace_start; }

 private:
  using Fields = std::span<const FieldText>;

  TraceRow parse_fields(const Fields& fields);
  void read_date(const FieldText& arrival, TraceRow& row, TurnRecord& record) const;
  const FieldText* stated(const Fields& fields, const std::optional<std::size_t>& column) const;

  const TraceOptions& options_;
  CsvColumns columns_;
  std::size_t arrival_;
  std::size_t input_;
  std::size_t output_;
  std::optional<std::size_t> session_;
  std::optional<std::size_t> think_;
  std::optional<std::size_t> priority_;
  std::optional<std::size_t> request_;
  SessionTurns turns_;
  RequestNames names_;
};

}  // namespace kvferry::workloads
