#include "cli/variants.hpp"

#include "sim/base/error.hpp"

#include <algorithm>
#include <cctype>
#include <set>

namespace kvferry::cli {
namespace {

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(' ');
  return first == std::string::npos ? ""
                                    : text.substr(first, text.find_last_not_of(' ') - first + 1);
}

std::vector<std::string> split_outside_brackets(const std::string& text) {
  std::vector<std::string> parts(1);
  int depth = 0;
  for (const char c : text) {
    if (c == '[' || c == '{') ++depth;
    if (c == ']' || c == '}') --depth;
    if (c == ',' && depth == 0) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  std::transform(parts.begin(), parts.end(), parts.begin(), trimmed);
  return parts;
}

}  // namespace

Variants parse_variants(const std::string& text) {
  const auto equals = text.find('=');
  const auto refuse = [&](const std::string& expected) {
    throw InputError("--vary " + text + ": error: expected " + expected);
  };
  if (equals == std::string::npos || equals == 0)
    refuse("key.path=a,b, such as transfer.codec=none,splitzip");
  Variants variants{text.substr(0, equals), split_outside_brackets(text.substr(equals + 1))};
  const std::set<std::string> distinct(variants.values.begin(), variants.values.end());
  if (variants.values.size() < 2) refuse("at least two values, separated by commas");
  if (distinct.size() < variants.values.size()) refuse("values that differ");
  if (distinct.contains("")) refuse("a value between two commas");
  return variants;
}

std::string folder_name(std::size_t rank, std::string_view value) {
  std::string name = std::to_string(rank) + "-";
  for (const char c : value.substr(0, 40)) {
    const bool suits =
        std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '-' || c == '_';
    name += suits ? c : '_';
  }
  return name;
}

}  // namespace kvferry::cli
