// "--vary key.path=a,b,...": one key, several values.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kvferry::cli {

struct Variants {
  std::string key;
  std::vector<std::string> values;  ///< at least two, all different
};

/// Splits at commas outside of brackets and braces. @throws InputError
Variants parse_variants(const std::string& text);

/// A folder name for a variant: its rank and what of its value suits a file name.
std::string folder_name(std::size_t rank, std::string_view value);

}  // namespace kvferry::cli
