// Splits independent work over threads. Each item writes to its own slot, so results never depend
// on the threads.
#pragma once

#include <cstddef>
#include <functional>

namespace kvferry::codec {

/// Runs task(0) ... task(count - 1) on up to `threads` threads, the caller's among them; the first
/// exception is passed on.
void run_parallel(std::size_t count, unsigned threads,
                  const std::function<void(std::size_t)>& task);

/// As many as there are cores, at least one.
unsigned available_threads();

}  // namespace kvferry::codec
