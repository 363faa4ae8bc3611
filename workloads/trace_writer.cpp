#include "workloads/trace_writer.hpp"

#include "sim/base/error.hpp"
#include "sim/base/quantity_text.hpp"
#include "workloads/prefix_checks.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <unordered_map>

namespace kvferry::workloads {
namespace {

constexpr std::size_t kPieceBytes = std::size_t{1} << 16;

[[noreturn]] void refuse(const Request& request, const std::string& why) {
  throw InputError("request " + std::to_string(request.id) + " cannot be written: " + why);
}

// Both forms say "after the row above of the same session", and nothing else.
class SessionRule {
 public:
  void check(const Request& request) {
    if (request.session < 0) {
      if (request.after >= 0) refuse(request, "it waits for another one outside of a session");
      return;
    }
    const auto [last, is_first] = last_.try_emplace(request.session, -1);
    if (request.after != last->second) {
      refuse(request, "its session says that it waits for request " + std::to_string(last->second) +
                          ", and it waits for " +
                          (request.after < 0 ? "none" : std::to_string(request.after)));
    }
    last->second = request.id;
  }

 private:
  std::unordered_map<std::int64_t, std::int64_t> last_;  // request of each session
};

bool has_own_date(const std::vector<Request>& requests, const Request& request) {
  return request.after < 0 ||
         request.arrival != requests[static_cast<std::size_t>(request.after)].arrival;
}

// Milliseconds, to the nanosecond.
std::string milliseconds(Seconds time) {
  const std::int64_t time_ns = std::llround(time.value * 1e9);
  std::string text = std::to_string(time_ns / 1'000'000);
  std::string fraction = std::to_string(1'000'000 + time_ns % 1'000'000).substr(1);
  fraction.erase(fraction.find_last_not_of('0') + 1);
  return fraction.empty() ? text : text + "." + fraction;
}

// What the rows of this workload have to say.
struct Columns {
  bool sessions{};
  bool priorities{};
};

Columns columns_of(const std::vector<Request>& requests) {
  return {std::ranges::any_of(requests, [](const Request& r) { return r.session >= 0; }),
          std::ranges::any_of(requests, [](const Request& r) { return r.priority != 0; })};
}

std::string csv_header(const Columns& columns) {
  return std::string("arrival_s,input_tokens,output_tokens") +
         (columns.sessions ? ",session_id,think_s" : "") + (columns.priorities ? ",priority" : "") +
         "\n";
}

std::string csv_row(const Request& request, const Columns& columns) {
  std::string row = shortest_decimal(request.arrival.value) + "," +
                    std::to_string(request.input_tokens) + "," +
                    std::to_string(request.output_tokens);
  if (columns.sessions) {
    row += "," + (request.session < 0 ? "" : std::to_string(request.session)) + ",";
    if (request.after >= 0) row += shortest_decimal(request.think.value);
  }
  if (columns.priorities) row += "," + std::to_string(request.priority);
  return row + "\n";
}

std::string hash_ids(const Request& request, std::int64_t block_tokens) {
  const auto ids = static_cast<std::int64_t>(request.prefix_blocks.size());
  const std::int64_t expected = block_count(request.input_tokens, block_tokens);
  if (ids != expected) {
    refuse(request, "it names " + std::to_string(ids) + " blocks, and rows of Mooncake name all " +
                        std::to_string(expected) + " of the prompt");
  }
  std::string text = ", \"hash_ids\": [";
  for (std::size_t i = 0; i < request.prefix_blocks.size(); ++i) {
    text += (i == 0 ? "" : ", ") + std::to_string(request.prefix_blocks[i]);
  }
  return text + "]";
}

std::string mooncake_row(const Workload& workload, const Request& request, const Columns& columns) {
  const bool dated = has_own_date(workload.requests, request);
  if (dated && request.after >= 0 && request.think.value > 0) {
    refuse(request,
           "it has both a date and a think time, and rows of Mooncake have one (csv has "
           "both)");
  }
  std::string row = "{";
  if (dated) row += "\"timestamp\": " + milliseconds(request.arrival) + ", ";
  row += "\"input_length\": " + std::to_string(request.input_tokens) +
         ", \"output_length\": " + std::to_string(request.output_tokens);
  if (!request.prefix_blocks.empty()) row += hash_ids(request, workload.block_tokens);
  if (request.session >= 0) row += ", \"session_id\": \"" + std::to_string(request.session) + "\"";
  if (!dated) row += ", \"delay\": " + milliseconds(request.think);
  if (columns.priorities) row += ", \"priority\": " + std::to_string(request.priority);
  return row + "}\n";
}

}  // namespace

void write_trace(const Workload& workload, TraceForm form,
                 const std::function<void(std::string_view)>& write) {
  const Columns columns = columns_of(workload.requests);
  SessionRule sessions;
  std::string piece = form == TraceForm::csv ? csv_header(columns) : "";
  for (const Request& request : workload.requests) {
    sessions.check(request);
    piece += form == TraceForm::csv ? csv_row(request, columns)
                                    : mooncake_row(workload, request, columns);
    if (piece.size() < kPieceBytes) continue;
    write(piece);
    piece.clear();
  }
  write(piece);
}

}  // namespace kvferry::workloads
