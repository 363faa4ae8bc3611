// Prompts that share what stands at their beginning: a system prompt common to many requests, and
// conversations whose every turn repeats what was said before. The prompts' KV blocks get ids, so
// that prefix caches see what is shared.
#pragma once

#include "workloads/length_distribution.hpp"
#include "workloads/lengths.hpp"
#include "workloads/request.hpp"
#include "workloads/think_time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kvferry::workloads {

/// What a drawn input length counts.
enum class InputCounts : std::uint8_t {
  suffix,  ///< what follows the shared prefix, as in SGLang's generated-shared-prefix
  prompt,  ///< the whole (first) prompt, of which the prefix is a part
};

/// Every conversation (or single request) begins with the prefix of one of several groups: system
/// prompts, documents. Groups are drawn from the random stream "prefix groups".
struct SharedPrefixes {
  std::int64_t groups = 1;
  std::int64_t prefix_tokens{};
  double zipf_exponent = 0;  ///< group g has a weight of g^-exponent; 0: all the same
  InputCounts input_counts = InputCounts::suffix;
};

/// Conversations: an arrival is the start of one; each further turn is sent once the last answer
/// has ended and the client has thought. A turn's prompt is everything said before (prompt and
/// answer) and a drawn input of new tokens.
struct SessionSpec {
  LengthDistribution turns = ConstantLength{1};  ///< from the random stream "session turns"
  ThinkTime think;                               ///< from the random stream "think times"
};

struct ConversationSpec {
  std::optional<SharedPrefixes> prefixes;
  std::optional<SessionSpec> sessions;
  std::int64_t block_tokens = 16;  ///< per block id
};

/// @throws InputError when a parameter is out of range.
void check(const ConversationSpec& spec);

/// Turns of each conversation, together `requests`: the last one may be shorter than drawn. One
/// turn each without sessions.
std::vector<std::int64_t> conversation_turns(const ConversationSpec& spec, std::int64_t requests,
                                             std::uint64_t seed);

/// The limits of what is drawn: whatever the prefix takes is no longer there for the rest.
/// @throws InputError when the prefix leaves nothing.
LengthLimits limits_beside_prefix(const ConversationSpec& spec, const LengthLimits& limits);

struct Conversations {
  std::vector<Request> requests;  ///< conversation after conversation
  std::int64_t left_out{};        ///< turns that would exceed the limit, and those behind them
};

/// Conversation i starts at starts[i] and has turns[i] turns; the lengths of all turns of all
/// conversations follow one another.
/// @throws InputError when a prompt is shorter than its prefix.
Conversations make_conversations(const ConversationSpec& spec, const std::vector<Seconds>& starts,
                                 const std::vector<std::int64_t>& turns,
                                 const std::vector<LengthPair>& lengths,
                                 std::int64_t max_input_tokens, std::uint64_t seed);

/// "; prefixes: ..., sessions: ..."; empty when there are neither.
std::string describe(const ConversationSpec& spec);

}  // namespace kvferry::workloads
