// The reference loops, one value at a time; the vector loops use them for what is left over.
#pragma once

#include "codec/chunk_codec.hpp"

namespace kvferry::codec {

ChunkCodec scalar_chunk_codec(const FrameFormat& format);

}  // namespace kvferry::codec
