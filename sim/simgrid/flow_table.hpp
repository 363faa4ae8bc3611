// The flows of a back-end: their handles, their memory, and the reports of those that have ended.
//
// SimGrid names the flows that end at one instant in the order of its solver; they are reported in
// the order of their start, so that the order of events stays (date, priority, sequence).
#pragma once

#include "sim/event_loop.hpp"
#include "sim/network.hpp"
#include "topologies/topology.hpp"

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

namespace kvferry::sim {

/// @tparam Carrier what SimGrid calls the flow: a handle whose default names none
template <typename Carrier>
class FlowTable {
 public:
  struct Flow {
    std::uint32_t slot{};
    std::uint64_t sequence = 0;            ///< of its start; 0: a place that is free
    bool under_way = false;                ///< false: ended, and not yet reported
    double size{};                         ///< bytes
    std::vector<topologies::LinkId> path;  ///< keeps its memory from flow to flow
    FlowReport report;
    Network::FlowEnd on_end;
    Carrier carrier{};
  };

  explicit FlowTable(EventLoop& loop) : loop_(loop) {}

  /// Stays where it is until it is reported or removed.
  Flow& add(const FlowSpec& spec, Network::FlowEnd on_end) {
    Flow& flow = take_place();
    flow.sequence = next_sequence_++;
    flow.under_way = true;
    flow.size = static_cast<double>(spec.size.value);
    flow.path.assign(spec.path.begin(), spec.path.end());
    flow.report = {};
    flow.on_end = std::move(on_end);
    return flow;
  }

  static FlowHandle handle_of(const Flow& flow) { return {flow.slot, flow.sequence}; }

  /// Nothing when the handle's flow was reported or removed.
  Flow* find(FlowHandle handle) {
    if (handle.sequence == 0 || flows_[handle.slot].sequence != handle.sequence) return nullptr;
    return &flows_[handle.slot];
  }
  const Flow& operator[](FlowHandle handle) const {
    assert(handle.sequence != 0 && flows_[handle.slot].sequence == handle.sequence);
    return flows_[handle.slot];
  }

  /// It will not be reported; its place may be taken by the next.
  void remove(Flow& flow) {
    flow.sequence = 0;
    flow.under_way = false;
    flow.on_end = nullptr;
    flow.carrier = {};
    free_slots_.push_back(flow.slot);
  }

  /// SimGrid has ended it; report_ended() tells. @param flow keeps its carrier until then
  void ended(Flow& flow, bool delivered) {
    flow.under_way = false;
    flow.report.delivered = delivered;
    if (delivered) flow.report.left = 0;  // otherwise the back-end has noted it
    ended_.push_back(handle_of(flow));
  }

  /// Schedules the reports of all that have ended.
  void report_ended() {
    if (ended_.empty() || is_report_due_) return;
    is_report_due_ = true;
    loop_.at(loop_.now(), EventPriority::transfer, [this] { report(); });
  }

  template <typename Action>
  void for_each_under_way_over(topologies::LinkId link, const Action& action) {
    for (Flow& flow : flows_) {
      if (flow.under_way && std::ranges::find(flow.path, link) != flow.path.end()) action(flow);
    }
  }

 private:
  Flow& take_place() {
    if (free_slots_.empty()) {
      free_slots_.push_back(static_cast<std::uint32_t>(flows_.size()));
      flows_.emplace_back().slot = free_slots_.back();
    }
    Flow& flow = flows_[free_slots_.back()];
    free_slots_.pop_back();
    return flow;
  }

  void report() {
    is_report_due_ = false;
    std::swap(reported_, ended_);
    std::ranges::sort(reported_, {}, &FlowHandle::sequence);
    for (const FlowHandle handle : reported_) {
      Flow* const flow = find(handle);
      if (flow == nullptr) continue;  // cancelled by an earlier one's report
      const Network::FlowEnd on_end = std::move(flow->on_end);
      const FlowReport report = flow->report;
      remove(*flow);
      on_end(report);
    }
    reported_.clear();
  }

  EventLoop& loop_;
  std::deque<Flow> flows_;  ///< by slot
  std::vector<std::uint32_t> free_slots_;
  std::vector<FlowHandle> ended_;     ///< at this instant, not yet reported
  std::vector<FlowHandle> reported_;  ///< being reported
  std::uint64_t next_sequence_ = 1;
  bool is_report_due_ = false;
};

}  // namespace kvferry::sim
