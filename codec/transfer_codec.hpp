// The codec as the simulator sees it: called once for every chunk of every hand-off.
#pragma once

#include "codec/payload_pool.hpp"
#include "codec/profile.hpp"
#include "sim/base/result.hpp"
#include "sim/base/units.hpp"

#include <memory>
#include <string>

namespace kvferry::codec {

struct HandoffCost {
  Seconds encode;  ///< of one launch over the slice's tensors, on the sending GPU
  Seconds decode;  ///< likewise on the receiving GPU
  Bytes wire;
};

/// Where the times and sizes come from, in words; printed with every result.
struct CodecSources {
  Provenance time = Provenance::none;
  std::string time_source;
  Provenance size = Provenance::none;
  std::string size_source;
};

class TransferCodec {
 public:
  TransferCodec() = default;
  TransferCodec(const TransferCodec&) = delete;
  TransferCodec& operator=(const TransferCodec&) = delete;
  virtual ~TransferCodec() = default;

  virtual HandoffCost handoff(const KvSlice& slice) = 0;
  virtual CodecSources sources() const = 0;
  /// False when raw bytes travel, which takes no time at either end.
  virtual bool compresses() const { return true; }

  /// What has been encoded and checked so far; zeros for codecs that only look up.
  virtual LiveCodecAccount account() const { return {}; }
};

/// Raw bytes travel: the baseline that every result is paired with.
std::unique_ptr<TransferCodec> make_raw_transfer();

/// Sizes from really encoded frames, times from a recorded profile. A hand-off outside of its range
/// is an InputError, unless `outside` says to go on.
std::unique_ptr<TransferCodec> make_recorded_codec(std::shared_ptr<const PayloadPool> pool,
                                                   CodecProfile profile,
                                                   OutsideRange outside = OutsideRange::refuse);

/// Sizes from really encoded frames, times measured now on one core of this host. Takes a few
/// seconds; a result that uses it cannot be reproduced to the bit, and says so.
std::unique_ptr<TransferCodec> make_cpu_codec(std::shared_ptr<const PayloadPool> pool);

/// Rates and ratio as the scenario states them: published or assumed figures, labelled as such.
struct ConstantRates {
  AffineTime encode;
  AffineTime decode;
  double compression_ratio = 1;  ///< raw / wire, above zero
};
std::unique_ptr<TransferCodec> make_constant_codec(const ConstantRates& rates);

}  // namespace kvferry::codec
