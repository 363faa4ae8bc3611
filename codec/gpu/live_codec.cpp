#include "codec/gpu/live_codec.hpp"

#include "sim/base/error.hpp"
#include "sim/base/quantity_text.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace kvferry::codec {
namespace {

struct Batch {
  FrameFormat format;
  std::vector<GpuTensor> tensors;
  std::vector<Bytes> expected;  ///< sizes of the frames
};

class LiveCodec final : public TransferCodec {
 public:
  LiveCodec(std::shared_ptr<const PayloadPool> pool, LiveDevice device,
            std::int64_t verified_handoffs)
      : pool_(std::move(pool)), device_(std::move(device)), verified_handoffs_(verified_handoffs) {}

  HandoffCost handoff(const KvSlice& slice) override {
    if (!gpu_) gpu_ = device_.open();
    if (slice.request_id != request_id_) {
      ++account_.handoffs;
      request_id_ = slice.request_id;
      if (account_.handoffs <= verified_handoffs_) ++account_.verified_handoffs;
    }
    ++account_.chunks;
    HandoffCost cost{};
    bool is_split = false;
    for (const Batch& batch : batches_of(slice)) {
      const std::vector<Batch> parts = parts_in_memory(batch);
      is_split = is_split || parts.size() > 1;
      for (const Batch& part : parts) run(part, cost);
    }
    if (is_split) ++account_.split_chunks;
    return cost;
  }

  CodecSources sources() const override {
    const GpuDescription& gpu = device_.description;
    return {Provenance::measured_live,
            gpu.name + "; " + gpu.clocks + "; driver " + gpu.driver +
                "; every hand-off chunk encoded and decoded in the run, which therefore cannot be "
                "repeated to the bit",
            Provenance::measured_live,
            "frames of these launches, sizes as the CPU codec's: " + pool_->description()};
  }

  LiveCodecAccount account() const override { return account_; }

 private:
  std::vector<Batch> batches_of(const KvSlice& slice) const {
    std::vector<Batch> batches;
    const auto value_count = static_cast<std::uint64_t>(slice.tokens * slice.values_per_token);
    for (int layer = slice.first_layer; layer < slice.first_layer + slice.layer_count; ++layer) {
      for (const KvKind kind : {KvKind::key, KvKind::value}) {
        const EncodeParameters& parameters = pool_->parameters(layer, kind);
        const std::uint64_t chunk = pool_->first_chunk(slice.request_id, layer, kind);
        Batch& batch = batch_of(batches, parameters.format);
        batch.tensors.push_back({std::as_bytes(pool_->values(layer, kind)),
                                 chunk << kDefaultChunkLog2, value_count, &parameters.codebook});
        batch.expected.push_back(pool_->frame_bytes(layer, kind, chunk, value_count));
      }
    }
    return batches;
  }

  static Batch& batch_of(std::vector<Batch>& batches, const FrameFormat& format) {
    const auto found = std::ranges::find(batches, format, &Batch::format);
    if (found != batches.end()) return *found;
    batches.push_back({format, {}, {}});
    return batches.back();
  }

  std::vector<Batch> parts_in_memory(const Batch& batch) const {
    const Bytes room = usable_memory(*gpu_);
    std::vector<Batch> parts;
    Bytes used{};
    for (std::size_t i = 0; i < batch.tensors.size(); ++i) {
      const Bytes needed = load_bytes(batch.format, batch.tensors[i].value_count);
      if (needed > room) {
        throw RunError("a tensor of a hand-off needs " + to_text(needed) + " on " +
                       device_.description.name + ", which has " + to_text(room) + " to use");
      }
      if (parts.empty() || used + needed > room) {
        parts.push_back({batch.format, {}, {}});
        used = {0};
      }
      used += needed;
      parts.back().tensors.push_back(batch.tensors[i]);
      parts.back().expected.push_back(batch.expected[i]);
    }
    return parts;
  }

  void run(const Batch& batch, HandoffCost& cost) {
    const auto launch = gpu_->load(batch.format, batch.tensors);
    if (!std::exchange(is_warm_, true)) {  // the first launch of a process also loads the kernels
      launch->encode(Issue::call);
      launch->decode(Issue::call);
    }
    cost.encode += launch->encode(Issue::call);
    cost.decode += launch->decode(Issue::call);
    const std::vector<std::uint64_t> sizes = launch->frame_bytes();
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      const Bytes size{static_cast<std::int64_t>(sizes[i])};
      if (size != batch.expected[i]) {
        throw RunError("a frame of " + device_.description.name + " has " + to_text(size) +
                       ", that of the CPU codec " + to_text(batch.expected[i]));
      }
      cost.wire += size;
    }
    if (account_.handoffs <= verified_handoffs_ && !launch->is_exact()) {
      throw RunError("the codec on " + device_.description.name +
                     " did not return the values unchanged");
    }
  }

  std::shared_ptr<const PayloadPool> pool_;
  LiveDevice device_;
  std::int64_t verified_handoffs_;
  std::unique_ptr<GpuCodec> gpu_;
  bool is_warm_ = false;
  std::int64_t request_id_ = std::numeric_limits<std::int64_t>::min();
  LiveCodecAccount account_;
};

}  // namespace

std::unique_ptr<TransferCodec> make_live_codec(std::shared_ptr<const PayloadPool> pool,
                                               LiveDevice device, std::int64_t verified_handoffs) {
  return std::make_unique<LiveCodec>(std::move(pool), std::move(device), verified_handoffs);
}

}  // namespace kvferry::codec
