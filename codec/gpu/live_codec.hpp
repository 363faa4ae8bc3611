// Every simulated hand-off chunk, encoded and decoded on a device at its real size while the
// simulation waits: its times and its bytes are those of the run.
//
// All tensors of a chunk that share a format are one launch, as a serving engine would batch them.
// Where they do not fit in the device's memory they are several, one after the other. Such a run
// cannot be repeated to the bit, and says so.
#pragma once

#include "codec/gpu/gpu_codec.hpp"
#include "codec/payload_pool.hpp"
#include "codec/transfer_codec.hpp"

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>

namespace kvferry::codec {

/// Hand-offs whose decoded bits are compared with the values; the size of every frame is compared
/// with the CPU codec's in any case.
inline constexpr std::int64_t kVerifiedHandoffs = 16;
inline constexpr std::int64_t kVerifyAll = std::numeric_limits<std::int64_t>::max();

struct LiveDevice {
  GpuDescription description;  ///< from probe_gpu()
  /// Called at the first hand-off: in the process that simulates.
  std::function<std::unique_ptr<GpuCodec>()> open;
};

/// A wrong bit or size, or a tensor that does not fit at all, is a RunError of the hand-off.
std::unique_ptr<TransferCodec> make_live_codec(std::shared_ptr<const PayloadPool> pool,
                                               LiveDevice device,
                                               std::int64_t verified_handoffs = kVerifiedHandoffs);

}  // namespace kvferry::codec
