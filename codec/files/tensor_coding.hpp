// Which codebook and format a tensor gets.
#pragma once

#include "codec/codebook.hpp"
#include "codec/files/tensor_name.hpp"
#include "codec/number_format.hpp"
#include "codec/payload_pool.hpp"

#include <compare>
#include <map>

namespace kvferry::codec {

/// Tensors that share a codebook: one group of one type.
struct CodingKey {
  TensorGroup group;
  DType dtype = DType::bf16;
  bool operator<(const CodingKey& other) const;
};

/// What was found out about the values of a group; `format` leaves the checksums open.
struct TensorCoding {
  FrameFormat format;
  Codebook codebook;
};
using TensorCodings = std::map<CodingKey, TensorCoding>;

/// The best codebook for the histogram, in the format of the rule.
TensorCoding coding_for(const ExponentHistogram& histogram, DType dtype, FrameRule rule);

}  // namespace kvferry::codec
