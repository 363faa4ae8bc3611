#include "workloads/servegen_requests.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace kvferry::workloads {
namespace {

Span overlap(const ServeGenClient& client, std::size_t window, const Span& span) {
  const double begin = client.rates[window].start_s;
  return {std::max(begin, span.begin_s), std::min(begin + client.window_s, span.end_s)};
}

using Member = TokenDistribution LengthWindow::*;

// Of the windows that have that length, the one that holds the date, or else the nearest one.
const TokenDistribution& distribution_at(const ServeGenClient& client, double date_s,
                                         Member member) {
  const LengthWindow* best = nullptr;
  double best_distance_s = std::numeric_limits<double>::infinity();
  for (std::size_t i = client.lengths.size(); i-- > 0;) {
    const LengthWindow& window = client.lengths[i];
    if (window.input.is_empty() || window.output.is_empty()) continue;
    const bool is_last = i + 1 == client.lengths.size();
    const double end_s =
        is_last ? std::numeric_limits<double>::infinity() : client.lengths[i + 1].start_s;
    const double distance_s = std::max({0.0, window.start_s - date_s, date_s - end_s});
    if (distance_s >= best_distance_s) continue;
    best = &window;
    best_distance_s = distance_s;
  }
  return best->*member;
}

}  // namespace

ServeGenRequests::ServeGenRequests(const ServeGenClient& client, const Span& span, double factor,
                                   std::uint64_t seed)
    : client_(client),
      span_(span),
      factor_(factor),
      arrivals_(seed, "arrivals of " + client.name),
      inputs_(seed, "input lengths of " + client.name),
      outputs_(seed, "output lengths of " + client.name) {}

std::optional<double> ServeGenRequests::next_date() {
  for (;;) {
    if (date_s_) {
      const RateWindow& window = client_.rates[next_window_ - 1];
      const StationaryGaps gaps(window.pattern, window.shape);
      *date_s_ += gaps.next(arrivals_) / (window.rate_per_s * factor_);
    } else if (!begin_window()) {
      return std::nullopt;
    }
    if (date_s_ && *date_s_ < window_end_s_) return date_s_;
    date_s_.reset();
  }
}

// Whether there was one more window; idle ones have no event.
bool ServeGenRequests::begin_window() {
  if (next_window_ == client_.rates.size()) return false;
  const RateWindow& window = client_.rates[next_window_];
  const Span part = overlap(client_, next_window_, span_);
  ++next_window_;
  window_end_s_ = part.end_s;
  if (window.rate_per_s == 0 || part.begin_s >= part.end_s) return true;
  const StationaryGaps gaps(window.pattern, window.shape);
  date_s_ = part.begin_s + gaps.first(arrivals_) / (window.rate_per_s * factor_);
  return true;
}

LengthPair ServeGenRequests::draw_lengths() {
  return {distribution_at(client_, *date_s_, &LengthWindow::input).draw(inputs_),
          distribution_at(client_, *date_s_, &LengthWindow::output).draw(outputs_)};
}

double expected_requests(const ServeGenClient& client, const Span& span) {
  double sum = 0;
  for (std::size_t i = 0; i < client.rates.size(); ++i) {
    const Span part = overlap(client, i, span);
    sum += std::max(0.0, part.end_s - part.begin_s) * client.rates[i].rate_per_s;
  }
  return sum;
}

}  // namespace kvferry::workloads
