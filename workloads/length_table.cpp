#include "workloads/length_table.hpp"

#include "workloads/csv_columns.hpp"
#include "workloads/row_loop.hpp"
#include "workloads/trace_row.hpp"

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace kvferry::workloads {
namespace {

constexpr std::string_view kRatio = "pd_ratio";

// Where the lengths stand, whichever of the two spellings the header has.
class LengthColumns {
 public:
  explicit LengthColumns(TextFile& file)
      : columns_(file, {"num_prefill_tokens", "num_decode_tokens", "num_total_tokens",
                        std::string(kRatio), "input_tokens", "output_tokens"}),
        input_(one_of("num_prefill_tokens", "input_tokens", file)),
        output_(one_of("num_decode_tokens", "output_tokens", file)),
        total_(columns_.find("num_total_tokens")) {}

  bool has_ratio() const { return columns_.find(kRatio).has_value(); }

  LengthPair parse(std::string_view row) {
    const auto fields = columns_.split(row);
    const FieldText& input = fields[input_];
    const FieldText& output = fields[output_];
    const LengthPair pair{checked_tokens(kBadInputTokens, input, whole_number(input.text)),
                          checked_tokens(kBadOutputTokens, output, whole_number(output.text))};
    if (total_) check_total(fields[*total_], pair);
    return pair;
  }

 private:
  std::size_t one_of(std::string_view name, std::string_view other, const TextFile& file) const {
    const auto index = columns_.find(other);
    if (!index) return columns_.require(name, file);
    if (!columns_.find(name)) return *index;
    file.refuse_line("the columns " + excerpt(name) + " and " + excerpt(other) + " mean the same",
                     1);
  }

  static void check_total(const FieldText& field, const LengthPair& pair) {
    const std::int64_t sum = pair.input_tokens + pair.output_tokens;
    if (whole_number(field.text) == sum) return;
    throw bad_value("total-mismatch", field,
                    "the sum of the two lengths, " + std::to_string(pair.input_tokens) + " + " +
                        std::to_string(pair.output_tokens) + " = " + std::to_string(sum));
  }

  CsvColumns columns_;
  std::size_t input_;
  std::size_t output_;
  std::optional<std::size_t> total_;
};

}  // namespace

LengthTable read_length_table(const std::string& path, OnBadRow on_bad_row) {
  LengthTable table;
  table.path = path;
  TextFile file(path);
  LengthColumns columns(file);
  FaultLedger ledger(on_bad_row, table.account);
  for_each_row(file, ledger, table.account, [&](std::string_view row) {
    table.pairs.push_back(columns.parse(row));
    ++table.account.emitted;
    return RowLoop::go_on;
  });
  ledger.settle(path);
  if (table.pairs.empty()) file.refuse("the file has no rows that can be used");
  if (columns.has_ratio()) table.account.ignored_keys[std::string(kRatio)] = table.account.emitted;
  table.file_bytes = file.bytes_read();
  table.fingerprint = file.fingerprint();
  return table;
}

}  // namespace kvferry::workloads
