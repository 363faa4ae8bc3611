// How well each layout compresses the same input: the one that the SplitZip authors released, our
// frames, and the entropy bound. Every size of ours is that of a frame really encoded, header and
// padding included; that of the released layout is computed from the authors' byte counts, which
// have no header.
#pragma once

#include "codec/study/study_input.hpp"

namespace kvferry::codec {

/// Raw bytes / compressed bytes: above 1 is better.
struct LayoutRatios {
  double released = 0;        ///< one codebook for all tensors; every BF16 escape takes 7 bytes
  double w4_global = 0;       ///< our 4-bit positional frames, one codebook for all tensors
  double w4_own = 0;          ///< ... a codebook per tensor (each layer's K, each layer's V)
  double w3_own = 0;          ///< our 3-bit sentinel frames, a codebook per tensor
  double chosen = 0;          ///< the format chosen per tensor by its predicted size
  double entropy = 0;         ///< no code of single exponents can do better, even per tensor
  double global_escapes = 0;  ///< share of the values, for the released layout
  double own_escapes = 0;     ///< likewise, for w4_own
};

LayoutRatios measure_layouts(const StudyInput& input);

}  // namespace kvferry::codec
