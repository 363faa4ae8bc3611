// Conversations of coding agents, written by a test.
#pragma once

#include "tests/workloads/trace_text.hpp"
#include "workloads/trace.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace kvferry::workloads {

using nlohmann::json;

// A request of 130 tokens, so two full blocks, whose ids begin with `first_id`.
inline json request(double time_s, int first_id = 1) {
  return {{"t", time_s},
          {"type", "n"},
          {"model", "m"},
          {"in", 130},
          {"out", 10},
          {"stop", ""},
          {"api_time", 2},
          {"hash_ids", {first_id, first_id + 1}},
          {"input_types", {"a"}},
          {"output_types", {"b"}}};
}

inline json subagent(double time_s, const json& duration_ms, const std::vector<json>& requests) {
  return {{"t", time_s},
          {"type", "subagent"},
          {"agent_id", "x"},
          {"subagent_type", "y"},
          {"duration_ms", duration_ms},
          {"total_tokens", 1},
          {"tool_use_count", 1},
          {"status", duration_ms.is_null() ? "async_launched" : "completed"},
          {"models", {"m"}},
          {"tool_tokens", 0},
          {"system_tokens", 0},
          {"requests", requests}};
}

inline json tokens(std::int64_t requests) {
  return {{"input", 130 * requests}, {"output", 10 * requests}};
}

// With totals that fit requests as request() makes them.
inline json conversation(const std::vector<json>& items, const std::string& id = "c") {
  std::int64_t own = 0;
  std::int64_t others = 0;
  std::int64_t subagents = 0;
  for (const json& item : items) {
    if (item["type"] == "subagent") {
      ++subagents;
      others += static_cast<std::int64_t>(item["requests"].size());
    } else {
      ++own;
    }
  }
  return {{"id", id},
          {"models", {"m"}},
          {"block_size", 64},
          {"hash_id_scope", "local"},
          {"tool_tokens", 0},
          {"system_tokens", 0},
          {"requests", items},
          {"totals",
           {{"parent_tokens", tokens(own)},
            {"subagent_tokens", tokens(others)},
            {"combined_tokens", tokens(own + others)},
            {"subagent_count", subagents}}}};
}

inline TraceOptions defaults() {
  return default_options(TraceFormat::weka);
}

inline Trace read_weka_text(const json& document, const TraceOptions& options = defaults()) {
  return read_text(TraceFormat::weka, document.dump(), options);
}

inline std::string weka_error(const json& document, const TraceOptions& options = defaults()) {
  return trace_error(TraceFormat::weka, document.dump(), options);
}

// The complaint about a conversation with one request in which a value is replaced.
inline std::string request_error(const std::string& key, const json& value) {
  json bad = request(0);
  bad[key] = value;
  return weka_error(conversation({bad}));
}

}  // namespace kvferry::workloads
