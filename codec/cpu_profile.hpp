// Measures the CPU codec on this host, now.
#pragma once

#include "codec/profile.hpp"
#include "codec/splitzip.hpp"

#include <span>

namespace kvferry::codec {

/// Encodes and decodes tensors of 64 KiB to 64 MiB made of repeated `values` on one core: the
/// median of a few repetitions per size. Larger launches run at the rate of the largest.
CodecProfile measure_cpu_profile(std::span<const std::uint16_t> values,
                                 const EncodeParameters& parameters);

}  // namespace kvferry::codec
