#include "sim/serving_system.hpp"

#include "sim/fidelity.hpp"
#include "sim/kv_memory.hpp"

#include <algorithm>
#include <iterator>
#include <map>

namespace kvferry::sim {
namespace {

// Keys that cannot name this kind's blocks are not used; scenarios refuse them.
KvCacheConfig cache_config(const PoolConfig& kind, std::int64_t blocks, std::int64_t key_tokens) {
  KvCacheConfig cache;
  cache.capacity_blocks = blocks;
  cache.block_tokens = kind.kv_block_tokens;
  const bool shares = kind.prefix_caching && compatible(kind.kv_block_tokens, key_tokens);
  cache.key_tokens = shares ? key_tokens : 0;
  return cache;
}

bool computes_prompts(EngineRole role) {
  return role != EngineRole::decode;
}
bool takes_handoffs(EngineRole role) {
  return role != EngineRole::prefill;
}

}  // namespace

/// The engines that a request may go to, as a router sees them.
class ServingSystem::Candidates {
 public:
  Candidates(ServingSystem& system, const LiveRequest& request,
             std::span<const std::int32_t> numbers)
      : system_(system), request_(request), numbers_(numbers) {}

  std::size_t size() const { return numbers_.size(); }
  std::int32_t number(std::size_t i) const { return numbers_[i]; }
  std::int64_t requests(std::size_t i) const { return engine(i).sequences() + bound(i).requests; }
  std::int64_t tokens(std::size_t i) const {
    engine(i).settle();
    return engine(i).tokens() + bound(i).tokens;
  }
  std::int64_t cached_tokens(std::size_t i, const RoutedRequest& request) const {
    engine(i).settle();
    return engine(i).cache().cached_tokens(request.keys, request.input_tokens);
  }
  Seconds kv_ready_after(std::size_t i, const RoutedRequest&) const {
    engine(i).settle();
    return system_.kv_ready_.ready_after(request_, numbers_[i], engine(i));
  }

