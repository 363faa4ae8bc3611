#include "sim/base/nearest_name.hpp"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <utility>
#include <vector>

namespace kvferry {
namespace {

bool same_letter(char a, char b) {
  return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
}

// Costs of an edit. A wrong letter costs more than a missing one: "llama-3-8b" is nearer to
// "llama-3.1-8b" than to "llama-2-7b".
constexpr std::size_t kInsertion = 2;
constexpr std::size_t kSwap = 2;
constexpr std::size_t kSubstitution = 3;

// Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> cost(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) cost[i][0] = i * kInsertion;
  for (std::size_t j = 0; j <= b.size(); ++j) cost[0][j] = j * kInsertion;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substitution = same_letter(a[i - 1], b[j - 1]) ? 0 : kSubstitution;
      cost[i][j] = std::min({cost[i - 1][j] + kInsertion, cost[i][j - 1] + kInsertion,
                             cost[i - 1][j - 1] + substitution});
      const bool swapped =
          i > 1 && j > 1 && same_letter(a[i - 1], b[j - 2]) && same_letter(a[i - 2], b[j - 1]);
      if (swapped) cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + kSwap);
    }
  }
  return cost[a.size()][b.size()];
}

// "zip" for "splitzip", "h100" for "h100-sxm".
bool is_part_of(std::string_view found, std::string_view candidate) {
  constexpr std::size_t kShortestPart = 3;
  return found.size() >= kShortestPart && candidate.find(found) != std::string_view::npos;
}

}  // namespace

std::optional<std::string> nearest_name(std::string_view found,
                                        std::span<const std::string> candidates) {
  constexpr std::size_t kLongestNameCompared = 64;
  if (found.empty() || found.size() > kLongestNameCompared) return std::nullopt;
  const std::string* best = nullptr;
  std::pair<bool, std::size_t> best_rank;  // whether it lacks the text, then the distance
  for (const std::string& candidate : candidates) {
    const std::pair rank{!is_part_of(found, candidate), edit_distance(found, candidate)};
    const std::size_t tolerated = candidate.size() < 3 ? 0 : candidate.size() / 3 * kInsertion + 1;
    if (rank.first && rank.second > tolerated) continue;
    if (best != nullptr && rank >= best_rank) continue;
    best = &candidate;
    best_rank = rank;
  }
  return best == nullptr ? std::nullopt : std::optional(*best);
}

std::string did_you_mean(std::string_view found, std::span<const std::string> candidates) {
  const auto nearest = nearest_name(found, candidates);
  return nearest ? " (did you mean '" + *nearest + "'?)" : std::string{};
}

std::string join_names(std::span<const std::string> names) {
  std::string text;
  for (const std::string& name : names) {
    if (!text.empty()) text += ", ";
    text += name;
  }
  return text;
}

}  // namespace kvferry
