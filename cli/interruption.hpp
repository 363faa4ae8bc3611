// Ctrl-C and its like while something half-written lies on disk.
#pragma once

#include <array>
#include <csignal>

namespace kvferry::cli {

/// As long as it lives, SIGINT, SIGTERM and SIGHUP are only noted; its end delivers the one that
/// came. At most one at a time.
class InterruptionNoted {
 public:
  InterruptionNoted();
  InterruptionNoted(const InterruptionNoted&) = delete;
  InterruptionNoted& operator=(const InterruptionNoted&) = delete;
  ~InterruptionNoted();

  static constexpr std::array kSignals{SIGINT, SIGTERM, SIGHUP};

 private:
  std::array<struct sigaction, kSignals.size()> before_{};
};

/// Whether one has been noted: time to stop, and to leave things in order.
bool is_interrupted();

}  // namespace kvferry::cli
