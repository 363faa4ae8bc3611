#include "workloads/read_servegen.hpp"

#include "sim/base/error.hpp"
#include "sim/base/quantity_text.hpp"
#include "workloads/folder_files.hpp"
#include "workloads/row_selection.hpp"
#include "workloads/servegen_files.hpp"
#include "workloads/servegen_requests.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>
#include <queue>
#include <system_error>
#include <utility>
#include <vector>

namespace kvferry::workloads {
namespace {

// More than this do not fit any machine's memory.
constexpr double kMostRequests = 1e9;

[[noreturn]] void refuse(const std::string& path, const std::string& message) {
  throw InputError(path + ": error: " + message);
}

std::vector<ServeGenClient> read_clients(Trace& trace) {
  std::error_code error;
  if (!std::filesystem::is_directory(trace.path, error)) {
    refuse(trace.path, "expected a folder of chunk-N-trace.csv and chunk-N-dataset.json");
  }
  std::vector<ServeGenClient> clients;
  std::vector<ReadFile> files;
  for (const std::string& path : folder_files(trace.path, "-trace.csv")) {
    clients.push_back(read_servegen_client(path, files));
    const auto& first = clients.front();
    const auto& last = clients.back();
    if (last.window_s != first.window_s || last.rates.size() != first.rates.size() ||
        last.rates.front().start_s != first.rates.front().start_s) {
      refuse(path, "the windows differ from those of " + first.name);
    }
  }
  for (const ReadFile& file : files) {
    trace.file_bytes += file.bytes;
    trace.fingerprint = combined_fingerprint(trace.fingerprint, file.fingerprint);
  }
  return clients;
}

Span span_of(const TraceOptions& options, const ServeGenClient& client) {
  const double end = client.rates.back().start_s + client.window_s;
  const double begin = options.start.value;
  return {begin, options.duration ? std::min(end, begin + options.duration->value) : end};
}

// What all rates are multiplied by.
double factor_of(const TraceOptions& options, const std::vector<ServeGenClient>& clients,
                 const Span& span, const std::string& path) {
  double expected = 0;
  for (const ServeGenClient& client : clients) expected += expected_requests(client, span);
  if (!(expected > 0)) refuse(path, "no client sends requests in the window");
  const double length_s = span.end_s - span.begin_s;
  const double factor = options.rate ? options.rate->value * length_s / expected : 1;
  if (expected * factor > kMostRequests && !options.max_requests) {
    refuse(path, "the clients send about " + shortest_decimal(std::round(expected * factor)) +
                     " requests in the window; bound them (requests, duration)");
  }
  return factor;
}

// The next request of each client, the earliest one first; of equal ones the first client's.
class Superposition {
 public:
  Superposition(const std::vector<ServeGenClient>& clients, const Span& span, double factor,
                std::uint64_t seed) {
    requests_.reserve(clients.size());
    for (const ServeGenClient& client : clients) {
      requests_.emplace_back(client, span, factor, seed);
      queue_next(requests_.size() - 1);
    }
  }

  bool is_empty() const { return queue_.empty(); }

  TraceRow take() {
    const auto [date_s, client] = queue_.top();
    queue_.pop();
    const LengthPair lengths = requests_[client].draw_lengths();
    queue_next(client);
    TraceRow row;
    row.time_ns = std::llround(date_s * 1e9);
    row.input_tokens = lengths.input_tokens;
    row.output_tokens = lengths.output_tokens;
    return row;
  }

 private:
  using Next = std::pair<double, std::size_t>;

  void queue_next(std::size_t client) {
    if (const auto date_s = requests_[client].next_date()) queue_.emplace(*date_s, client);
  }

  std::vector<ServeGenRequests> requests_;
  std::priority_queue<Next, std::vector<Next>, std::greater<>> queue_;
};

// A length of 0 has a probability in some files; what the policies refuse is told like a bad row.
void check_drawn(TraceRow& row, const TraceOptions& options, const std::string& path) {
  if (row.input_tokens == 0) row.unwanted_for = "zero-input";
  try {
    checked_output_tokens({"output_tokens", std::to_string(row.output_tokens)}, row.output_tokens,
                          options.on_zero_output);
    check_context(row, options, 0);
  } catch (const RowFault& fault) {
    refuse(path, "a request was drawn with " + std::string(fault.what()));
  }
}

}  // namespace

void read_servegen(const TraceOptions& options, std::uint64_t seed, Trace& trace) {
  const std::vector<ServeGenClient> clients = read_clients(trace);
  const Span span = span_of(options, clients.front());
  const double factor = factor_of(options, clients, span, trace.path);
  Superposition superposition(clients, span, factor, seed);
  RowSelection selection(options, TimeOrigin::trace_start, trace);
  while (!superposition.is_empty() && !selection.is_full()) {
    TraceRow row = superposition.take();
    check_drawn(row, options, trace.path);
    ++trace.account.rows_read;
    selection.take(std::move(row));
  }
  selection.finish();
  trace.account.truncated = !superposition.is_empty();
}

}  // namespace kvferry::workloads
