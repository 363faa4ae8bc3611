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

/// Every flow has the same rate, whatever else is on its way.
class FakeNetwork final : public Network {
 public:
  FakeNetwork(EventLoop& loop, BytesPerSecond rate) : loop_(loop), rate_(rate) {}
  FlowHandle start(const FlowSpec& flow, FlowEnd on_end) override {
    ++flows;
    bytes += flow.size;
    ends_.push_back(loop_.at(loop_.now() + flow.size / rate_, EventPriority::transfer,
                             [on_end = std::move(on_end)] { on_end({}); }));
    return {0, ends_.size()};
  }
  void cancel(FlowHandle flow) override { loop_.cancel(ends_[flow.sequence - 1]); }
  double left(FlowHandle) const override { return 1; }
  bool limits_rates() const override { return false; }
  void set_cap(FlowHandle, std::optional<BytesPerSecond>) override {}
  void set_capacity(topologies::LinkId, BytesPerSecond) override {}
  void set_up(topologies::LinkId, bool) override {}
  int flows = 0;
  Bytes bytes{};

 private:
  EventLoop& loop_;
  BytesPerSecond rate_;
  std::vector<EventHandle> ends_;  ///< by sequence, from 1
};

}  // namespace kvferry::sim
