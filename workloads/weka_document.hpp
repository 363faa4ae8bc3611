// One conversation of a coding agent as kv-cache-tester writes it (github.com/callanjfox/
// kv-cache-tester; SemiAnalysis' corpora have the same form): a JSON document with the requests of
// the agent and of its sub-agents, checked against its own totals.
#pragma once

#include "workloads/json_fields.hpp"
#include "workloads/trace.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace kvferry::workloads {

struct WekaRequest {
  std::int64_t time_ns{};  ///< since the start of the conversation, or of the sub-agent
  std::int64_t input_tokens{};
  std::int64_t output_tokens{};
  std::vector<std::uint64_t> hash_ids;
  std::optional<std::int64_t> api_ns;    ///< that the answer took
  std::optional<std::int64_t> think_ns;  ///< from the end of the answer before to this request
};

struct WekaSubagent {
  std::int64_t spawn_ns{};                    ///< since the start of the conversation
  std::optional<std::int64_t> completion_ns;  ///< absent: the agent does not wait for it
  std::vector<WekaRequest> requests;
};

using WekaItem = std::variant<WekaRequest, WekaSubagent>;

struct WekaConversation {
  std::string id;
  std::int64_t block_tokens{};
  std::vector<WekaItem> items;  ///< in the document's order
};

/// @throws RowFault for what is wrong with the conversation; calls `refuse` for what no file of the
/// collection may have.
WekaConversation parse_weka(const Json& document, const TraceOptions& options,
                            const RefuseFile& refuse);

/// How many requests the document seems to have, whatever else is wrong with it; at least 1.
std::int64_t count_weka_requests(const Json& document);

}  // namespace kvferry::workloads
