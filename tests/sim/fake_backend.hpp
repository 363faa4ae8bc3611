// Time and network without SimGrid: a plain event heap, and links that nobody shares.
#pragma once

#include "sim/event_loop.hpp"
#include "sim/network.hpp"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

namespace kvferry::sim {

class FakeLoop final : public EventLoop {
 public:
  Seconds now() const override { return now_; }
  EventHandle at(Seconds when, EventPriority priority, Callback callback,
                 std::int32_t rank = 0) override {
    if (stopped_) return {};
    events_.emplace(std::tuple(when.value, priority, rank, next_sequence_), std::move(callback));
    return {0, next_sequence_++};
  }
  void cancel(EventHandle event) override {
    std::erase_if(events_,
                  [&](const auto& entry) { return std::get<3>(entry.first) == event.sequence; });
  }
  void stop() override {
    stopped_ = true;
    events_.clear();
  }
  void run() {
    while (!events_.empty()) {
      auto node = events_.extract(events_.begin());
      now_ = {std::get<0>(node.key())};
      node.mapped()();
    }
  }

 private:
  std::map<std::tuple<double, EventPriority, std::int32_t, std::uint64_t>, Callback> events_;
  std::uint64_t next_sequence_ = 1;
  Seconds now_{};
  bool stopped_ = false;
};

/// Every flow has the same rate, whatever else is on its way, unless it is capped below it.
class FakeNetwork final : public Network {
 public:
  FakeNetwork(EventLoop& loop, BytesPerSecond rate) : loop_(loop), rate_(rate) {}
  FlowHandle start(const FlowSpec& flow, FlowEnd on_end) override {
    ++flows;
    bytes += flow.size;
    const double size = static_cast<double>(flow.size.value);
    const FlowHandle handle{0, static_cast<std::uint64_t>(flows)};
    underway_[handle.sequence] = {size,        size, rate_of(flow.cap),
                                  loop_.now(), {},   std::move(on_end)};
    foresee_end(handle.sequence);
    return handle;
  }
  void cancel(FlowHandle handle) override {
    const auto flow = underway_.find(handle.sequence);
    if (flow == underway_.end()) return;
    loop_.cancel(flow->second.end);
    underway_.erase(flow);
  }
  double left(FlowHandle handle) const override {
    const Flow& flow = underway_.at(handle.sequence);
    return (flow.left - flow.rate * (loop_.now() - flow.since).value) / flow.size;
  }
  bool limits_rates() const override { return true; }
  void set_cap(FlowHandle handle, std::optional<BytesPerSecond> cap) override {
    Flow& flow = underway_.at(handle.sequence);
    flow.left -= flow.rate * (loop_.now() - flow.since).value;
    flow.since = loop_.now();
    flow.rate = rate_of(cap);
    loop_.cancel(flow.end);
    foresee_end(handle.sequence);
  }
  void set_capacity(topologies::LinkId, BytesPerSecond) override {}
  void set_up(topologies::LinkId, bool) override {}
  /// Of flows that start from now on.
  void set_rate(BytesPerSecond rate) { rate_ = rate; }
  /// All flows under way break.
  void break_flows() {
    const std::map<std::uint64_t, Flow> broken = std::exchange(underway_, {});
    for (const auto& [sequence, flow] : broken) {
      loop_.cancel(flow.end);
      const double sent = flow.rate * (loop_.now() - flow.since).value;
      flow.on_end({false, (flow.left - sent) / flow.size});
    }
  }
  int flows = 0;
  Bytes bytes{};

 private:
  struct Flow {
    double size;
    double left;  ///< bytes, at `since`
    double rate;
    Seconds since;
    EventHandle end;
    FlowEnd on_end;
  };
  double rate_of(std::optional<BytesPerSecond> cap) const {
    return std::min(rate_, cap.value_or(rate_)).value;
  }
  void foresee_end(std::uint64_t sequence) {
    Flow& flow = underway_[sequence];
    const Seconds end = loop_.now() + Seconds{std::max(0.0, flow.left / flow.rate)};
    flow.end = loop_.at(end, EventPriority::transfer, [this, sequence] {
      const FlowEnd on_end = std::move(underway_.at(sequence).on_end);
      underway_.erase(sequence);
      on_end({});
    });
  }

  EventLoop& loop_;
  BytesPerSecond rate_;
  std::map<std::uint64_t, Flow> underway_;
};

}  // namespace kvferry::sim
