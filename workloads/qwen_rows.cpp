#include "workloads/qwen_rows.hpp"

#include "sim/base/random.hpp"

#include <string>

namespace kvferry::workloads {
namespace {

constexpr std::int64_t kNoParent = -1;

// Ids that name contents become keys of prefixes: each stands for its block and all before it.
void chain(std::vector<std::uint64_t>& ids) {
  std::uint64_t key = fnv1a("prefix");  // not 0, which mix64 leaves as it is
  for (std::uint64_t& id : ids) {
    key = mix64(key ^ mix64(id));
    id = key;
  }
}

}  // namespace

QwenRows::QwenRows(const TextFile& file, const TraceOptions& options)
    : file_(file),
      options_(options),
      prefix_checks_(options.block_tokens,
                     options.allow_missing_prefix ? MissingPrefix::allow : MissingPrefix::refuse,
                     file) {}

TraceRow QwenRows::parse(std::string_view line) {
  const Json json =
      parse_json_object(line, [&](const std::string& message) { file_.refuse_line(message); });
  try {
    return parse_row(json);
  } catch (const RowFault&) {
    // What follows a chat that cannot be read is cut off.
    const auto chat = json.find("chat_id");
    if (chat != json.end() && whole_number(*chat)) chats_.try_emplace(*whole_number(*chat));
    throw;
  }
}

TraceRow QwenRows::parse_row(const Json& json) {
  const JsonFields fields(json, {"chat_id", "parent_chat_id", "timestamp", "input_length",
                                 "output_length", "type", "turn", "hash_ids"});
  TraceRow row;
  row.time_ns = fields.time_ns("timestamp", "bad-timestamp");
  row.input_tokens = fields.input_tokens("input_length");
  const Json& output = fields.require("output_length");
  row.output_tokens = checked_output_tokens({"output_length", output.dump()}, whole_number(output),
                                            options_.on_zero_output);
  fields.text("type");
  place_in_session(fields, row);
  read_prefix(fields, row);
  check_context(row, options_, 0);
  return row;
}

void QwenRows::read_prefix(const JsonFields& fields, TraceRow& row) {
  if (fields.has("hash_ids")) {
    const std::int64_t most = block_count(kMostTokens, options_.block_tokens) + 1;
    row.prefix_blocks = fields.ids("hash_ids", most);
    row.has_prefix_blocks = true;
  }
  prefix_checks_.check(row, IdMeaning::content);
  chain(row.prefix_blocks);
}

// A parent may lie before the trace's window. One that stands below its child would be a cycle or a
// file out of order.
void QwenRows::place_in_session(const JsonFields& fields, TraceRow& row) {
  const std::int64_t id = fields.whole("chat_id");
  const std::int64_t parent_id = fields.whole("parent_chat_id");
  Chat chat{rows_++, -1, fields.whole("turn"), row.time_ns};
  check_chat(id);
  if (parent_id == id) {
    throw RowFault("parent-cycle",
                   "'parent_chat_id': the chat " + std::to_string(id) + " is its own parent");
  }
  row.turn.rank = chat.rank;
  const auto parent = chats_.find(parent_id);
  if (parent != chats_.end()) {
    check_parent(parent->second, chat);
    row.turn.after = parent->second.rank;
    chat.session = parent->second.session;
  } else if (parent_id != kNoParent) {
    absent_parents_.insert(parent_id);
    row.turn.is_orphan = true;
  }
  if (chat.session < 0) chat.session = sessions_++;
  row.turn.session = chat.session;
  chats_[id] = chat;
}

void QwenRows::check_chat(std::int64_t chat) const {
  if (chat < 0) throw bad_value("wrong-type", {"chat_id", std::to_string(chat)}, "0 or more");
  if (chats_.count(chat) > 0) {
    throw RowFault("duplicate-request-id",
                   "'chat_id': a row above has the id " + std::to_string(chat) + " too");
  }
  if (absent_parents_.count(chat) > 0) {
    throw RowFault("parent-cycle", "'chat_id': the chat " + std::to_string(chat) +
                                       " is the parent of one above it; parents come first");
  }
}

void QwenRows::check_parent(const Chat& parent, const Chat& chat) const {
  if (parent.rank == kLostRow) return;
  if (chat.turn <= parent.turn) {
    throw RowFault("turn-order", "'turn': expected more than that of the parent, " +
                                     std::to_string(parent.turn) + ", found " +
                                     std::to_string(chat.turn));
  }
  if (chat.time_ns < parent.time_ns) {
    throw RowFault("unsorted-turn", "'timestamp': the turn is dated before its parent");
  }
}

}  // namespace kvferry::workloads
