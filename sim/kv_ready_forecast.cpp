#include "sim/kv_ready_forecast.hpp"

#include "sim/kv_transfer.hpp"

#include <algorithm>
#include <limits>

namespace kvferry::sim {

// Where prefill gives the first token, a client may have all of a short answer before its hand-off is
// let in: the room is held until it is complete.
void KvReadyForecast::answered(const RequestRecord& record) {
  if (record.outcome != Outcome::finished) return;
  ++answers_;
  held_ +=
      std::max({record.finish, record.kv_ready, record.transfer_start}) - record.transfer_start;
}

Seconds KvReadyForecast::admission_wait(std::int64_t tokens, const Engine& engine) const {
  const std::int64_t missing = engine.blocks_missing_for(tokens);
  if (missing == 0 || answers_ == 0) return {0};
  const double share =
      static_cast<double>(missing) / static_cast<double>(engine.cache().capacity());
  return held_ * (share / static_cast<double>(answers_));
}

Seconds KvReadyForecast::ready_after(const LiveRequest& request, std::int32_t to,
                                     const Engine& engine) const {
  if (request.prompt_engine < 0) return {0};
  const InstanceGpus& source = placement_.engines[static_cast<std::size_t>(request.prompt_engine)];
  const InstanceGpus& target = placement_.engines[static_cast<std::size_t>(to)];
  const std::int32_t lanes = transfer_lanes(model_, source, target);
  const auto salt = static_cast<std::uint64_t>(request.record.request_id);
  BytesPerSecond rate{std::numeric_limits<double>::infinity()};
  for (std::int32_t i = 0; i < lanes; ++i) {
    const topologies::GpuId sender = source.first + i * source.count / lanes;
    const topologies::GpuId receiver = target.first + i * target.count / lanes;
    rate = std::min(rate, transport_.expected_rate(sender, receiver, salt));
  }
  const Bytes bytes = kv_bytes(model_, request.prompt_tokens()) +
                      kv_bytes_per_token(model_) * engine.incoming_tokens();
  return admission_wait(request.prompt_tokens(), engine) + bytes / rate * (1.0 / lanes);
}

}  // namespace kvferry::sim
