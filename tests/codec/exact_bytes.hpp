// Bytes that end where their allocation ends, so that the sanitizer sees a single byte too far, and
// that start at any address.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace kvferry::codec {

class ExactBytes {
 public:
  /// @param misalignment bytes before the first one
  explicit ExactBytes(std::size_t size, std::size_t misalignment = 0)
      : size_(size), misalignment_(misalignment), bytes_(new std::byte[size + misalignment]) {
    std::fill_n(bytes_.get(), size + misalignment, std::byte{0x5a});
  }
  explicit ExactBytes(std::span<const std::byte> content, std::size_t misalignment = 0)
      : ExactBytes(content.size(), misalignment) {
    std::copy(content.begin(), content.end(), data());
  }

  std::byte* data() { return bytes_.get() + misalignment_; }
  const std::byte* data() const { return bytes_.get() + misalignment_; }
  std::span<std::byte> span() { return {data(), size_}; }
  std::span<const std::byte> span() const { return {data(), size_}; }
  std::vector<std::byte> copy() const { return {data(), data() + size_}; }

 private:
  std::size_t size_;
  std::size_t misalignment_;
  std::unique_ptr<std::byte[]> bytes_;
};

}  // namespace kvferry::codec
