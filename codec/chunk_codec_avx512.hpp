// The loops in AVX-512 (F, BW, VL, VBMI, VBMI2), 64 values at a time.
#pragma once

#include "codec/chunk_codec.hpp"

namespace kvferry::codec {

/// @pre is_available(InstructionSet::avx512)
ChunkCodec avx512_chunk_codec(const FrameFormat& format);

}  // namespace kvferry::codec
