// What the fuzz targets share. A target is one LLVMFuzzerTestOneInput: libFuzzer calls it with
// mutated inputs, replay_corpus.cpp with the committed ones. It aborts when a property does not
// hold; the sanitizers abort on everything else.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <span>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace kvferry::fuzz {

/// Unlike assert(), in every build.
inline void require(bool holds, const char* property) {
  if (holds) return;
  std::fprintf(stderr, "property violated: %s\n", property);
  std::abort();
}

/// Heap memory of exactly this size, so that the sanitizer sees a single byte too far.
class ExactBlock {
 public:
  explicit ExactBlock(std::size_t size)
      : bytes_(std::make_unique<std::byte[]>(size)), size_(size) {}
  ExactBlock(const std::uint8_t* data, std::size_t size) : ExactBlock(size) {
    if (size > 0) std::memcpy(bytes_.get(), data, size);
  }

  std::span<std::byte> bytes() { return {bytes_.get(), size_}; }
  std::span<const std::byte> bytes() const { return {bytes_.get(), size_}; }

 private:
  std::unique_ptr<std::byte[]> bytes_;
  std::size_t size_;
};

inline bool equal(std::span<const std::byte> a, std::span<const std::byte> b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size()) == 0);
}

}  // namespace kvferry::fuzz
