#include "workloads/weka_turns.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

namespace kvferry::workloads {
namespace {

Seconds seconds(std::int64_t time_ns) {
  return {static_cast<double>(time_ns) / 1e9};
}

// A turn of the agent.
struct OwnTurn {
  std::int64_t rank = -1;
  std::int64_t start_ns{};
};

// What the agent's next turn may have to wait for.
struct Ended {
  std::int64_t rank = -1;
  std::int64_t end_ns{};
};

class Turns {
 public:
  Turns(std::int64_t session, std::int64_t first_rank, Replay replay)
      : session_(session), next_rank_(first_rank), replay_(replay) {}

  void operator()(WekaRequest& request);
  void operator()(WekaSubagent& subagent);

  std::vector<TraceRow> take() { return std::move(rows_); }

 private:
  std::int64_t add(WekaRequest&& request, std::int64_t start_ns, std::int64_t after);

  std::int64_t session_;
  std::int64_t next_rank_;
  Replay replay_;
  std::vector<TraceRow> rows_;
  std::vector<OwnTurn> own_turns_;
  std::optional<Ended> own_end_;       // of the agent's latest turn
  std::optional<Ended> subagent_end_;  // the latest one since, of those that the agent waited for
};

std::int64_t Turns::add(WekaRequest&& request, std::int64_t start_ns, std::int64_t after) {
  TraceRow row;
  row.time_ns = start_ns;
  row.input_tokens = request.input_tokens;
  row.output_tokens = request.output_tokens;
  row.has_prefix_blocks = true;
  row.prefix_blocks = std::move(request.hash_ids);
  row.turn.session = session_;
  row.turn.rank = next_rank_++;
  row.turn.after = after;
  row.turn.busy_ns = request.api_ns.value_or(0);
  const bool thinks = replay_ == Replay::closed && after != -1 && request.think_ns;
  if (thinks) row.turn.think = seconds(*request.think_ns);
  rows_.push_back(std::move(row));
  return rows_.back().turn.rank;
}

void Turns::operator()(WekaRequest& request) {
  const std::int64_t start_ns = request.time_ns;
  const std::int64_t end_ns = start_ns + request.api_ns.value_or(0);
  std::int64_t after = own_end_ ? own_end_->rank : -1;
  if (subagent_end_ && (!own_end_ || subagent_end_->end_ns >= own_end_->end_ns)) {
    // The recorded think time includes the sub-agent's work.
    after = subagent_end_->rank;
    request.think_ns = std::max<std::int64_t>(0, start_ns - subagent_end_->end_ns);
  }
  const std::int64_t rank = add(std::move(request), start_ns, after);
  own_turns_.push_back({rank, start_ns});
  own_end_ = Ended{rank, end_ns};
  subagent_end_.reset();
}

void Turns::operator()(WekaSubagent& subagent) {
  std::int64_t after = -1;
  for (const OwnTurn& turn : own_turns_) {
    if (turn.start_ns <= subagent.spawn_ns) after = turn.rank;
  }
  // Nobody thinks between spawning a sub-agent and its first request.
  subagent.requests.front().think_ns.reset();
  for (WekaRequest& request : subagent.requests) {
    const std::int64_t start_ns = subagent.spawn_ns + request.time_ns;
    after = add(std::move(request), start_ns, after);
  }
  if (!subagent.completion_ns) return;
  if (subagent_end_ && subagent_end_->end_ns > *subagent.completion_ns) return;
  subagent_end_ = Ended{after, *subagent.completion_ns};
}

}  // namespace

std::vector<TraceRow> weka_turns(WekaConversation&& conversation, std::int64_t session,
                                 std::int64_t first_rank, Replay replay) {
  Turns turns(session, first_rank, replay);
  for (WekaItem& item : conversation.items) std::visit(turns, item);
  return turns.take();
}

}  // namespace kvferry::workloads