 private:
  Engine& engine(std::size_t i) const {
    return system_.engines_[static_cast<std::size_t>(numbers_[i])];
  }
  const Bound& bound(std::size_t i) const {
    return system_.bound_[static_cast<std::size_t>(numbers_[i])];
  }
  ServingSystem& system_;
  const LiveRequest& request_;
  std::span<const std::int32_t> numbers_;
};

ServingSystem::ServingSystem(const SimulationConfig& config, const Placement& placement,
                             const Backend& backend, std::span<const workloads::Request> requests)
    : config_(config),
      placement_(placement),
      loop_(backend.loop),
      sink_(backend.sink),
      records_(backend.sink),
      transport_(backend.loop, backend.network, placement.topology, config.network.paths,
                 config.network.incast_flows),
      transfer_({backend.loop, transport_, backend.codec, config.model},
                with_fidelity(config, placement, requests, backend.codec.compresses(),
                              backend.network.limits_rates()),
                {[this](LiveRequest& request) { last_byte_left(request); },
                 [this](LiveRequest& request) { handoff_complete(request); },
                 [this](LiveRequest& request) { handoff_failed(request); }}),
      kv_ready_(transport_, placement, config.model),
      prefill_router_(config.prefill.router, config.seed, "prefill"),
      decode_router_(config.decode.router, config.seed, "decode"),
      clients_(backend.loop, requests, config.max_concurrency,
               [this](const workloads::Request& request, Seconds due) { send(request, due); }),
      requests_left_(requests.size()),
      failures_(
          backend.loop, transport_, plan_failures(config, placement), config.seed,
          [this](std::int32_t engine, InstanceState state) { instance_changed(engine, state); }) {
  add_engines();
  if (requests.empty()) failures_.stop();
  if (config.horizon) loop_.at(*config.horizon, EventPriority::horizon, [this] { stop(); });
}

void ServingSystem::add_engines() {
  std::map<const PoolConfig*, const IterationTime*> times;
  for (const EngineKind& kind : engines_of(config_)) {
    const IterationTime*& time = times[kind.config];
    if (time == nullptr) {
      time = &iteration_times_.emplace_back(*kind.config, config_.model, config_.stack,
                                            config_.weights);
    }
    const KvMemory memory = kv_memory(*kind.config, config_.model, config_.weights);
    const auto number = static_cast<std::int32_t>(engines_.size());
    const EngineSetup setup{kind.role,
                            number,
                            *kind.config,
                            *time,
                            cache_config(*kind.config, memory.blocks, config_.key_tokens),
                            memory.block,
                            {config_.model.sliding_window, memory.window_blocks},
                            config_.first_token,
                            config_.skip_ahead};
    engines_.emplace_back(loop_, sink_, setup, callbacks());
    roles_.push_back(kind.role);
    states_.push_back(InstanceState::up);
    bound_.emplace_back();
    smallest_cache_tokens_ =
        std::min(smallest_cache_tokens_,
                 (memory.blocks - memory.window_blocks) * kind.config->kv_block_tokens);
    pool_ranks_.push_back({static_cast<std::int32_t>(prompt_engines_.size()),
                           static_cast<std::int32_t>(answer_engines_.size())});
    if (computes_prompts(kind.role)) prompt_engines_.push_back(number);
    if (takes_handoffs(kind.role)) answer_engines_.push_back(number);
  }
}

Engine::Callbacks ServingSystem::callbacks() {
  return {[this](LiveRequest& request, Seconds end) { prompt_completes(request, end); },
          [this](LiveRequest& request) { prompt_computed(request); },
          [this](LiveRequest& request) { hand_off(request); },
          [this](LiveRequest& request) { ended(request); }};
}

// Sums are taken now: flows that are under way end later, but outside of what was observed.
void ServingSystem::stop() {
  loop_.stop();
  for (Engine& engine : engines_) engine.halt();
  sums_at_horizon_ = sums();
}

void ServingSystem::send(const workloads::Request& request, Seconds due) {
  records_.pass_on();
  LiveRequest& live = records_.add(request, due, loop_.now());
  live.record.outcome = admission_verdict(live.record);
  if (is_rejected(live.record.outcome)) {
    ended(live);
  } else {
    to_prefill(live);
  }
}

// Of the engines with these numbers, those whose cache can hold so many tokens: usually all.
std::span<const std::int32_t> ServingSystem::that_hold(std::int64_t prompt, std::int64_t whole,
                                                       std::span<const std::int32_t> numbers) {
  if (whole <= smallest_cache_tokens_) return numbers;
  const auto holds = [&](std::int32_t number) {
    const auto i = static_cast<std::size_t>(number);
    return engines_[i].can_ever_hold(roles_[i] == EngineRole::prefill ? prompt : whole);
  };
  fitting_.clear();
  std::ranges::copy_if(numbers, std::back_inserter(fitting_), holds);
  return fitting_;
}

Outcome ServingSystem::admission_verdict(const RequestRecord& record) {
  const std::int64_t total = record.input_tokens + record.output_tokens;
  if (config_.model.max_context && total > *config_.model.max_context)
    return Outcome::rejected_context;
  if (that_hold(record.input_tokens, total, prompt_engines_).empty())
    return Outcome::rejected_prefill_kv;
  if (that_hold(record.input_tokens, total, answer_engines_).empty())
    return Outcome::rejected_decode_kv;
  return Outcome::unfinished;
}

std::span<const std::int32_t> ServingSystem::that_fit(const LiveRequest& request,
                                                      std::span<const std::int32_t> numbers) {
  const RequestRecord& record = request.record;
  return that_hold(request.prompt_tokens(), record.input_tokens + record.output_tokens, numbers);
}

// Nobody where all that could take it are dead.
std::int32_t ServingSystem::route(Router& router, const LiveRequest& request,
                                  std::span<const std::int32_t> numbers) {
  const RequestRecord& record = request.record;
  std::span<const std::int32_t> candidates = that_fit(request, numbers);
  if (not_up_ > 0) {
    const auto is_up = [this](std::int32_t n) { return state_of(n) == InstanceState::up; };
    living_.clear();
    std::ranges::copy_if(candidates, std::back_inserter(living_), is_up);
    candidates = living_;
    if (candidates.empty()) return kNobody;
  }
  candidates = without_avoided(request, candidates);
  const std::size_t chosen =
      router.pick({record.session, record.input_tokens, request.request->prefix_blocks},
                  Candidates(*this, request, candidates));
  return candidates[chosen];
}

// Nobody knows which of the two ends made a hand-off fail: the next one is tried between others, as
// long as there are any.
std::span<const std::int32_t> ServingSystem::without_avoided(
    const LiveRequest& request, std::span<const std::int32_t> candidates) {
  if (request.avoided_prompt_engine == kNobody) return candidates;
  others_.clear();
  std::ranges::copy_if(candidates, std::back_inserter(others_), [&](std::int32_t number) {
    return number != request.avoided_prompt_engine && number != request.avoided_answer_engine;
  });
  return others_.empty() ? candidates : std::span<const std::int32_t>(others_);
}

void ServingSystem::to_prefill(LiveRequest& request) {
  const std::int32_t number = route(prefill_router_, request, prompt_engines_);
  if (number == kNobody) {
    wait_for_instance(request, prompt_engines_);
    return;
  }
  const auto i = static_cast<std::size_t>(number);
  request.prompt_engine = number;
  request.record.prefill_instance = pool_ranks_[i].among_prompts;
  if (roles_[i] == EngineRole::mixed) request.record.decode_instance = pool_ranks_[i].among_answers;
  const bool is_handed_off = roles_[i] == EngineRole::prefill;
  if (is_handed_off && config_.transfer.binding == Binding::early) bind_decode(request);
  engines_[i].submit_prompt(request);
}

void ServingSystem::prompt_completes(LiveRequest& request, Seconds end) {
  if (config_.transfer.overlap != Overlap::layerwise) return;
  request.computed_from = loop_.now();
  request.computed_by = end;
  offer(request);
}

void ServingSystem::prompt_computed(LiveRequest& request) {
  if (request.is_offered()) return;  // layerwise
  if (request.handoff_failed) {
    compute_again(request);
    return;
  }
  if (config_.transfer.overlap != Overlap::layerwise) {
    request.computed_from = loop_.now();
    request.computed_by = loop_.now();
  }
  to_decode(request);
}

// Where all are dead it stays unbound.
void ServingSystem::bind_decode(LiveRequest& request) {
  request.answer_engine = route(decode_router_, request, answer_engines_);
  if (request.answer_engine == kNobody) return;
  Bound& bound = bound_[static_cast<std::size_t>(request.answer_engine)];
  ++bound.requests;
  bound.tokens += request.prompt_tokens();
  request.record.decode_instance =
      pool_ranks_[static_cast<std::size_t>(request.answer_engine)].among_answers;
}

// The engine knows of it now, or it goes elsewhere.
void ServingSystem::no_longer_bound(const LiveRequest& request) {
  Bound& bound = bound_[static_cast<std::size_t>(request.answer_engine)];
  --bound.requests;
  bound.tokens -= request.prompt_tokens();
}

// False where there is no instance to take it.
bool ServingSystem::offer(LiveRequest& request) {
  if (request.answer_engine == kNobody) bind_decode(request);
  if (request.answer_engine == kNobody) return false;
  no_longer_bound(request);
  engine_of_answer(request).submit_handoff(request);
  return true;
}

void ServingSystem::to_decode(LiveRequest& request) {
  if (!offer(request)) wait_for_instance(request, answer_engines_);
}

HandoffEnds ServingSystem::ends_of_handoff(const LiveRequest& request) {
  return {placement_.engines[static_cast<std::size_t>(request.prompt_engine)],
          placement_.engines[static_cast<std::size_t>(request.answer_engine)],
          std::min(engine_of_prompt(request).kv_block_tokens(),
                   engine_of_answer(request).kv_block_tokens())};
}

// Tokens that the receiving side has from other prompts need not be sent again.
void ServingSystem::hand_off(LiveRequest& request) {
  const std::int64_t held =
      config_.transfer.skip_cached ? request.at_decode.holding.cached_tokens() : 0;
  request.decoded_before = request.record.decode_codec;
  Engine& sender = engine_of_prompt(request);
  const Seconds encode =
      transfer_.begin(request, request.prompt_tokens() - held, ends_of_handoff(request),
                      {request.computed_from, request.computed_by});
  sender.work_beside(encode, config_.transfer.interference.encode);
}

void ServingSystem::handoff_complete(LiveRequest& request) {
  Engine& engine = engine_of_answer(request);
  const Seconds decode = request.record.decode_codec - request.decoded_before;
  engine.work_beside(decode, config_.transfer.interference.decode);
  request.answering = true;
  engine.kv_arrived(request);
}

void ServingSystem::last_byte_left(LiveRequest& request) {
  Engine& engine = engine_of_prompt(request);
  request.prompt_engine = kNobody;
  engine.prompt_left(request);
}

void ServingSystem::ended(LiveRequest& request) {
  request.ended = true;
  if (request.record.transfer_start != kNever) kv_ready_.answered(request.record);
  if (--requests_left_ == 0) failures_.stop();
  if (!clients_.ended(*request.request)) return;
  prefill_router_.session_ended(request.record.session);
  decode_router_.session_ended(request.record.session);
}

Engine& ServingSystem::engine_of_prompt(const LiveRequest& request) {
  return engines_[static_cast<std::size_t>(request.prompt_engine)];
}

Engine& ServingSystem::engine_of_answer(const LiveRequest& request) {
  return engines_[static_cast<std::size_t>(request.answer_engine)];
}

SimulationSums ServingSystem::sums() const {
  SimulationSums sums;
  SimulationTotals& totals = sums.totals;
  totals.end = loop_.now();
  for (std::size_t i = 0; i < engines_.size(); ++i) {
    const Engine& engine = engines_[i];
    const Seconds busy = engine.clock().busy_until(totals.end);
    switch (roles_[i]) {
      case EngineRole::prefill:
        totals.prefill_busy += busy;
        totals.prefill_iterations += engine.iterations();
        break;
      case EngineRole::decode:
        totals.decode_busy += busy;
        totals.decode_iterations += engine.iterations();
        break;
      case EngineRole::mixed:
        totals.mixed_busy += busy;
        totals.mixed_iterations += engine.iterations();
        break;
    }
    totals.kv_blocks_in_use += engine.cache().used();
  }
  totals.encode_busy = transfer_.encode_busy();
  totals.decode_codec_busy = transfer_.decode_busy();
  totals.flows = transport_.flows();
  totals.fidelity = transfer_.fidelity();
  totals.handoffs = transfer_.handoffs();
  totals.compressed_handoffs = transfer_.compressed_handoffs();
  totals.saved_by_bytes = transfer_.savings().by_bytes;
  totals.saved_by_descriptors = transfer_.savings().by_descriptors;
  sums.network = transport_.links().use(totals.end);
  return sums;
}

SimulationSums ServingSystem::finish() {
  SimulationSums at_end = sums_at_horizon_ ? *sums_at_horizon_ : sums();
  records_.pass_on_all();
  for (const workloads::Request* request : clients_.unsent()) records_.pass_on_unsent(*request);
  return at_end;
}

}  // namespace kvferry::sim
