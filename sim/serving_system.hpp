// The state machine of one run: clients, routers, engines and transfers, wired together. It sees
// time and network through their interfaces only, so tests drive it without SimGrid.
#pragma once

#include "sim/base/result.hpp"
#include "sim/base/result_sink.hpp"
#include "sim/clients.hpp"
#include "sim/engine.hpp"
#include "sim/event_loop.hpp"
#include "sim/failures.hpp"
#include "sim/kv_ready_forecast.hpp"
#include "sim/kv_transfer.hpp"
#include "sim/network.hpp"
#include "sim/placement.hpp"
#include "sim/record_stream.hpp"
#include "sim/router.hpp"
#include "sim/transport.hpp"
#include "workloads/request.hpp"

#include <deque>
#include <limits>
#include <optional>
#include <span>
#include <vector>

namespace kvferry::sim {

/// What a system runs on; all must outlive it.
struct Backend {
  EventLoop& loop;
  Network& network;
  codec::TransferCodec& codec;
  ResultSink& sink;
};

class ServingSystem {
 public:
  /// Schedules the first arrival; the owner of the loop then runs it until nothing is left.
  ServingSystem(const SimulationConfig& config, const Placement& placement, const Backend& backend,
                std::span<const workloads::Request> requests);

  /// Once the loop has run: the records that are left go to the sink.
  SimulationSums finish();

 private:
  class Candidates;

  static constexpr std::int32_t kNobody = -1;

  void add_engines();
  Engine::Callbacks callbacks();
  void send(const workloads::Request& request, Seconds due);
  std::span<const std::int32_t> that_hold(std::int64_t prompt, std::int64_t whole,
                                          std::span<const std::int32_t> numbers);
  Outcome admission_verdict(const RequestRecord& record);
  std::span<const std::int32_t> that_fit(const LiveRequest& request,
                                         std::span<const std::int32_t> numbers);
  std::int32_t route(Router& router, const LiveRequest& request,
                     std::span<const std::int32_t> numbers);
  std::span<const std::int32_t> without_avoided(const LiveRequest& request,
                                                std::span<const std::int32_t> candidates);
  void to_prefill(LiveRequest& request);
  void prompt_completes(LiveRequest& request, Seconds end);
  void prompt_computed(LiveRequest& request);
  void bind_decode(LiveRequest& request);
  void no_longer_bound(const LiveRequest& request);
  bool offer(LiveRequest& request);
  void to_decode(LiveRequest& request);
  HandoffEnds ends_of_handoff(const LiveRequest& request);
  void hand_off(LiveRequest& request);
  void handoff_complete(LiveRequest& request);
  void ended(LiveRequest& request);
  void last_byte_left(LiveRequest& request);

  // Deaths of instances, and hand-offs that are given up: instance_deaths.cpp.
  void instance_changed(std::int32_t number, InstanceState state);
  void died(std::int32_t number);
  enum class Loss : std::uint8_t { nothing, handoff, cache };
  Loss take_away(LiveRequest& request, std::int32_t dead, std::vector<std::int32_t>& freed);
  void withdraw_offer(LiveRequest& request);
  void offer_again(LiveRequest& request);
  void handoff_failed(LiveRequest& request);
  void compute_again(LiveRequest& request);
  void restart(LiveRequest& request);
  void place(LiveRequest& request);
  void wait_for_instance(LiveRequest& request, std::span<const std::int32_t> numbers);
  void place_waiting();
  void fail(LiveRequest& request, Outcome outcome);
  InstanceState state_of(std::int32_t number) const {
    return states_[static_cast<std::size_t>(number)];
  }

  Engine& engine_of_prompt(const LiveRequest& request);
  Engine& engine_of_answer(const LiveRequest& request);
  void stop();
  SimulationSums sums() const;

  const SimulationConfig& config_;
  const Placement& placement_;
  EventLoop& loop_;
  ResultSink& sink_;
  RecordStream records_;
  Transport transport_;
  KvTransfer transfer_;
  std::deque<IterationTime> iteration_times_;  ///< one per kind; deques: nothing moves
  std::deque<Engine> engines_;
  std::vector<EngineRole> roles_;
  std::vector<InstanceState> states_;
  /// With early binding: what will be handed off to an engine that does not know of it yet.
  struct Bound {
    std::int64_t requests = 0;
    std::int64_t tokens = 0;
  };
  std::vector<Bound> bound_;                  ///< by engine
  std::int32_t not_up_ = 0;                   ///< engines that are down or gone
  std::vector<std::int32_t> prompt_engines_;  ///< by number: those that compute prompts,
  std::vector<std::int32_t> answer_engines_;  ///< and those that take hand-offs
  /// Of each engine, how many before it compute prompts, or take hand-offs: its number in records.
  struct PoolRank {
    std::int32_t among_prompts;
    std::int32_t among_answers;
  };
  std::vector<PoolRank> pool_ranks_;
  KvReadyForecast kv_ready_;
  Router prefill_router_;
  Router decode_router_;
  Clients clients_;
  std::int64_t smallest_cache_tokens_ = std::numeric_limits<std::int64_t>::max();
  std::vector<std::int32_t> fitting_;  ///< of the latest that_hold()
  std::vector<std::int32_t> living_;   ///< of the latest route()
  std::vector<std::int32_t> others_;  ///< of the latest without_avoided()
  std::deque<LiveRequest*> waiting_;   ///< for an instance to come back, in order
  std::size_t requests_left_;          ///< that have not ended
  Failures failures_;
  std::optional<SimulationSums> sums_at_horizon_;
};

}  // namespace kvferry::sim
