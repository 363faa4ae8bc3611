// The loops in AVX2, 32 values at a time; all formats.
#pragma once

#include "codec/chunk_codec.hpp"

namespace kvferry::codec {

/// @pre is_available(InstructionSet::avx2)
ChunkCodec avx2_chunk_codec(const FrameFormat& format);

}  // namespace kvferry::codec
