#include "workloads/weka_document.hpp"

#include "workloads/prefix_checks.hpp"

#include <algorithm>

namespace kvferry::workloads {
namespace {

constexpr std::string_view kBadTimestamp = "bad-timestamp";
constexpr std::string_view kBadSubagent = "bad-subagent";

struct Tokens {
  std::int64_t input{};
  std::int64_t output{};
  Tokens& operator+=(const Tokens& other) {
    input += other.input;
    output += other.output;
    return *this;
  }
};

Tokens tokens_of(const std::vector<WekaRequest>& requests) {
  Tokens sum;
  for (const WekaRequest& request : requests) {
    sum += {request.input_tokens, request.output_tokens};
  }
  return sum;
}

std::string place(const std::string& array, std::size_t index) {
  return array + "[" + std::to_string(index) + "].";
}

class Parser {
 public:
  Parser(const TraceOptions& options, const RefuseFile& refuse)
      : options_(options), refuse_(refuse) {}

  WekaConversation parse(const Json& document);

 private:
  void parse_header(const JsonFields& fields);
  void parse_items(const Json& requests);
  WekaRequest parse_request(const Json& json, const std::string& where) const;
  WekaSubagent parse_subagent(const Json& json, const std::string& where) const;
  std::vector<WekaRequest> parse_requests(const Json& requests, const std::string& array) const;
  void check_totals(const JsonFields& totals) const;

  const TraceOptions& options_;
  const RefuseFile& refuse_;
  WekaConversation conversation_;
};

void check_order(std::int64_t previous_ns, const WekaRequest& request, const std::string& where) {
  if (request.time_ns >= previous_ns) return;
  throw RowFault("unsorted-turn", "'" + where + "t': the turn is dated before the one above it");
}

WekaConversation Parser::parse(const Json& document) {
  const JsonFields fields(document, {"id", "models", "block_size", "hash_id_scope", "tool_tokens",
                                     "system_tokens", "requests", "totals"});
  parse_header(fields);
  parse_items(fields.array("requests"));
  check_totals(JsonFields(fields.require("totals"),
                          {"parent_tokens", "subagent_tokens", "combined_tokens", "subagent_count"},
                          "totals."));
  return std::move(conversation_);
}

void Parser::parse_header(const JsonFields& fields) {
  conversation_.id = fields.text("id");
  const std::string scope = fields.text("hash_id_scope");
  if (scope != "local") {
    refuse_(
        "'hash_id_scope': expected 'local', ids that mean something within their document, "
        "found " +
        excerpt(scope));
  }
  conversation_.block_tokens = fields.whole("block_size");
  if (conversation_.block_tokens < 1 || conversation_.block_tokens > kMostTokens) {
    refuse_("'block_size': expected at least 1 token, found " +
            std::to_string(conversation_.block_tokens));
  }
}

void Parser::parse_items(const Json& requests) {
  std::int64_t previous_ns = 0;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const std::string where = place("requests", i);
    const auto type = requests[i].is_object() ? requests[i].find("type") : requests[i].end();
    if (requests[i].is_object() && type != requests[i].end() && *type == "subagent") {
      conversation_.items.emplace_back(parse_subagent(requests[i], where));
      continue;
    }
    WekaRequest request = parse_request(requests[i], where);
    check_order(previous_ns, request, where);
    previous_ns = request.time_ns;
    conversation_.items.emplace_back(std::move(request));
  }
  if (conversation_.items.empty()) throw RowFault("no-requests", "'requests': the array is empty");
}

WekaRequest Parser::parse_request(const Json& json, const std::string& where) const {
  const JsonFields fields(json,
                          {"t", "type", "model", "in", "out", "hash_ids", "input_types",
                           "output_types", "stop", "api_time", "think_time", "ttft"},
                          where);
  const std::string type = fields.text("type");
  if (type != "n" && type != "s") {
    throw bad_value("unknown-type", {fields.name_of("type"), type}, "'n', 's' or 'subagent'");
  }
  WekaRequest request;
  request.time_ns = fields.time_ns("t", kBadTimestamp);
  request.input_tokens = fields.input_tokens("in");
  request.output_tokens = fields.count("out", kBadOutputTokens);
  checked_output_tokens({fields.name_of("out"), "0"}, request.output_tokens,
                        options_.on_zero_output);
  request.hash_ids =
      fields.ids("hash_ids", block_count(request.input_tokens, conversation_.block_tokens) + 1);
  request.api_ns = fields.maybe_time_ns("api_time", kBadTimestamp);
  request.think_ns = fields.maybe_time_ns("think_time", "bad-delay");
  fields.maybe_time_ns("ttft", kBadTimestamp);
  return request;
}

std::vector<WekaRequest> Parser::parse_requests(const Json& requests,
                                                const std::string& array) const {
  std::vector<WekaRequest> parsed;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const std::string where = place(array, i);
    WekaRequest request = parse_request(requests[i], where);
    check_order(parsed.empty() ? 0 : parsed.back().time_ns, request, where);
    parsed.push_back(std::move(request));
  }
  return parsed;
}

