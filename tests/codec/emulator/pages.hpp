// Memory between two pages that may not be touched.
#pragma once

#include <cstddef>
#include <cstring>
#include <new>
#include <span>
#include <sys/mman.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

namespace kvferry::codec::emulator {

class GuardedPages {
 public:
  explicit GuardedPages(std::size_t bytes)
      : page_(static_cast<std::size_t>(sysconf(_SC_PAGESIZE))),
        size_((bytes + page_ - 1) / page_ * page_) {
    void* const mapped = mmap(nullptr, size_ + 2 * page_, PROT_NONE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapped == MAP_FAILED) throw std::bad_alloc();
    begin_ = static_cast<std::byte*>(mapped) + page_;
    if (size_ > 0 && mprotect(begin_, size_, PROT_READ | PROT_WRITE) != 0) throw std::bad_alloc();
  }
  GuardedPages(const GuardedPages&) = delete;
  GuardedPages& operator=(const GuardedPages&) = delete;
  ~GuardedPages() { munmap(begin_ - page_, size_ + 2 * page_); }

  std::byte* begin() const { return begin_; }
  std::byte* end() const { return begin_ + size_; }
  std::size_t size() const { return size_; }

 private:
  std::size_t page_;
  std::size_t size_;
  std::byte* begin_ = nullptr;
};

/// At which of its guard pages a buffer lies.
enum class Edge : bool { front, back };

/// A buffer as a device would give it, aligned to 16 bytes, beside a guard page. Between a buffer
/// and the guard page behind it are up to 15 bytes, which may not change either; the address
/// sanitizer forbids to read them.
class GuardedBytes {
 public:
  GuardedBytes(std::size_t size, Edge edge)
      : pages_(size), size_(size), padded_((size + 15) / 16 * 16), edge_(edge) {
    std::memset(pages_.begin(), kRubbish, pages_.size());
    poison();
  }
  GuardedBytes(std::span<const std::byte> content, Edge edge) : GuardedBytes(content.size(), edge) {
    if (!content.empty()) std::memcpy(data(), content.data(), content.size());
  }
  GuardedBytes(const GuardedBytes&) = delete;
  GuardedBytes& operator=(const GuardedBytes&) = delete;
  ~GuardedBytes() { unpoison(); }

  std::byte* data() const { return edge_ == Edge::front ? pages_.begin() : pages_.end() - padded_; }
  std::size_t size() const { return size_; }
  std::span<std::byte> span() const { return {data(), size_}; }

  /// Whether the bytes around the buffer are as they were.
  bool is_surrounded_by_rubbish() {
    unpoison();
    bool untouched = true;
    for (const std::byte* at = pages_.begin(); at < pages_.end(); ++at) {
      const bool inside = at >= data() && at < data() + size_;
      untouched = untouched && (inside || *at == std::byte{kRubbish});
    }
    poison();
    return untouched;
  }

 private:
  static constexpr unsigned char kRubbish = 0xa5;

  void poison() const {
#if defined(__SANITIZE_ADDRESS__)
    ASAN_POISON_MEMORY_REGION(data() + size_, padded_ - size_);
#endif
  }
  void unpoison() const {
#if defined(__SANITIZE_ADDRESS__)
    ASAN_UNPOISON_MEMORY_REGION(data() + size_, padded_ - size_);
#endif
  }

  GuardedPages pages_;
  std::size_t size_;
  std::size_t padded_;
  Edge edge_;
};

}  // namespace kvferry::codec::emulator
