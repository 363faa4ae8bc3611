// The values of a tensor, slice by slice, so that the memory needed does not grow with the tensor.
#pragma once

#include "codec/codebook.hpp"
#include "codec/files/input_file.hpp"
#include "codec/files/tensor_file.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

namespace kvferry::codec {

/// A stretch of a file.
struct FileRange {
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
};
inline FileRange range_of(const TensorInfo& tensor) {
  return {tensor.offset, tensor.bytes};
}

/// Passes the bytes of a range on in slices of `slice_bytes`, the last one possibly shorter.
void for_each_slice(const InputFile& file, const FileRange& range, std::uint64_t slice_bytes,
                    const std::function<void(std::span<const std::byte>)>& use);

/// Counts whole values with several threads; the same counts whatever their number.
void count_exponents(std::span<const std::byte> values, DType dtype, unsigned threads,
                     ExponentHistogram& histogram);

/// Adds the exponents of a whole tensor. @pre tensor.dtype
void count_tensor(const InputFile& file, const TensorInfo& tensor, unsigned threads,
                  ExponentHistogram& histogram);

}  // namespace kvferry::codec
