#include "codec/files/tensor_coding.hpp"

namespace kvferry::codec {

bool CodingKey::operator<(const CodingKey& other) const {
  if (group < other.group) return true;
  return !(other.group < group) && dtype < other.dtype;
}

TensorCoding coding_for(const ExponentHistogram& histogram, DType dtype, FrameRule rule) {
  const FormatChoice choice = choose_format(histogram, dtype, rule);
  return {choice.format, choice.codebook};
}

}  // namespace kvferry::codec
