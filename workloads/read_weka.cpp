#include "workloads/read_weka.hpp"

#include "sim/base/error.hpp"
#include "sim/base/random.hpp"
#include "workloads/folder_files.hpp"
#include "workloads/prefix_checks.hpp"
#include "workloads/row_loop.hpp"
#include "workloads/row_selection.hpp"
#include "workloads/text_file.hpp"
#include "workloads/weka_document.hpp"
#include "workloads/weka_turns.hpp"

#include <set>
#include <utility>

namespace kvferry::workloads {
namespace {

class WekaReader {
 public:
  WekaReader(const TraceOptions& options, Trace& trace)
      : options_(options),
        trace_(trace),
        selection_(options, TimeOrigin::session_start, trace),
        ledger_(options.on_bad_row, trace.account) {}

  void read(const std::string& path);
  void finish();
  bool is_done() const { return selection_.is_full() || ledger_.is_decided(); }

 private:
  void take(const Json& document, const TextFile& file, const RefuseFile& refuse);
  void check_conversation(const WekaConversation& conversation, const RefuseFile& refuse);
  void check_rows(const std::vector<TraceRow>& rows, const TextFile& file) const;
  void emit(std::vector<TraceRow>&& rows, std::uint64_t scope);

  const TraceOptions& options_;
  Trace& trace_;
  RowSelection selection_;
  FaultLedger ledger_;
  std::set<std::string> ids_;
  std::int64_t next_rank_ = 0;
  std::int64_t late_starts_ = 0;
};

void WekaReader::read(const std::string& path) {
  TextFile file(path);
  const RefuseFile refuse = [&](const std::string& message) { file.refuse(message); };
  const std::string text = whole_text(file);
  const auto at_fault = [&](const RowFault& fault, std::int64_t rows) {
    trace_.account.rows_read += rows;
    ledger_.record(fault, path + ": error: " + fault.what(), rows);
  };
  Json document;
  try {
    document = parse_json_object(text, refuse);
    take(document, file, refuse);
  } catch (const RowFault& fault) {
    at_fault(fault, count_weka_requests(document));
  }
  trace_.file_bytes += file.bytes_read();
  trace_.fingerprint = combined_fingerprint(trace_.fingerprint, file.fingerprint());
}

void WekaReader::take(const Json& document, const TextFile& file, const RefuseFile& refuse) {
  WekaConversation conversation = parse_weka(document, options_, refuse);
  check_conversation(conversation, refuse);
  const std::uint64_t scope = fnv1a(conversation.id);
  std::vector<TraceRow> rows =
      weka_turns(std::move(conversation), static_cast<std::int64_t>(ids_.size()) - 1, next_rank_,
                 options_.replay);
  check_rows(rows, file);
  next_rank_ += static_cast<std::int64_t>(rows.size());
  emit(std::move(rows), scope);
}

void WekaReader::check_conversation(const WekaConversation& conversation,
                                    const RefuseFile& refuse) {
  if (trace_.block_tokens == 0) trace_.block_tokens = conversation.block_tokens;
  if (conversation.block_tokens != trace_.block_tokens) {
    refuse("'block_size': expected that of the documents before it, " +
           std::to_string(trace_.block_tokens) + ", found " +
           std::to_string(conversation.block_tokens));
  }
  if (!ids_.insert(conversation.id).second) {
    throw RowFault("duplicate-conversation",
                   "'id': a document before it has the id " + excerpt(conversation.id) + " too");
  }
}

// Ids mean something within their document only.
void WekaReader::check_rows(const std::vector<TraceRow>& rows, const TextFile& file) const {
  PrefixChecks checks(trace_.block_tokens, MissingPrefix::refuse, file, PartialBlock::perhaps);
  for (const TraceRow& row : rows) {
    checks.check(row);
    check_context(row, options_, 0);
  }
}

void WekaReader::emit(std::vector<TraceRow>&& rows, std::uint64_t scope) {
  if (rows.front().time_ns != 0) ++late_starts_;
  for (TraceRow& row : rows) {
    if (selection_.is_full()) break;
    for (std::uint64_t& id : row.prefix_blocks) id = mix64(scope ^ mix64(id));
    ++trace_.account.rows_read;
    selection_.take(std::move(row));
  }
}

void WekaReader::finish() {
  ledger_.settle(trace_.path);
  selection_.finish();
  if (late_starts_ > 0) {
    trace_.account.warnings.push_back(std::to_string(late_starts_) +
                                      " conversations do not start at t = 0");
  }
}

}  // namespace

void read_weka(const TraceOptions& options, Trace& trace) {
  WekaReader reader(options, trace);
  for (const std::string& path : folder_files(trace.path, ".json")) {
    if (reader.is_done()) {
      trace.account.truncated = true;
      break;
    }
    reader.read(path);
  }
  reader.finish();
}

}  // namespace kvferry::workloads
