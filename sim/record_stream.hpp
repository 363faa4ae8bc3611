// The requests in the system, and the way of their records out of it: in the order in which they
// were sent, each as soon as it and all before it have ended.
#pragma once

#include "sim/base/result_sink.hpp"
#include "sim/live_request.hpp"

#include <deque>
#include <memory>

namespace kvferry::sim {

class RecordStream {
 public:
  explicit RecordStream(ResultSink& sink) : sink_(sink) {}

  /// A request that is sent now. The reference holds until pass_on() is called after its end.
  LiveRequest& add(const workloads::Request& request, Seconds due, Seconds now) {
    live_.push_back(std::make_unique<LiveRequest>());
    LiveRequest& live = *live_.back();
    live.record = record_of(request, due);
    live.record.arrival = now;
    live.request = &request;
    live.sent_rank = next_rank_++;
    return live;
  }

  /// Passes on what has ended. Not to be called by anybody whom a request might still be using.
  void pass_on() {
    while (!live_.empty() && live_.front()->ended) {
      sink_.record(live_.front()->final_record());
      live_.pop_front();
    }
  }

  /// Calls use(request) for all that have not ended, in the order of sending.
  template <typename Use>
  void for_each_live(Use use) {
    for (const auto& live : live_) {
      if (!live->ended) use(*live);
    }
  }

  /// The run is over: passes on everything.
  void pass_on_all() {
    for (const auto& live : live_) sink_.record(live->final_record());
    live_.clear();
  }

  /// One that was never sent.
  void pass_on_unsent(const workloads::Request& request) {
    RequestRecord record = record_of(request, request.arrival);
    record.arrival = kNever;
    sink_.record(record);
  }

 private:
  static RequestRecord record_of(const workloads::Request& request, Seconds due) {
    RequestRecord record;
    record.request_id = request.id;
    record.session = request.session;
    record.scheduled = due;
    record.arrival = due;
    record.input_tokens = request.input_tokens;
    record.output_tokens = request.output_tokens;
    return record;
  }

  ResultSink& sink_;
  std::deque<std::unique_ptr<LiveRequest>> live_;
  std::int64_t next_rank_ = 0;
};

}  // namespace kvferry::sim
