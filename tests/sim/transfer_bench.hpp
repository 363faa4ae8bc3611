// A KvTransfer on a network without contention: one prefill and one decode instance, all flows at the
// rate of the one link between them.
#pragma once

#include "sim/kv_transfer.hpp"
#include "tests/sim/fake_backend.hpp"
#include "tests/sim/small_system.hpp"
#include "topologies/point_to_point.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace kvferry::sim {

struct Stages {
  double encode_s;  ///< of one chunk
  double wire_s;
  double decode_s;
  double latency_s;
};

struct Wire {
  BytesPerSecond bandwidth;
  Seconds latency;
};

// A codec with the given times per chunk; bytes are chosen so that a chunk needs wire_s at 1 GB/s.
class FixedCodec final : public codec::TransferCodec {
 public:
  explicit FixedCodec(Stages stages) : stages_(stages) {}
  codec::HandoffCost handoff(const codec::KvSlice& slice) override {
    slices.push_back(slice);
    return {
        {stages_.encode_s}, {stages_.decode_s}, {static_cast<std::int64_t>(stages_.wire_s * 1e9)}};
  }
  codec::CodecSources sources() const override { return {}; }
  std::vector<codec::KvSlice> slices;

 private:
  Stages stages_;
};

class TransferBench {
 public:
  TransferBench(Stages stages, TransferConfig config, InstanceGpus from = {0, 1},
                InstanceGpus to = {8, 1}, ModelSpec spec = model("llama-3.1-8b"))
      : TransferBench(std::make_unique<FixedCodec>(stages), {{1e9}, {stages.latency_s}},
                      std::move(config), from, to, std::move(spec)) {}

  /// @param wire of the one link, which every flow has for itself
  TransferBench(std::unique_ptr<codec::TransferCodec> codec, Wire wire, TransferConfig config,
                InstanceGpus from = {0, 1}, InstanceGpus to = {8, 1},
                ModelSpec spec = model("llama-3.1-8b"))
      : topology_(topologies::point_to_point({8, 8, wire.bandwidth, wire.latency})),
        model_(std::move(spec)),
        codec_(std::move(codec)),
        network_(loop_, wire.bandwidth),
        transport_(loop_, network_, topology_, PathPolicy::ecmp),
        from_(from),
        to_(to),
        transfer_({loop_, transport_, *codec_, model_}, std::move(config),
                  {[this](LiveRequest&) { left.push_back(loop_.now().value); },
                   [this](LiveRequest&) { ready.push_back(loop_.now().value); },
                   [](LiveRequest&) { ADD_FAILURE() << "no link fails here"; }}) {}

  RequestRecord& begin_at(double when_s, std::int64_t tokens = 100) {
    requests_.push_back(std::make_unique<LiveRequest>());
    LiveRequest& request = *requests_.back();
    request.record.request_id = static_cast<std::int64_t>(requests_.size());
    request.record.input_tokens = tokens;
    loop_.at({when_s}, EventPriority::transfer, [this, &request, tokens, when_s] {
      transfer_.begin(request, tokens, {from_, to_}, {{when_s}, {when_s + computing_s}});
    });
    return request.record;
  }
  void run() { loop_.run(); }

  double computing_s = 0;     ///< how long prefill takes for the layers, from begin_at() on
  std::vector<double> ready;  ///< when each hand-off was complete, in this order
  std::vector<double> left;   ///< when the last byte of each hand-off left
  const FixedCodec& codec() const { return dynamic_cast<const FixedCodec&>(*codec_); }
  const FakeNetwork& network() const { return network_; }
  FakeNetwork& network() { return network_; }
  KvTransfer& transfer() { return transfer_; }
  EventLoop& loop() { return loop_; }
  LiveRequest& request(std::size_t i) { return *requests_[i]; }
  void halt() { loop_.stop(); }

 private:
  FakeLoop loop_;
  topologies::Topology topology_;
  ModelSpec model_;
  std::unique_ptr<codec::TransferCodec> codec_;
  FakeNetwork network_;
  Transport transport_;
  InstanceGpus from_;
  InstanceGpus to_;
  KvTransfer transfer_;
  std::vector<std::unique_ptr<LiveRequest>> requests_;
};

}  // namespace kvferry::sim
