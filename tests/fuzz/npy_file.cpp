// Any bytes as a .npy file, with and without a dtype from the command line.
#include "tests/fuzz/tensor_file_properties.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using kvferry::codec::DType;
  const kvferry::fuzz::ExactBlock file(data, size);
  for (const std::optional<DType> dtype :
       {std::optional<DType>{}, std::optional(DType::bf16), std::optional(DType::e5m2),
        std::optional(DType::e4m3)}) {
    kvferry::fuzz::read_untrusted("mutant.npy", file.bytes(), dtype);
  }
  return 0;
}