// The entry's date is that of the completion, unless the options say otherwise; without a duration
// the sub-agent was launched there and never waited for.
WekaSubagent Parser::parse_subagent(const Json& json, const std::string& where) const {
  const JsonFields fields(
      json,
      {"t", "type", "agent_id", "subagent_type", "duration_ms", "total_tokens", "tool_use_count",
       "status", "models", "tool_tokens", "system_tokens", "requests"},
      where);
  const std::int64_t marker_ns = fields.time_ns("t", kBadTimestamp);
  const auto duration_ns = fields.maybe_time_ns("duration_ms", kBadSubagent, kNsPerMillisecond);
  if (!duration_ns && fields.text("status") == "completed") {
    throw RowFault(kBadSubagent, excerpt(fields.name_of("duration_ms")) +
                                     ": a completed sub-agent has a duration, found none");
  }
  const bool is_completion = options_.subagent_marker == SubagentMarker::completion;
  WekaSubagent subagent;
  subagent.spawn_ns = is_completion ? marker_ns - duration_ns.value_or(0) : marker_ns;
  if (subagent.spawn_ns < 0) {
    throw RowFault(kBadSubagent, excerpt(fields.name_of("duration_ms")) +
                                     ": the sub-agent was spawned before its conversation began");
  }
  if (duration_ns) subagent.completion_ns = subagent.spawn_ns + *duration_ns;
  subagent.requests = parse_requests(fields.array("requests"), where + "requests");
  if (subagent.requests.empty()) {
    throw RowFault(kBadSubagent,
                   excerpt(fields.name_of("requests")) + ": the sub-agent has no requests");
  }
  return subagent;
}

void check_total(const JsonFields& fields, std::string_view key, std::int64_t sum) {
  const std::int64_t stated = fields.whole(key);
  if (stated == sum) return;
  throw bad_value(kTotalMismatch, {fields.name_of(key), std::to_string(stated)},
                  "the sum over the requests, " + std::to_string(sum));
}

void check_tokens(const JsonFields& totals, const std::string& key, const Tokens& sum) {
  const JsonFields fields(totals.require(key), {"input", "output"}, totals.name_of(key) + ".");
  check_total(fields, "input", sum.input);
  check_total(fields, "output", sum.output);
}

void Parser::check_totals(const JsonFields& totals) const {
  Tokens parent;
  Tokens subagents;
  std::int64_t count = 0;
  for (const WekaItem& item : conversation_.items) {
    if (const auto* request = std::get_if<WekaRequest>(&item)) {
      parent += {request->input_tokens, request->output_tokens};
    } else {
      subagents += tokens_of(std::get<WekaSubagent>(item).requests);
      ++count;
    }
  }
  check_tokens(totals, "parent_tokens", parent);
  check_tokens(totals, "subagent_tokens", subagents);
  Tokens combined = parent;
  combined += subagents;
  check_tokens(totals, "combined_tokens", combined);
  check_total(totals, "subagent_count", count);
}

std::int64_t length_of_requests(const Json& holder) {
  const auto requests = holder.is_object() ? holder.find("requests") : holder.end();
  if (!holder.is_object() || requests == holder.end() || !requests->is_array()) return 0;
  std::int64_t count = 0;
  for (const Json& entry : *requests) {
    const std::int64_t nested = length_of_requests(entry);
    count += nested > 0 ? nested : 1;
  }
  return count;
}

}  // namespace

WekaConversation parse_weka(const Json& document, const TraceOptions& options,
                            const RefuseFile& refuse) {
  return Parser(options, refuse).parse(document);
}

std::int64_t count_weka_requests(const Json& document) {
  return std::max<std::int64_t>(1, length_of_requests(document));
}

}  // namespace kvferry::workloads
