#include "codec/files/tensor_slices.hpp"

#include "codec/parallel.hpp"

#include <algorithm>
#include <vector>

namespace kvferry::codec {
namespace {

constexpr std::uint64_t kCountedSliceBytes = std::uint64_t{32} << 20;
constexpr std::size_t kFewestBytesPerThread = std::size_t{1} << 20;

}  // namespace

void for_each_slice(const InputFile& file, const FileRange& range, std::uint64_t slice_bytes,
                    const std::function<void(std::span<const std::byte>)>& use) {
  std::vector<std::byte> buffer(std::min(range.bytes, slice_bytes));
  for (std::uint64_t done = 0; done < range.bytes; done += slice_bytes) {
    const auto slice = std::span(buffer).first(std::min(slice_bytes, range.bytes - done));
    file.read(range.offset + done, slice);
    use(slice);
  }
}

void count_exponents(std::span<const std::byte> values, DType dtype, unsigned threads,
                     ExponentHistogram& histogram) {
  const std::size_t width = bytes_per_value(dtype);
  const std::size_t parts =
      std::clamp<std::size_t>(values.size() / kFewestBytesPerThread, 1, std::max(1U, threads));
  const std::size_t part_bytes = (values.size() / width + parts - 1) / parts * width;
  std::vector<ExponentHistogram> counts(parts, ExponentHistogram{});
  run_parallel(parts, threads, [&](std::size_t part) {
    const std::size_t begin = std::min(part * part_bytes, values.size());
    const std::size_t end = std::min(begin + part_bytes, values.size());
    count_exponents(values.subspan(begin, end - begin), dtype, counts[part]);
  });
  for (const ExponentHistogram& part : counts) {
    for (std::size_t e = 0; e < histogram.size(); ++e) histogram[e] += part[e];
  }
}

void count_tensor(const InputFile& file, const TensorInfo& tensor, unsigned threads,
                  ExponentHistogram& histogram) {
  for_each_slice(file, range_of(tensor), kCountedSliceBytes, [&](std::span<const std::byte> slice) {
    count_exponents(slice, *tensor.dtype, threads, histogram);
  });
}

}  // namespace kvferry::codec
