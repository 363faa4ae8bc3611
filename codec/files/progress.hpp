// How far a long piece of work has come.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

namespace kvferry::codec {

struct ProgressPoint {
  std::string_view stage;  ///< "encoding"
  std::uint64_t done_bytes = 0;
  std::uint64_t total_bytes = 0;
};

/// Called by the thread that started the work, every few MiB.
using Progress = std::function<void(const ProgressPoint&)>;

inline void ignore_progress(const ProgressPoint&) {}

}  // namespace kvferry::codec
