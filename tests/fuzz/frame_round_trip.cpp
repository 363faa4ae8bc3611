// Any values in any format with any codebook. Input: 2 bytes for the format, 16 exponents for the
// codebook, a count of repetitions, then the bytes of the values.
#include "codec/splitzip.hpp"
#include "tests/fuzz/fuzz_target.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <vector>

namespace kvferry::fuzz {
namespace {

using namespace kvferry::codec;

constexpr std::size_t kParameterBytes = 2 + kMaxCodebookSize + 1;
constexpr std::size_t kMostValueBytes = 1 << 14;  // several chunks of the smaller sizes

FrameFormat format_from(unsigned selector, unsigned chunk) {
  constexpr std::array kDTypes{DType::bf16, DType::e5m2, DType::e4m3};
  constexpr std::array kCodes{FrameFormat{DType::bf16, 4, EscapeMode::positional},
                              FrameFormat{DType::bf16, 4, EscapeMode::sentinel},
                              FrameFormat{DType::bf16, 3, EscapeMode::sentinel}};
  FrameFormat format = kCodes[selector / 3 % 3];
  format.dtype = kDTypes[selector % 3];
  format.checksum = selector / 9 % 2 == 0 ? ChecksumKind::none : ChecksumKind::per_chunk;
  format.chunk_log2 =
      static_cast<std::uint8_t>(kMinChunkLog2 + chunk % (kMaxChunkLog2 - kMinChunkLog2 + 1));
  return format;
}

Codebook codebook_from(std::span<const std::uint8_t> bytes, const FrameFormat& format) {
  std::set<std::uint8_t> exponents;
  for (const std::uint8_t byte : bytes.first(max_codebook_size(format)))
    exponents.insert(static_cast<std::uint8_t>(byte & ((1U << exponent_bits(format.dtype)) - 1)));
  const std::vector<std::uint8_t> ascending(exponents.begin(), exponents.end());
  return Codebook(ascending);
}

ExactBlock values_from(std::span<const std::uint8_t> bytes, unsigned repetitions, DType dtype) {
  const std::size_t all = std::min(kMostValueBytes, bytes.size() * (1 + repetitions));
  ExactBlock values(all - all % bytes_per_value(dtype));
  for (std::size_t i = 0; i < values.bytes().size(); ++i)
    values.bytes()[i] = static_cast<std::byte>(bytes[i % bytes.size()]);
  return values;
}

void round_trip(std::span<const std::byte> values, const EncodeParameters& parameters) {
  const std::uint64_t count = values.size() / bytes_per_value(parameters.format.dtype);
  const std::uint64_t bound = frame_bound(frame_layout(count, parameters.format));
  std::vector<std::byte> expected;
  for (const InstructionSet set :
       {InstructionSet::scalar, InstructionSet::avx2, InstructionSet::avx512}) {
    if (!is_available(set)) continue;
    ExactBlock room(bound);
    const std::size_t size = encode_into(values, parameters, room.bytes(), {.instructions = set});
    require(size <= bound, "a frame is not above its bound");
    const auto frame = room.bytes().first(size);
    if (expected.empty()) expected.assign(frame.begin(), frame.end());
    require(equal(frame, expected), "every instruction set writes the same frame");
    ExactBlock back(values.size());
    require(decode(frame, back.bytes(), {.instructions = set}) == FrameFault::none,
            "a frame just encoded is accepted");
    require(equal(back.bytes(), values), "the values come back");
  }
}

}  // namespace
}  // namespace kvferry::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kvferry::fuzz;
  if (size < kParameterBytes) return 0;
  const std::span input(data, size);
  const kvferry::codec::FrameFormat format = format_from(input[0], input[1]);
  const ExactBlock values =
      values_from(input.subspan(kParameterBytes), input[kParameterBytes - 1], format.dtype);
  round_trip(values.bytes(), {codebook_from(input.subspan(2), format), format, input[1]});
  return 0;
}
