#include "cli/measurements_csv.hpp"

#include "sim/base/error.hpp"
#include "workloads/csv_columns.hpp"
#include "workloads/text_file.hpp"

#include <charconv>
#include <cstddef>
#include <span>
#include <string_view>
#include <system_error>

namespace kvferry::cli {
namespace {

using workloads::FieldText;

constexpr std::string_view kReason = "bad-measurement";
constexpr std::int64_t kMostTokens = 1'000'000;
constexpr std::int64_t kMostRequests = 100'000;

std::int64_t whole(const FieldText& field, std::int64_t least, std::int64_t most) {
  std::int64_t value = 0;
  const char* last = field.text.data() + field.text.size();
  const auto [end, error] = std::from_chars(field.text.data(), last, value);
  if (error != std::errc() || end != last || value < least || value > most)
    throw bad_value(kReason, field,
                    "a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  return value;
}

double milliseconds(const FieldText& field) {
  double value = 0;
  const char* last = field.text.data() + field.text.size();
  const auto [end, error] = std::from_chars(field.text.data(), last, value);
  if (error != std::errc() || end != last || !(value > 0 && value < 1e9))
    throw bad_value(kReason, field, "milliseconds above 0");
  return value;
}

const std::vector<std::string>& known_columns() {
  static const std::vector<std::string> names{"model_path",
                                              "system",
                                              "backend",
                                              "precision",
                                              "isl",
                                              "osl",
                                              "concurrency",
                                              "tp_size",
                                              "pp_size",
                                              "source",
                                              "silicon_ttft_ms",
                                              "silicon_tpot_ms",
                                              "attention_dp_size",
                                              "note"};
  return names;
}

class Measurements {
 public:
  explicit Measurements(workloads::TextFile& file)
      : columns_(file, known_columns(), workloads::OtherColumns::ignore) {
    for (const char* name : {"model_path", "system", "backend", "precision", "isl", "osl",
                             "concurrency", "tp_size", "silicon_ttft_ms", "silicon_tpot_ms"})
      columns_.require(name, file);
  }

  Measurement parse(std::string_view row) {
    fields_ = columns_.split(row);
    Measurement result{};
    result.model = text("model_path");
    result.gpu = text("system");
    result.backend = text("backend");
    result.precision = text("precision");
    result.source = text("source");
    result.note = text("note");
    result.input_tokens = whole(*field("isl"), 1, kMostTokens);
    // A TPOT needs a second token.
    result.output_tokens = whole(*field("osl"), 2, kMostTokens);
    if (!text("concurrency").empty())
      result.concurrency = whole(*field("concurrency"), 1, kMostRequests);
    result.tensor_parallel = whole(*field("tp_size"), 1, kMostRequests);
    result.pipeline_parallel = one_unless_stated("pp_size", 1);
    result.attention_replicas = one_unless_stated("attention_dp_size", 0);
    result.ttft_ms = milliseconds(*field("silicon_ttft_ms"));
    result.tpot_ms = milliseconds(*field("silicon_tpot_ms"));
    return result;
  }

 private:
  const FieldText* field(std::string_view name) const {
    const auto index = columns_.find(name);
    return index ? &fields_[*index] : nullptr;
  }

  std::string text(std::string_view name) const {
    const FieldText* found = field(name);
    return found == nullptr ? "" : std::string(found->text);
  }

  // Where 0 is allowed it means that nothing is replicated.
  std::int64_t one_unless_stated(std::string_view name, std::int64_t least) const {
    const FieldText* found = field(name);
    if (found == nullptr || found->text.empty()) return 1;
    const std::int64_t stated = whole(*found, least, kMostRequests);
    return stated == 0 ? 1 : stated;
  }

  workloads::CsvColumns columns_;
  std::span<const FieldText> fields_;  ///< of the row being read
};

}  // namespace

std::vector<Measurement> read_measurements(const std::string& path) {
  constexpr std::size_t kMostFaults = 20;
  workloads::TextFile file(path);
  Measurements rows(file);
  std::vector<Measurement> measurements;
  std::vector<std::string> faults;
  while (const auto row = file.next_line()) {
    try {
      measurements.push_back(rows.parse(*row));
      measurements.back().line = file.line_number();
    } catch (const workloads::RowFault& fault) {
      faults.push_back(file.at_line(fault.what(), fault.column()));
      if (faults.size() == kMostFaults) break;
    }
  }
  if (!faults.empty()) throw InputError(faults);
  if (measurements.empty()) file.refuse("the file has no rows");
  return measurements;
}

}  // namespace kvferry::cli
