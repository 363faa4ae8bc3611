// The arithmetic that kernels share with the CPU reference, on a device: every BF16 pattern is taken apart and put
// together by one thread each. Compiled wherever there is nvcc, run where there is a GPU.
#include <cuda_runtime.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "codec/number_format.hpp"

namespace kvferry::codec {
namespace {

constexpr int kPatterns = 65'536;

struct Result {
  std::uint16_t joined;
  std::uint8_t exponent;
  std::uint8_t sign_mantissa;
};

// 256 threads per block, one pattern per thread; thread i writes results[i].
__global__ void split_and_join(Result* results) {
  const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  const NumberParts parts = split<DType::bf16>(static_cast<std::uint16_t>(i));
  results[i] = {join<DType::bf16>(parts), parts.exponent, parts.sign_mantissa};
}

TEST(DeviceArithmetic, SplitsAndJoinsEveryBf16PatternLikeTheCpu) {
  int devices = 0;
  if (cudaGetDeviceCount(&devices) != cudaSuccess || devices == 0) {
    GTEST_SKIP() << "NOT CHECKED: compiled, but there is no GPU to run it on";
  }
  Result* results_dev = nullptr;
  ASSERT_EQ(cudaMalloc(&results_dev, kPatterns * sizeof(Result)), cudaSuccess);
  split_and_join<<<kPatterns / 256, 256>>>(results_dev);
  std::vector<Result> results(kPatterns);
  EXPECT_EQ(cudaGetLastError(), cudaSuccess);
  EXPECT_EQ(cudaMemcpy(results.data(), results_dev, kPatterns * sizeof(Result), cudaMemcpyDeviceToHost), cudaSuccess);
  EXPECT_EQ(cudaFree(results_dev), cudaSuccess);
  for (int i = 0; i < kPatterns; ++i) {
    const NumberParts expected = split<DType::bf16>(static_cast<std::uint16_t>(i));
    ASSERT_EQ(results[static_cast<std::size_t>(i)].joined, i);
    ASSERT_EQ(results[static_cast<std::size_t>(i)].exponent, expected.exponent);
    ASSERT_EQ(results[static_cast<std::size_t>(i)].sign_mantissa, expected.sign_mantissa);
  }
}

}  // namespace
}  // namespace kvferry::codec
