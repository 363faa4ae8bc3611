// Do the block ids of a trace mean what the simulator takes them for? In a prefix-chained trace an
// id stands for a whole prefix, so it always has the same predecessor and the same position, and a
// prompt of n tokens has ceil(n / block size) ids.
#pragma once

#include "workloads/text_file.hpp"
#include "workloads/trace_row.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace kvferry::workloads {

enum class MissingPrefix : std::uint8_t { refuse, allow };

enum class IdMeaning : std::uint8_t {
  prefix,   ///< an id stands for its block and everything before it
  content,  ///< an id stands for its block, wherever that is
};

/// Counts which block sizes the numbers of ids are compatible with: the wrong block size is the
/// most common mistake with these traces.
class BlockSizeCensus {
 public:
  explicit BlockSizeCensus(std::int64_t configured_tokens);

  void add(std::int64_t input_tokens, std::int64_t ids);

  /// A usual size that fits at least 99 % of the rows when the configured one does not, as a
  /// sentence; nothing otherwise.
  std::optional<std::string> mistake() const;

 private:
  struct Candidate {
    std::int64_t tokens{};
    std::int64_t rows{};
  };

  std::string share_of_rows(std::int64_t rows) const;

  std::int64_t rows_ = 0;
  Candidate configured_;
  std::array<Candidate, 7> usual_;
};

/// Whether the partial last block has an id.
enum class PartialBlock : std::uint8_t { named, perhaps };

class PrefixChecks {
 public:
  /// The file must outlive the object.
  PrefixChecks(std::int64_t block_tokens, MissingPrefix missing_prefix, const TextFile& file,
               PartialBlock partial_block = PartialBlock::named);

  /// @throws RowFault for a fault of the row, InputError when ids that mean prefixes are not chained
  /// or rows with and without ids are mixed.
  void check(const TraceRow& row, IdMeaning meaning = IdMeaning::prefix);

  /// @throws InputError when another block size is the right one.
  void check_whole_file() const;

  bool saw_ids() const { return seen_ == Seen::with_ids || seen_ == Seen::both; }

 private:
  enum class Seen : std::uint8_t { nothing, with_ids, without_ids, both };
  struct Link {
    std::uint64_t predecessor{};  // meaningless at position 0
    std::size_t position{};
  };

  void check_mixture(const TraceRow& row);
  void check_repeats(const std::vector<std::uint64_t>& ids);
  void check_count(std::int64_t input_tokens, std::int64_t ids);
  void check_chain(const std::vector<std::uint64_t>& ids);

  std::int64_t block_tokens_;
  MissingPrefix missing_prefix_;
  const TextFile& file_;
  PartialBlock partial_block_;
  Seen seen_ = Seen::nothing;
  BlockSizeCensus census_;
  std::unordered_map<std::uint64_t, Link> links_;
  std::vector<std::uint64_t> sorted_ids_;  // of one row; kept to save allocations
};

/// ceil(tokens / block_tokens).
constexpr std::int64_t block_count(std::int64_t tokens, std::int64_t block_tokens) {
  return (tokens - 1) / block_tokens + 1;
}

}  // namespace kvferry::workloads
