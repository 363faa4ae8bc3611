// The Qwen-Bailian traces (github.com/alibaba-edu/qwen-bailian-usagetraces-anon): JSON Lines with
// dates in seconds, conversations that name each chat's parent, and ids that name a block's content,
// whatever precedes it.
#pragma once

#include "workloads/json_fields.hpp"
#include "workloads/prefix_checks.hpp"
#include "workloads/trace_format.hpp"

#include <cstdint>
#include <unordered_map>
#include <unordered_set>

namespace kvferry::workloads {

class QwenRows final : public TraceRows {
 public:
  /// File and options must outlive the object.
  QwenRows(const TextFile& file, const TraceOptions& options);

  TraceRow parse(std::string_view line) override;
  void check_whole_file() const override { prefix_checks_.check_whole_file(); }
  TimeOrigin time_origin() const override { return TimeOrigin::trace_start; }
  std::int64_t block_tokens() const override {
    return prefix_checks_.saw_ids() ? options_.block_tokens : 0;
  }

 private:
  struct Chat {
    std::int64_t rank = kLostRow;  // of its row
    std::int64_t session = -1;
    std::int64_t turn{};
    std::int64_t time_ns{};
  };

  TraceRow parse_row(const Json& json);
  void read_prefix(const JsonFields& fields, TraceRow& row);
  void place_in_session(const JsonFields& fields, TraceRow& row);
  void check_chat(std::int64_t chat) const;
  void check_parent(const Chat& parent, const Chat& chat) const;

  const TextFile& file_;
  const TraceOptions& options_;
  PrefixChecks prefix_checks_;
  std::unordered_map<std::int64_t, Chat> chats_;
  std::unordered_set<std::int64_t> absent_parents_;
  std::int64_t rows_ = 0;
  std::int64_t sessions_ = 0;
};

}  // namespace kvferry::workloads
