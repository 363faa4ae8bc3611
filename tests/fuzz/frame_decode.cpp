// Any bytes as a SplitZip frame, and once more with the header's hash put right, because hardly any
// mutant would get past it.
#include "codec/splitzip.hpp"
#include "tests/fuzz/frame_hash.hpp"
#include "tests/fuzz/fuzz_target.hpp"

#include <array>

namespace kvferry::fuzz {
namespace {

using namespace kvferry::codec;

constexpr std::array kVectorSets{InstructionSet::avx2, InstructionSet::avx512};

// Equal values have one encoding, so an accepted frame is the one that its values give.
void require_canonical(std::span<const std::byte> frame, std::span<const std::byte> values,
                       const FrameContents& contents) {
  const FrameHeader& header = contents.header;
  const EncodeParameters parameters{Codebook({header.codebook.data(), header.codebook_size}),
                                    contents.layout.format, header.user_tag};
  require(equal(encode(values, parameters), frame), "an accepted frame re-encodes to itself");
}

void require_same_as_scalar(std::span<const std::byte> frame, std::span<const std::byte> values,
                            const DecodeResult& expected) {
  for (const InstructionSet set : kVectorSets) {
    if (!is_available(set)) continue;
    ExactBlock other(values.size());
    const DecodeResult result = decode(frame, other.bytes(), {.instructions = set});
    require(result.fault == expected.fault && result.chunk == expected.chunk,
            "every instruction set finds the same fault");
    require(result.fault != FrameFault::none || equal(other.bytes(), values),
            "every instruction set decodes the same values");
  }
}

void decode_untrusted(std::span<const std::byte> frame) {
  FrameContents contents{};
  const FrameFault fault = check_header(frame, contents);
  if (fault != FrameFault::none) {
    require(decode(frame, std::span<std::byte>{}) == fault, "decode() checks the header first");
    return;
  }
  // The narrowest codes take 11 of a value's 16 bits.
  require(contents.value_bytes() <= 2 * frame.size(), "a header asks for no more than it brought");
  ExactBlock values(contents.value_bytes());
  const DecodeResult result =
      decode(frame, values.bytes(), {.instructions = InstructionSet::scalar});
  require_same_as_scalar(frame, values.bytes(), result);
  if (result.fault == FrameFault::none) require_canonical(frame, values.bytes(), contents);
  if (contents.value_bytes() > 0) {
    ExactBlock small(contents.value_bytes() - 1);
    require(decode(frame, small.bytes()) == FrameFault::output_too_small,
            "an output that is too small is refused");
  }
}

}  // namespace
}  // namespace kvferry::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  kvferry::fuzz::ExactBlock frame(data, size);
  kvferry::fuzz::decode_untrusted(frame.bytes());
  if (kvferry::fuzz::put_hash_right(frame.bytes())) kvferry::fuzz::decode_untrusted(frame.bytes());
  return 0;
}
