#include "workloads/row_fault.hpp"

#include <cstddef>

namespace kvferry::workloads {
namespace {

std::string escaped(char character) {
  switch (character) {
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    case '\\':
      return "\\\\";
    default:
      break;
  }
  const auto byte = static_cast<unsigned char>(character);
  if (byte >= 0x20 && byte < 0x7f) return {character};
  constexpr std::string_view kHexDigits = "0123456789abcdef";
  return {'\\', 'x', kHexDigits[byte >> 4], kHexDigits[byte & 0xf]};
}

}  // namespace

std::string excerpt(std::string_view text) {
  constexpr std::size_t kLongestExcerpt = 80;
  constexpr std::string_view kCut = "...";
  std::string shown;
  std::size_t room_for_cut = 0;  // the longest length that leaves room for kCut
  for (const char character : text) {
    shown += escaped(character);
    if (shown.size() <= kLongestExcerpt - kCut.size()) room_for_cut = shown.size();
    if (shown.size() > kLongestExcerpt) {
      shown.resize(room_for_cut);
      shown += kCut;
      break;
    }
  }
  return "'" + shown + "'";
}

RowFault bad_value(std::string_view reason, const FieldText& field, std::string_view expected) {
  return {reason,
          excerpt(field.name) + ": expected " + std::string(expected) + ", found " +
              excerpt(field.text),
          field.column};
}

}  // namespace kvferry::workloads
