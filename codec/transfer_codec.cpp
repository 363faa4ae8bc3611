#include "codec/transfer_codec.hpp"

#include "codec/cpu_profile.hpp"
#include "sim/base/quantity_text.hpp"

#include <cmath>
#include <utility>

namespace kvferry::codec {
namespace {

class RawTransfer final : public TransferCodec {
 public:
  HandoffCost handoff(const KvSlice& slice) override { return {{0}, {0}, slice.raw_bytes()}; }
  CodecSources sources() const override {
    return {Provenance::none, "no codec", Provenance::none, "raw bytes of the KV cache"};
  }
  bool compresses() const override { return false; }
};

class ProfiledCodec final : public TransferCodec {
 public:
  ProfiledCodec(std::shared_ptr<const PayloadPool> pool, CodecProfile profile, OutsideRange outside)
      : pool_(std::move(pool)), profile_(std::move(profile)), outside_(outside) {}

  HandoffCost handoff(const KvSlice& slice) override {
    const LaunchTimes times = times_of(profile_, pool_->launches_of(slice), outside_);
    return {times.encode, times.decode, pool_->wire_bytes(slice)};
  }

  CodecSources sources() const override {
    const std::string on_device = "profile '" + profile_.name + "' on " + profile_.device;
    return {profile_.origin, on_device + "; " + profile_.source, Provenance::measured_live,
            "frames of the real codec: " + pool_->description()};
  }

 private:
  std::shared_ptr<const PayloadPool> pool_;
  CodecProfile profile_;
  OutsideRange outside_;
};

class ConstantCodec final : public TransferCodec {
 public:
  explicit ConstantCodec(const ConstantRates& rates) : rates_(rates) {}

  HandoffCost handoff(const KvSlice& slice) override {
    const Bytes raw = slice.raw_bytes();
    const double wire = std::ceil(static_cast<double>(raw.value) / rates_.compression_ratio);
    return {time_of(rates_.encode, raw),
            time_of(rates_.decode, raw),
            {static_cast<std::int64_t>(wire)}};
  }

  CodecSources sources() const override {
    return {Provenance::assumed,
            "the scenario: encode " + text(rates_.encode) + ", decode " + text(rates_.decode),
            Provenance::assumed,
            "the scenario: ratio " + shortest_decimal(rates_.compression_ratio)};
  }

 private:
  static std::string text(const AffineTime& curve) {
    return to_text(curve.fixed) + " + raw / " + to_text(curve.rate);
  }
  ConstantRates rates_;
};

}  // namespace

std::unique_ptr<TransferCodec> make_raw_transfer() {
  return std::make_unique<RawTransfer>();
}

std::unique_ptr<TransferCodec> make_recorded_codec(std::shared_ptr<const PayloadPool> pool,
                                                   CodecProfile profile, OutsideRange outside) {
  return std::make_unique<ProfiledCodec>(std::move(pool), std::move(profile), outside);
}

std::unique_ptr<TransferCodec> make_cpu_codec(std::shared_ptr<const PayloadPool> pool) {
  CodecProfile profile =
      measure_cpu_profile(pool->values(0, KvKind::key), pool->parameters(0, KvKind::key));
  return std::make_unique<ProfiledCodec>(std::move(pool), std::move(profile), OutsideRange::extend);
}

std::unique_ptr<TransferCodec> make_constant_codec(const ConstantRates& rates) {
  return std::make_unique<ConstantCodec>(rates);
}

}  // namespace kvferry::codec
