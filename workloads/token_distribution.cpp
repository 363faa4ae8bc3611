#include "workloads/token_distribution.hpp"

#include "sim/base/quantity_text.hpp"
#include "workloads/row_fault.hpp"
#include "workloads/seconds_text.hpp"
#include "workloads/trace_row.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <set>
#include <string>

namespace kvferry::workloads {
namespace {

constexpr double kSumTolerance = 1e-6;

RowFault bad_dictionary(std::string_view expected, std::string_view found) {
  return bad_value("bad-distribution", {"{tokens: probability, ...}", found}, expected);
}

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t\n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\n") - begin + 1);
}

// Calls take(key, value) for each entry.
template <typename Take>
void for_each_entry(std::string_view dictionary, Take take) {
  std::string_view rest = trimmed(dictionary);
  if (!rest.starts_with('{') || !rest.ends_with('}') || rest.size() < 2) {
    throw bad_dictionary("a dictionary in braces", rest);
  }
  rest = trimmed(rest.substr(1, rest.size() - 2));
  while (!rest.empty()) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    const std::string_view entry = rest.substr(0, comma);
    const std::size_t colon = entry.find(':');
    if (colon == std::string_view::npos) throw bad_dictionary("'key: value'", entry);
    take(trimmed(entry.substr(0, colon)), trimmed(entry.substr(colon + 1)));
    rest = comma == rest.size() ? std::string_view{} : trimmed(rest.substr(comma + 1));
  }
}

}  // namespace

TokenDistribution::TokenDistribution(std::string_view dictionary) {
  std::set<std::int64_t> seen;
  double sum = 0;
  for_each_entry(dictionary, [&](std::string_view key, std::string_view value) {
    const auto tokens = whole_number(key);
    if (!tokens || *tokens < 0 || *tokens > kMostTokens) {
      throw bad_dictionary("a whole number of tokens as key", key);
    }
    if (!seen.insert(*tokens).second) throw bad_dictionary("every key once", key);
    const auto probability = real_number(value);
    if (!probability || !(*probability >= 0)) {
      throw bad_dictionary("a probability that is not negative", value);
    }
    sum += *probability;
    tokens_.push_back(*tokens);
    cumulative_.push_back(sum);
  });
  if (!tokens_.empty() && std::abs(sum - 1) > kSumTolerance) {
    throw bad_dictionary("probabilities with the sum 1", "the sum " + shortest_decimal(sum));
  }
}

std::int64_t TokenDistribution::draw(RandomStream& random) const {
  const double level = random.uniform() * cumulative_.back();
  const auto place = std::lower_bound(cumulative_.begin(), cumulative_.end(), level);
  return tokens_[static_cast<std::size_t>(place - cumulative_.begin())];
}

}  // namespace kvferry::workloads
