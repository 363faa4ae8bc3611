#include "workloads/csv_columns.hpp"

#include "sim/base/nearest_name.hpp"

#include <algorithm>
#include <cctype>
#include <utility>

namespace kvferry::workloads {
namespace {

// Calls take(text, column) for each comma-separated piece of the line.
template <typename Take>
void for_each_field(std::string_view line, Take take) {
  std::size_t begin = 0;
  for (;;) {
    const std::size_t comma = std::min(line.find(',', begin), line.size());
    take(line.substr(begin, comma - begin), static_cast<std::int32_t>(begin) + 1);
    if (comma == line.size()) return;
    begin = comma + 1;
  }
}

bool looks_like_data(std::string_view line) {
  return std::isdigit(static_cast<unsigned char>(line.front())) != 0;
}

}  // namespace

CsvColumns::CsvColumns(TextFile& file, std::vector<std::string> known, OtherColumns others)
    : known_(std::move(known)), others_(others) {
  const auto header = file.next_line();
  if (!header) file.refuse("the file has no header line");
  if (looks_like_data(*header)) {
    file.refuse_line("the first line is data; expected a header with the columns " +
                         join_names(known_) + ", found " + excerpt(*header),
                     1);
  }
  for_each_field(
      *header, [&](std::string_view name, std::int32_t column) { add_column(name, column, file); });
  for (const std::string& name : names_) fields_.push_back({name, {}, 0});
}

void CsvColumns::add_column(std::string_view name, std::int32_t column, const TextFile& file) {
  const bool is_known = std::find(known_.begin(), known_.end(), name) != known_.end();
  if (!is_known && others_ == OtherColumns::refuse) {
    file.refuse_line("unknown column " + excerpt(name) + did_you_mean(name, known_) +
                         "; valid columns: " + join_names(known_),
                     column);
  }
  if (find(name)) file.refuse_line("the column " + excerpt(name) + " is there twice", column);
  names_.emplace_back(name);
}

std::optional<std::size_t> CsvColumns::find(std::string_view name) const {
  const auto place = std::find(names_.begin(), names_.end(), name);
  if (place == names_.end()) return std::nullopt;
  return static_cast<std::size_t>(place - names_.begin());
}

std::size_t CsvColumns::require(std::string_view name, const TextFile& file) const {
  const auto index = find(name);
  if (index) return *index;
  file.refuse_line(
      "the column " + excerpt(name) + " is missing; columns found: " + join_names(names_), 1);
}

std::span<const FieldText> CsvColumns::split(std::string_view row) {
  if (const auto quote = row.find('"'); quote != std::string_view::npos) {
    throw RowFault("stray-quote", "fields are not quoted in this format, found " + excerpt(row),
                   static_cast<std::int32_t>(quote) + 1);
  }
  std::size_t count = 0;
  for_each_field(row, [&](std::string_view text, std::int32_t column) {
    if (count < fields_.size()) {
      fields_[count].text = text;
      fields_[count].column = column;
    }
    ++count;
  });
  if (count != fields_.size()) {
    throw RowFault("field-count",
                   "expected " + std::to_string(fields_.size()) + " fields (" + join_names(names_) +
                       "), found " + std::to_string(count) + " in " + excerpt(row),
                   1);
  }
  return fields_;
}

}  // namespace kvferry::workloads
