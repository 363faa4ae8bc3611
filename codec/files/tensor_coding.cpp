#include "codec/files/tensor_coding.hpp"

namespace kvferry::codec {

bool CodingKey::operator<(const CodingKey& other) const {
  if (group < other.group) return true;
  return !(other.group < group) && dtype < other.dtype;
}

TensorCoding coding_for(const ExponentHistogram& histogram, DType dtype, FrameRule rule) {
  if (rule == FrameRule::smallest) {
    const FormatChoice choice = choose_format(histogram, dtype);
    return {choice.format, choice.codebook};
  }
  FrameFormat format{dtype, 4, EscapeMode::positional};
  if (rule != FrameRule::w4_positional) format.mode = EscapeMode::sentinel;
  if (rule == FrameRule::w3_sentinel) format.code_bits = 3;
  return {format, Codebook::most_frequent(histogram, max_codebook_size(format))};
}

}  // namespace kvferry::codec
