// Any bytes as a file of codebooks.
#include "codec/files/codebook_file.hpp"

#include "codec/splitzip.hpp"
#include "sim/base/error.hpp"
#include "tests/fuzz/fuzz_target.hpp"

#include <array>

namespace kvferry::fuzz {
namespace {

using namespace kvferry::codec;

void require_usable(const CodingKey& key, const TensorCoding& coding) {
  require(is_supported(coding.format), "there are frames of the format");
  require(coding.format.dtype == key.dtype, "the format is for the tensors' type");
  const auto exponents = coding.codebook.exponents();
  require(!exponents.empty() && exponents.size() <= max_codebook_size(coding.format),
          "the codebook fits the codes");
  require(exponents.back() >> exponent_bits(key.dtype) == 0, "the exponents are of the type");
  const std::array<std::byte, 64> values{};
  std::array<std::byte, 64> back{};
  require(decode(encode(values, {coding.codebook, coding.format}), back) == FrameFault::none,
          "frames with the codebook are accepted");
}

}  // namespace
}  // namespace kvferry::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kvferry::fuzz;
  const ExactBlock bytes(data, size);
  try {
    const kvferry::codec::InputFile file("mutant.json", bytes.bytes());
    for (const auto& [key, coding] : read_codebook_file(file)) require_usable(key, coding);
  } catch (const kvferry::InputError&) {
  }
  return 0;
}
