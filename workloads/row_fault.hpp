// What is wrong with one row of a file, before anyone decides whether that is fatal.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace kvferry::workloads {

/// Whether a fault can turn out to be a mistake about the whole file, such as the wrong block size.
enum class FaultReach : std::uint8_t { this_row, perhaps_whole_file };

/// Thrown by whatever parses a row; the row loop counts it or makes it fatal.
class RowFault : public std::runtime_error {
 public:
  /// `reason` names the counter of dropped rows; `column` is 1-based, 0 where columns mean nothing.
  RowFault(std::string_view reason, const std::string& message, std::int32_t column = 0,
           FaultReach reach = FaultReach::this_row)
      : std::runtime_error(message), reason_(reason), column_(column), reach_(reach) {}

  const std::string& reason() const { return reason_; }
  std::int32_t column() const { return column_; }
  FaultReach reach() const { return reach_; }

 private:
  std::string reason_;
  std::int32_t column_;
  FaultReach reach_;
};

/// One named value of a row as it is written, and where it stands.
struct FieldText {
  std::string_view name;
  std::string_view text;
  std::int32_t column{};  ///< 1-based character of its line; 0 where columns mean nothing
};

/// The offending text in quotes: at most 80 bytes, everything but printable ASCII escaped.
std::string excerpt(std::string_view text);

/// "'NAME': expected EXPECTED, found 'TEXT'".
RowFault bad_value(std::string_view reason, const FieldText& field, std::string_view expected);

}  // namespace kvferry::workloads
