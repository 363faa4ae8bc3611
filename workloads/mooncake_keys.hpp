// The keys of a Mooncake row, with those that other tools add to it, and what becomes of each.
#pragma once

#include <cstdint>
#include <string_view>

namespace kvferry::workloads {

enum class MooncakeKeyUse : std::uint8_t {
  timestamp,
  input_tokens,
  output_tokens,
  hash_ids,
  session_id,  ///< the conversation whose next turn the row is
  delay,       ///< from the end of the turn before to this one
  priority,
  request_id,
  ignored,     ///< counted, without effect on the simulation
  text,        ///< the prompt itself, which would have to be tokenised: a fault of the row
  dependency,  ///< a graph of requests, which is not simulated: the file is refused
};

struct MooncakeKey {
  std::string_view name;
  MooncakeKeyUse use;
};

/// The key of that name; the reference lives as long as the program.
/// @throws RowFault naming the nearest valid key when there is none.
const MooncakeKey& find_mooncake_key(std::string_view name);

}  // namespace kvferry::workloads
