// Which request of an agent's conversation follows which. The agent's turns follow one another; a
// sub-agent's first request follows the turn that spawned it, and the agent's next turn follows
// whatever ended last in the record: its own turn, or a sub-agent that it waited for.
#pragma once

#include "workloads/trace_row.hpp"
#include "workloads/weka_document.hpp"

#include <cstdint>
#include <vector>

namespace kvferry::workloads {

/// The conversation's requests as rows, each behind the one that it follows, numbered from
/// `first_rank`; their dates count from the conversation's start, and their block ids are those of
/// the document.
std::vector<TraceRow> weka_turns(WekaConversation&& conversation, std::int64_t session,
                                 std::int64_t first_rank, Replay replay);

}  // namespace kvferry::workloads
