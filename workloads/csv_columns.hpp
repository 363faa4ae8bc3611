// Comma-separated tables with a header line, read by column name. Quoting is not part of the
// formats read here, so a quote is a fault.
#pragma once

#include "workloads/row_fault.hpp"
#include "workloads/text_file.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kvferry::workloads {

/// What becomes of columns that nobody asks for: in a format of ours they are mistakes, in tables of
/// others they are not.
enum class OtherColumns : std::uint8_t { refuse, ignore };

class CsvColumns {
 public:
  /// Reads the header, the file's first line; columns may come in any order.
  /// @throws InputError when it is missing, or a name is repeated or, unless others are ignored, not
  /// one of `known`.
  CsvColumns(TextFile& file, std::vector<std::string> known,
             OtherColumns others = OtherColumns::refuse);
  CsvColumns(const CsvColumns&) = delete;  // fields refer to the names
  CsvColumns& operator=(const CsvColumns&) = delete;

  /// Index of the column of that name, if the table has it.
  std::optional<std::size_t> find(std::string_view name) const;

  /// Likewise. @throws InputError, naming the file's columns, when the table lacks it.
  std::size_t require(std::string_view name, const TextFile& file) const;

  /// The row's fields in the order of the header; valid until the next call and as long as the row.
  /// @throws RowFault on quotes and on a number of fields that is not the header's.
  std::span<const FieldText> split(std::string_view row);

 private:
  void add_column(std::string_view name, std::int32_t column, const TextFile& file);

  std::vector<std::string> known_;
  OtherColumns others_;
  std::vector<std::string> names_;
  std::vector<FieldText> fields_;  // one per column; text and place change with every row
};

}  // namespace kvferry::workloads
