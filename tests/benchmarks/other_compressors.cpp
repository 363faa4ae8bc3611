#include "tests/benchmarks/other_compressors.hpp"

#include <memory>
#include <stdexcept>

#if defined(KVFERRY_HAS_ZSTD)
#include <zstd.h>
#endif
#if defined(KVFERRY_HAS_LZ4)
#include <lz4.h>
#endif

namespace kvferry::codec {
namespace {

#if defined(KVFERRY_HAS_ZSTD)
class Zstd final : public OtherCompressor {
 public:
  std::string_view name() const override { return "zstd -1"; }
  std::size_t bound(std::size_t bytes) const override { return ZSTD_compressBound(bytes); }
  std::size_t compress(std::span<const std::byte> bytes, std::span<std::byte> packed) override {
    return checked(ZSTD_compressCCtx(encoder_.get(), packed.data(), packed.size(), bytes.data(),
                                     bytes.size(), 1));
  }
  void decompress(std::span<const std::byte> packed, std::span<std::byte> bytes) override {
    checked(ZSTD_decompressDCtx(decoder_.get(), bytes.data(), bytes.size(), packed.data(),
                                packed.size()));
  }

 private:
  static std::size_t checked(std::size_t size) {
    if (ZSTD_isError(size) != 0) throw std::runtime_error(ZSTD_getErrorName(size));
    return size;
  }
  struct Free {
    void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
    void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
  };
  std::unique_ptr<ZSTD_CCtx, Free> encoder_{ZSTD_createCCtx()};
  std::unique_ptr<ZSTD_DCtx, Free> decoder_{ZSTD_createDCtx()};
};
#endif

#if defined(KVFERRY_HAS_LZ4)
class Lz4 final : public OtherCompressor {
 public:
  std::string_view name() const override { return "lz4"; }
  std::size_t bound(std::size_t bytes) const override {
    return static_cast<std::size_t>(LZ4_compressBound(static_cast<int>(bytes)));
  }
  std::size_t compress(std::span<const std::byte> bytes, std::span<std::byte> packed) override {
    const int size = LZ4_compress_default(
        reinterpret_cast<const char*>(bytes.data()), reinterpret_cast<char*>(packed.data()),
        static_cast<int>(bytes.size()), static_cast<int>(packed.size()));
    if (size <= 0) throw std::runtime_error("lz4 did not compress");
    return static_cast<std::size_t>(size);
  }
  void decompress(std::span<const std::byte> packed, std::span<std::byte> bytes) override {
    const int size = LZ4_decompress_safe(
        reinterpret_cast<const char*>(packed.data()), reinterpret_cast<char*>(bytes.data()),
        static_cast<int>(packed.size()), static_cast<int>(bytes.size()));
    if (size < 0) throw std::runtime_error("lz4 did not decompress");
  }
};
#endif

}  // namespace

OtherCompressor* zstd_1() {
#if defined(KVFERRY_HAS_ZSTD)
  static Zstd compressor;
  return &compressor;
#else
  return nullptr;
#endif
}

OtherCompressor* lz4() {
#if defined(KVFERRY_HAS_LZ4)
  static Lz4 compressor;
  return &compressor;
#else
  return nullptr;
#endif
}

}  // namespace kvferry::codec
