// The codec's engines: every GPU encodes one launch at a time and decodes one launch at a time.
#pragma once

#include "sim/base/units.hpp"
#include "sim/serial_resource.hpp"
#include "topologies/topology.hpp"

#include <cstddef>
#include <vector>

namespace kvferry::sim {

class CodecQueues {
 public:
  explicit CodecQueues(topologies::GpuId gpus)
      : encoders_(static_cast<std::size_t>(gpus)), decoders_(static_cast<std::size_t>(gpus)) {}

  SerialResource& encoder(topologies::GpuId gpu) {
    return encoders_[static_cast<std::size_t>(gpu)];
  }
  SerialResource& decoder(topologies::GpuId gpu) {
    return decoders_[static_cast<std::size_t>(gpu)];
  }

  const SerialResource& encoder(topologies::GpuId gpu) const {
    return encoders_[static_cast<std::size_t>(gpu)];
  }
  const SerialResource& decoder(topologies::GpuId gpu) const {
    return decoders_[static_cast<std::size_t>(gpu)];
  }

  /// Sums over all GPUs, until now.
  Seconds encode_busy(Seconds now) const { return busy(encoders_, now); }
  Seconds decode_busy(Seconds now) const { return busy(decoders_, now); }

 private:
  static Seconds busy(const std::vector<SerialResource>& queues, Seconds now) {
    Seconds sum{};
    for (const SerialResource& queue : queues) sum += queue.busy_until(now);
    return sum;
  }

  std::vector<SerialResource> encoders_;  ///< by GPU
  std::vector<SerialResource> decoders_;  ///< by GPU
};

}  // namespace kvferry::sim
