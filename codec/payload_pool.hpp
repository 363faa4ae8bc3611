// Real frames behind simulated hand-offs: a small KV cache is encoded once, and the exact wire size
// of any hand-off is added up from its chunks.
//
// A frame's chunks are independent, so a tensor of n values that repeats the pool's chunks from
// some starting point encodes to header + directory + planes (known from n) plus the records of
// those chunks (known from the pool, also for a partly filled last chunk). The test encodes such
// tensors for real and compares the bytes.
#pragma once

#include "codec/codebook.hpp"
#include "codec/launch_table.hpp"
#include "codec/splitzip.hpp"
#include "codec/synthetic_kv.hpp"
#include "sim/base/units.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace kvferry::codec {

/// One codebook for each layer's K and V, or one for all (as in the SplitZip paper).
enum class CodebookScope : std::uint8_t { per_tensor, global };

/// The part of one request's KV cache that one GPU sends at once: K and V of some layers.
struct KvSlice {
  std::int64_t request_id{};
  int first_layer{};
  int layer_count{};
  std::int64_t tokens{};
  std::int64_t values_per_token{};  ///< of K, and as many of V, that this GPU holds
  std::int64_t value_bytes = 2;     ///< BF16, the only type that is ever compressed; FP8: 1

  Bytes raw_bytes() const { return {2 * value_bytes * layer_count * tokens * values_per_token}; }
};

struct FrameOptions {
  CodebookScope scope = CodebookScope::per_tensor;
  FrameRule rule = FrameRule::w4_positional;
};

/// A synthetic payload.
struct PayloadSpec {
  KvPreset preset;
  KvShape shape;  ///< tokens: how many are generated per layer and kind; together whole chunks
  FrameOptions frames;
  std::uint64_t seed = 1;
};

/// The K or V of one layer: values to encode, and others to calibrate on.
struct PayloadTensor {
  std::vector<std::uint16_t> calibration;
  std::vector<std::uint16_t> evaluation;  ///< whole chunks, at least one
};

class PayloadPool {
 public:
  /// Generates the values and encodes them.
  static PayloadPool synthesize(const PayloadSpec& spec);

  /// Calibrates on other values than it encodes, encodes with the real codec and checks that every
  /// frame decodes bit for bit. The same bytes whatever the number of threads.
  /// @param tensors K and V of layer 0, of layer 1, ...
  /// @param source where the values come from, in words
  static PayloadPool encode(std::vector<PayloadTensor> tensors, const FrameOptions& frames,
                            const std::string& source);

  /// Exact size of the slice's frames, one for each layer's K and V.
  Bytes wire_bytes(const KvSlice& slice) const;

  /// The launches that encode a slice: one for each format among its tensors.
  std::vector<LaunchShape> launches_of(const KvSlice& slice) const;

  /// Raw bytes / frame bytes of the whole pool.
  double compression_ratio() const;
  double escape_rate() const;
  std::uint64_t fingerprint() const { return fingerprint_; }  ///< FNV-1a of all frames
  const std::string& description() const { return description_; }

  /// The values of a layer's K or V, and how they are encoded.
  std::span<const std::uint16_t> values(int layer, KvKind kind) const {
    return tensor(layer, kind).values;
  }
  const EncodeParameters& parameters(int layer, KvKind kind) const {
    return tensor(layer, kind).parameters;
  }

  /// The chunks of one layer's K or V, repeated without end from `first_chunk`: the frame of
  /// `value_count` of their values has exactly this many bytes.
  Bytes frame_bytes(int layer, KvKind kind, std::uint64_t first_chunk,
                    std::uint64_t value_count) const;

  /// Which chunk of the pool a request's tensor starts with.
  std::uint64_t first_chunk(std::int64_t request_id, int layer, KvKind kind) const;

 private:
  struct Tensor {
    std::vector<std::uint16_t> values;
    EncodeParameters parameters{Codebook::most_frequent({}, 1)};
    std::vector<std::uint64_t> words_before;          ///< record words of chunks 0 ... i-1
    std::vector<std::vector<std::uint16_t>> escapes;  ///< positions in each chunk, ascending
    std::uint64_t escape_count{};
    std::uint64_t frame_bytes{};
    std::uint64_t fingerprint{};
  };
  PayloadPool() = default;
  static Tensor encode_tensor(std::vector<std::uint16_t> values, const FormatChoice& choice);
  const Tensor& tensor(int layer, KvKind kind) const {
    return tensors_[2 * static_cast<std::size_t>(layer) + static_cast<std::size_t>(kind)];
  }

  std::vector<Tensor> tensors_;  ///< K and V of layer 0, of layer 1, ...
  std::uint64_t fingerprint_{};
  std::string description_;
};

}  // namespace kvferry::codec
