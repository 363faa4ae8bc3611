// Any bytes as a safetensors file.
#include "tests/fuzz/tensor_file_properties.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const kvferry::fuzz::ExactBlock file(data, size);
  kvferry::fuzz::read_untrusted("mutant.safetensors", file.bytes(), std::nullopt);
  return 0;
}
