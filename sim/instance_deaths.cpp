// What becomes of requests whose instance dies, or whose hand-off is given up.
//
//   waiting for its prompt, or computing it, on the dead instance    begins again elsewhere
//   prompt computed, its last byte not yet gone from the dead one     likewise: the cache is lost
//   hand-off towards the dead one                                     goes to another one, where the
//                                                                     prefill side has the cache
//   answer on the dead one                                            begins again, as a prompt longer
//                                                                     by the tokens that the client has
//   no instance up that could take it                                 waits, in order, for one to come
//                                                                     back; fails when none ever will
#include "sim/serving_system.hpp"

#include <algorithm>
#include <utility>

namespace kvferry::sim {

void ServingSystem::instance_changed(std::int32_t number, InstanceState state) {
  InstanceState& current = states_[static_cast<std::size_t>(number)];
  const bool was_up = std::exchange(current, state) == InstanceState::up;
  const bool is_up = state == InstanceState::up;
  if (was_up != is_up) not_up_ += was_up ? 1 : -1;
  if (was_up) died(number);
  place_waiting();
}

// First everything that the death takes is taken, then those that had waited behind it are let in,
// and only then, in the order in which clients sent them, those that lost something go elsewhere.
void ServingSystem::died(std::int32_t number) {
  engines_[static_cast<std::size_t>(number)].die();
  struct Hit {
    LiveRequest* request;
    Loss loss;
  };
  std::vector<Hit> hits;
  records_.for_each_live([&](LiveRequest& request) {
    if (request.prompt_engine == number || request.answer_engine == number)
      hits.push_back({&request, Loss::nothing});
  });
  std::vector<std::int32_t> freed;
  for (Hit& hit : hits) hit.loss = take_away(*hit.request, number, freed);
  std::ranges::sort(freed);
  freed.erase(std::unique(freed.begin(), freed.end()), freed.end());
  for (const std::int32_t engine : freed) engines_[static_cast<std::size_t>(engine)].room_freed();
  for (const Hit& hit : hits) {
    if (hit.loss == Loss::cache) restart(*hit.request);
    if (hit.loss == Loss::handoff) offer_again(*hit.request);
  }
}

// @param freed gets engines that have more room now
ServingSystem::Loss ServingSystem::take_away(LiveRequest& request, std::int32_t dead,
                                             std::vector<std::int32_t>& freed) {
  std::erase(waiting_, &request);
  if (request.answering) return Loss::cache;
  transfer_.abandon(request);
  const bool was_offered = request.is_offered();
  if (was_offered && request.answer_engine != dead) {
    freed.push_back(request.answer_engine);
    withdraw_offer(request);
  }
  if (!was_offered && request.answer_engine != kNobody) no_longer_bound(request);
  request.answer_engine = kNobody;
  request.at_decode = {};
  if (request.prompt_engine == dead || request.prompt_engine == kNobody) return Loss::cache;
  return was_offered ? Loss::handoff : Loss::nothing;
}

void ServingSystem::withdraw_offer(LiveRequest& request) {
  engine_of_answer(request).drop_handoff(request);
  request.answer_engine = kNobody;
  request.at_decode = {};
}

// Layerwise, one whose prompt is still being computed asks again when it is.
void ServingSystem::offer_again(LiveRequest& request) {
  const bool is_computed = request.record.prefill_end != kNever;
  if (is_computed) {
    to_decode(request);
  } else {
    offer(request);
  }
}

// Computed again, unless the client has everything already.
void ServingSystem::restart(LiveRequest& request) {
  RequestRecord& record = request.record;
  if (request.tokens_delivered() == record.output_tokens) {
    record.finish = request.at_prefill.last_token;
    record.outcome = Outcome::finished;
    ended(request);
    return;
  }
  request.begin_again();
  if (record.restarts == config_.failures.max_restarts) {
    fail(request, Outcome::failed_restarts);
    return;
  }
  ++record.restarts;
  to_prefill(request);
}

// Layerwise, its prompt may still be part of an iteration: then that is completed first.
void ServingSystem::handoff_failed(LiveRequest& request) {
  Engine& target = engine_of_answer(request);
  request.avoided_prompt_engine = request.prompt_engine;
  request.avoided_answer_engine = request.answer_engine;
  withdraw_offer(request);
  const bool is_computing = request.record.prefill_end == kNever;
  if (is_computing) {
    request.handoff_failed = true;
  } else {
    compute_again(request);
  }
  target.room_freed();
}

void ServingSystem::compute_again(LiveRequest& request) {
  if (request.prompt_engine != kNobody) last_byte_left(request);
  restart(request);
}

void ServingSystem::place(LiveRequest& request) {
  if (request.prompt_engine == kNobody) {
    to_prefill(request);
  } else {
    to_decode(request);
  }
}

// @param numbers of the engines that it may go to
void ServingSystem::wait_for_instance(LiveRequest& request, std::span<const std::int32_t> numbers) {
  const auto is_gone = [this](std::int32_t n) { return state_of(n) == InstanceState::gone; };
  if (std::ranges::all_of(that_fit(request, numbers), is_gone)) {
    fail(request, Outcome::failed_no_instance);
  } else {
    waiting_.push_back(&request);
  }
}

// Those for which there is still no instance wait on, in their order.
void ServingSystem::place_waiting() {
  std::deque<LiveRequest*> waiting;
  std::swap(waiting, waiting_);
  for (LiveRequest* request : waiting) place(*request);
}

void ServingSystem::fail(LiveRequest& request, Outcome outcome) {
  if (request.prompt_engine != kNobody) last_byte_left(request);
  request.record.outcome = outcome;
  ended(request);
}

}  // namespace kvferry::sim
