#include "workloads/prefix_checks.hpp"

#include <algorithm>
#include <cstddef>

namespace kvferry::workloads {
namespace {

// The last, partial block has an id in some traces and none in others.
bool fits(std::int64_t input_tokens, std::int64_t ids, std::int64_t block_tokens) {
  return ids == block_count(input_tokens, block_tokens) || ids == input_tokens / block_tokens;
}

std::string described(std::uint64_t predecessor, std::size_t position) {
  if (position == 0) return "first";
  return "number " + std::to_string(position + 1) + ", after id " + std::to_string(predecessor);
}

}  // namespace

BlockSizeCensus::BlockSizeCensus(std::int64_t configured_tokens)
    : configured_{configured_tokens, 0},
      usual_{{{16, 0}, {32, 0}, {64, 0}, {128, 0}, {256, 0}, {512, 0}, {1024, 0}}} {}

void BlockSizeCensus::add(std::int64_t input_tokens, std::int64_t ids) {
  ++rows_;
  if (fits(input_tokens, ids, configured_.tokens)) ++configured_.rows;
  for (Candidate& candidate : usual_) {
    if (fits(input_tokens, ids, candidate.tokens)) ++candidate.rows;
  }
}

std::optional<std::string> BlockSizeCensus::mistake() const {
  const auto fits_nearly_all = [&](const Candidate& candidate) {
    return 100 * candidate.rows >= 99 * rows_;
  };
  if (fits_nearly_all(configured_)) return std::nullopt;
  const auto* const best =
      std::max_element(usual_.begin(), usual_.end(),
                       [](const Candidate& a, const Candidate& b) { return a.rows < b.rows; });
  if (!fits_nearly_all(*best)) return std::nullopt;
  return "a block size of " + std::to_string(configured_.tokens) + " tokens fits the hash ids of " +
         share_of_rows(configured_.rows) + ", but " + std::to_string(best->tokens) + " fits " +
         share_of_rows(best->rows) + ": set block_tokens: " + std::to_string(best->tokens);
}

std::string BlockSizeCensus::share_of_rows(std::int64_t rows) const {
  return std::to_string(rows) + " of " + std::to_string(rows_) + " rows";
}

PrefixChecks::PrefixChecks(std::int64_t block_tokens, MissingPrefix missing_prefix,
                           const TextFile& file, PartialBlock partial_block)
    : block_tokens_(block_tokens),
      missing_prefix_(missing_prefix),
      file_(file),
      partial_block_(partial_block),
      census_(block_tokens) {}

void PrefixChecks::check(const TraceRow& row, IdMeaning meaning) {
  check_mixture(row);
  if (!row.has_prefix_blocks) return;
  if (meaning == IdMeaning::prefix) check_repeats(row.prefix_blocks);
  check_count(row.input_tokens, static_cast<std::int64_t>(row.prefix_blocks.size()));
  if (meaning == IdMeaning::prefix) check_chain(row.prefix_blocks);
}

void PrefixChecks::check_mixture(const TraceRow& row) {
  const Seen now = row.has_prefix_blocks ? Seen::with_ids : Seen::without_ids;
  if (seen_ == Seen::nothing) seen_ = now;
  if (seen_ == now) return;
  seen_ = Seen::both;
  if (missing_prefix_ == MissingPrefix::allow) return;
  file_.refuse_line(row.has_prefix_blocks ? "this row has 'hash_ids', the rows above have none"
                                          : "this row has no 'hash_ids', the rows above have them");
}

void PrefixChecks::check_repeats(const std::vector<std::uint64_t>& ids) {
  sorted_ids_ = ids;
  std::sort(sorted_ids_.begin(), sorted_ids_.end());
  const auto repeated = std::adjacent_find(sorted_ids_.begin(), sorted_ids_.end());
  if (repeated == sorted_ids_.end()) return;
  throw RowFault("repeated-hash-id", "'hash_ids': an id stands for one prefix, found " +
                                         std::to_string(*repeated) + " twice in the row");
}

void PrefixChecks::check_count(std::int64_t input_tokens, std::int64_t ids) {
  if (ids > 0) census_.add(input_tokens, ids);
  const std::int64_t expected = block_count(input_tokens, block_tokens_);
  const bool perhaps = partial_block_ == PartialBlock::perhaps;
  if (ids == expected || (perhaps && ids == input_tokens / block_tokens_)) return;
  throw RowFault("block-count",
                 std::string("'hash_ids': expected ") + (perhaps ? "floor or ceil(" : "ceil(") +
                     std::to_string(input_tokens) + " tokens / " + std::to_string(block_tokens_) +
                     ") = " + std::to_string(expected) + " ids, found " + std::to_string(ids),
                 0, ids > 0 ? FaultReach::perhaps_whole_file : FaultReach::this_row);
}

void PrefixChecks::check_chain(const std::vector<std::uint64_t>& ids) {
  std::uint64_t predecessor = 0;
  for (std::size_t position = 0; position < ids.size(); ++position) {
    const std::uint64_t id = ids[position];
    const auto [place, is_new] = links_.try_emplace(id, Link{predecessor, position});
    const Link& known = place->second;
    const bool same = known.position == position && known.predecessor == predecessor;
    if (!is_new && !same) {
      file_.refuse_line("'hash_ids': id " + std::to_string(id) + " is " +
                        described(predecessor, position) + " here but was " +
                        described(known.predecessor, known.position) +
                        " above; an id must stand for a whole prefix: these may be content ids, "
                        "which name a block whatever precedes it");
    }
    predecessor = id;
  }
}

void PrefixChecks::check_whole_file() const {
  if (const auto mistake = census_.mistake()) file_.refuse(*mistake);
}

}  // namespace kvferry::workloads
