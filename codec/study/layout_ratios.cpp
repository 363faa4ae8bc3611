#include "codec/study/layout_ratios.hpp"

#include "codec/parallel.hpp"
#include "codec/splitzip.hpp"

#include <initializer_list>

namespace kvferry::codec {
namespace {

/// Sums over tensors, in bytes or values.
struct LayoutBytes {
  double raw = 0;
  double values = 0;
  double released = 0;
  double w4_global = 0;
  double w4_own = 0;
  double w3_own = 0;
  double chosen = 0;
  double entropy = 0;
  double global_escapes = 0;
  double own_escapes = 0;
};

constexpr std::initializer_list<double LayoutBytes::*> kAllSums{
    &LayoutBytes::raw,        &LayoutBytes::values,  &LayoutBytes::released,
    &LayoutBytes::w4_global,  &LayoutBytes::w4_own,  &LayoutBytes::w3_own,
    &LayoutBytes::chosen,     &LayoutBytes::entropy, &LayoutBytes::global_escapes,
    &LayoutBytes::own_escapes};

// The paper gives E5M2 16 exponents and E4M3, which has only 16, the 8 most frequent.
std::size_t released_codebook_size(DType dtype) {
  return dtype == DType::e4m3 ? 8 : 16;
}

// The byte counts of the authors' code. BF16: half a byte of code, a byte of sign and mantissa; an
// escape has a 4-byte chunk number, a 2-byte position and a 1-byte exponent. FP8 (in their
// development repository, not in the release): packed codes of 4 (E5M2) or 3 bits (E4M3), packed
// sign and mantissa; an escape has a 2-byte position and its packed exponent; every 1,024 values
// have a 1-byte count.
double released_bytes(DType dtype, double values, double escapes) {
  if (dtype == DType::bf16) return values * 1.5 + escapes * 7;
  return values * 7 / 8 + values / 1024 + escapes * (2 + exponent_bits(dtype) / 8.0);
}

double escapes_of(const ExponentHistogram& histogram, const Codebook& codebook) {
  return static_cast<double>(escape_count(histogram, codebook));
}

double encoded_bytes(const Tensor& tensor, const Codebook& codebook, const FrameFormat& format) {
  return static_cast<double>(encode(tensor, {codebook, format}).size());
}

LayoutBytes measure_tensor(const Tensor& tensor, const ExponentHistogram& own,
                           const ExponentHistogram& global, DType dtype) {
  const FrameFormat w4{dtype, 4, EscapeMode::positional};
  const FrameFormat w3{dtype, 3, EscapeMode::sentinel};
  const FormatChoice choice = choose_format(own, dtype);
  const ExponentHistogram present = histogram_of({&tensor, 1}, dtype);
  const Codebook own_codebook = Codebook::most_frequent(own, max_codebook_size(w4));
  LayoutBytes bytes;
  bytes.raw = static_cast<double>(tensor.size());
  bytes.values = bytes.raw / static_cast<double>(bytes_per_value(dtype));
  bytes.global_escapes =
      escapes_of(present, Codebook::most_frequent(global, released_codebook_size(dtype)));
  bytes.own_escapes = escapes_of(present, own_codebook);
  bytes.released = released_bytes(dtype, bytes.values, bytes.global_escapes);
  bytes.w4_global =
      encoded_bytes(tensor, Codebook::most_frequent(global, max_codebook_size(w4)), w4);
  bytes.w4_own = encoded_bytes(tensor, own_codebook, w4);
  bytes.w3_own = encoded_bytes(tensor, Codebook::most_frequent(own, max_codebook_size(w3)), w3);
  bytes.chosen = encoded_bytes(tensor, choice.codebook, choice.format);
  bytes.entropy = bytes.values * entropy_bound_bytes_per_value(present, dtype);
  return bytes;
}

LayoutBytes measure_tensors(const StudyInput& input) {
  const ExponentHistogram global = histogram_of(input.calibration, input.dtype);
  std::vector<LayoutBytes> parts(input.evaluation.size());
  run_parallel(parts.size(), available_threads(), [&](std::size_t i) {
    const ExponentHistogram own = histogram_of({&input.calibration[i], 1}, input.dtype);
    parts[i] = measure_tensor(input.evaluation[i], own, global, input.dtype);
  });
  LayoutBytes sum;
  for (const LayoutBytes& part : parts) {
    for (double LayoutBytes::*member : kAllSums) sum.*member += part.*member;
  }
  return sum;
}

}  // namespace

LayoutRatios measure_layouts(const StudyInput& input) {
  const LayoutBytes bytes = measure_tensors(input);
  return {.released = bytes.raw / bytes.released,
          .w4_global = bytes.raw / bytes.w4_global,
          .w4_own = bytes.raw / bytes.w4_own,
          .w3_own = bytes.raw / bytes.w3_own,
          .chosen = bytes.raw / bytes.chosen,
          .entropy = bytes.raw / bytes.entropy,
          .global_escapes = bytes.global_escapes / bytes.values,
          .own_escapes = bytes.own_escapes / bytes.values};
}

}  // namespace kvferry::codec
