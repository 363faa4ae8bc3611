#include "sim/serving_system.hpp"

#include <utility>

namespace kvferry::sim {
namespace {

std::vector<RequestRecord> records_for(std::span<const workloads::Request> requests) {
  std::vector<RequestRecord> records;
  records.reserve(requests.size());
  for (const workloads::Request& request : requests) {
    RequestRecord record;
    record.request_id = request.id;
    record.session = request.session;
    record.scheduled = request.arrival;
    record.arrival = request.arrival;
    record.input_tokens = request.input_tokens;
    record.output_tokens = request.output_tokens;
    records.push_back(record);
  }
  return records;
}

KvBlocks kv_blocks(const SimulationConfig& config, const PoolConfig& pool) {
  return {kv_memory(pool, config.model, config.weights).blocks, pool.kv_block_tokens};
}

}  // namespace

ServingSystem::ServingSystem(const SimulationConfig& config, const Placement& placement,
                             const Backend& backend, std::span<const workloads::Request> requests)
    : config_(config),
      placement_(placement),
      loop_(backend.loop),
      prefill_time_(config.prefill, config.model, config.stack, config.weights),
      decode_time_(config.decode, config.model, config.stack, config.weights),
      transfer_({backend.loop, backend.network, backend.codec, placement.topology, config.model},
                config.transfer,
                {[this](RequestRecord& request) { last_byte_left(request); },
                 [this](RequestRecord& request) { kv_ready(request); }}),
      prefill_router_(config.prefill.router),
      decode_router_(config.decode.router),
      records_(records_for(requests)) {
  const EngineParts prefill_parts{loop_, prefill_time_, kv_blocks(config, config.prefill)};
  const EngineParts decode_parts{loop_, decode_time_, kv_blocks(config, config.decode)};
  const BatchLimits limits{config.prefill.max_batch_size, config.prefill.max_batch_tokens};
  for (std::int32_t i = 0; i < config.prefill.instances; ++i) {
    prefill_.emplace_back(prefill_parts, limits,
                          [this](RequestRecord& request) { prefilled(request); });
  }
  const DecodeInstance::Options options{config.decode.max_batch_size, config.first_token};
  for (std::int32_t i = 0; i < config.decode.instances; ++i) {
    decode_.emplace_back(decode_parts, options,
                         [this](RequestRecord& request) { admitted(request); });
  }
  schedule_next_arrival();
  if (config.horizon) loop_.at(*config.horizon, EventPriority::horizon, [this] { stop(); });
}

// Sums are taken now: flows that are under way end later, but outside of what was observed.
void ServingSystem::stop() {
  loop_.stop();
  totals_at_horizon_ = totals();
}

void ServingSystem::schedule_next_arrival() {
  if (next_arrival_ == records_.size()) return;
  RequestRecord& request = records_[next_arrival_++];
  loop_.at(request.arrival, EventPriority::arrival, [this, &request] {
    arrive(request);
    schedule_next_arrival();
  });
}

Outcome ServingSystem::admission_verdict(const RequestRecord& request) const {
  const std::int64_t total = request.input_tokens + request.output_tokens;
  if (config_.model.max_context && total > *config_.model.max_context)
    return Outcome::rejected_context;
  if (!prefill_.front().blocks().can_ever_hold(request.input_tokens))
    return Outcome::rejected_prefill_kv;
  if (!decode_.front().blocks().can_ever_hold(total)) return Outcome::rejected_decode_kv;
  return Outcome::unfinished;
}

void ServingSystem::arrive(RequestRecord& request) {
  request.outcome = admission_verdict(request);
  if (is_rejected(request.outcome)) return;
  const std::size_t chosen =
      prefill_router_.pick(prefill_.size(), [this](std::size_t i) { return prefill_[i].load(); });
  request.prefill_instance = static_cast<std::int32_t>(chosen);
  prefill_[chosen].enqueue(request);
}

void ServingSystem::prefilled(RequestRecord& request) {
  if (config_.first_token == FirstToken::prefill) request.first_token = request.prefill_end;
  const std::size_t chosen =
      decode_router_.pick(decode_.size(), [this](std::size_t i) { return decode_[i].load(); });
  request.decode_instance = static_cast<std::int32_t>(chosen);
  decode_[chosen].request_admission(request);
}

void ServingSystem::admitted(RequestRecord& request) {
  transfer_.begin(request, placement_.prefill[static_cast<std::size_t>(request.prefill_instance)],
                  placement_.decode[static_cast<std::size_t>(request.decode_instance)]);
}

void ServingSystem::last_byte_left(RequestRecord& request) {
  prefill_[static_cast<std::size_t>(request.prefill_instance)].release(request);
}

void ServingSystem::kv_ready(RequestRecord& request) {
  decode_[static_cast<std::size_t>(request.decode_instance)].join(request);
}

SimulationTotals ServingSystem::totals() const {
  SimulationTotals totals;
  totals.end = loop_.now();
  for (const PrefillInstance& instance : prefill_) {
    totals.prefill_busy += instance.clock().busy_until(totals.end);
    totals.prefill_iterations += instance.clock().iterations();
    totals.kv_blocks_in_use += instance.blocks().used();
  }
  for (const DecodeInstance& instance : decode_) {
    totals.decode_busy += instance.clock().busy_until(totals.end);
    totals.decode_iterations += instance.clock().iterations();
    totals.kv_blocks_in_use += instance.blocks().used();
  }
  totals.encode_busy = transfer_.encode_busy();
  totals.decode_codec_busy = transfer_.decode_busy();
  totals.flows = transfer_.flows();
  return totals;
}

SimulationResult ServingSystem::take_result() {
  SimulationResult result;
  result.totals = totals_at_horizon_ ? *totals_at_horizon_ : totals();
  result.records = std::move(records_);
  for (const DecodeInstance& instance : decode_) {
    const auto& gaps = instance.token_gaps();
    result.token_gaps.insert(result.token_gaps.end(), gaps.begin(), gaps.end());
  }
  return result;
}

}  // namespace kvferry::sim
