// What a user would pick instead: zstd at its fastest level and lz4, on the bytes as they are.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace kvferry::codec {

class OtherCompressor {
 public:
  virtual ~OtherCompressor() = default;
  virtual std::string_view name() const = 0;
  virtual std::size_t bound(std::size_t bytes) const = 0;
  /// Returns the size; `packed` holds bound() bytes.
  virtual std::size_t compress(std::span<const std::byte> bytes, std::span<std::byte> packed) = 0;
  virtual void decompress(std::span<const std::byte> packed, std::span<std::byte> bytes) = 0;
};

/// Null where the library was not found when this was built.
OtherCompressor* zstd_1();
OtherCompressor* lz4();

}  // namespace kvferry::codec
