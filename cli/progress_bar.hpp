// A bar on stderr while a long piece of work goes on; nothing when stderr is not a terminal.
//
// Debian 12 has no C++ library for progress bars (indicators is not packaged), and one line that is
// drawn again and again needs none.
#pragma once

#include "cli/codec_commands.hpp"
#include "codec/files/progress.hpp"

#include <chrono>

namespace kvferry::cli {

class ProgressBar {
 public:
  explicit ProgressBar(ProgressBarMode mode);
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;
  /// Wipes the bar, so that what is printed next has the line to itself.
  ~ProgressBar();

  /// Draws, but not more than ten times a second.
  void show(const codec::ProgressPoint& point);

  /// For the functions that report their progress; must not outlive this.
  codec::Progress callback() {
    return [this](const codec::ProgressPoint& point) { show(point); };
  }

 private:
  using Clock = std::chrono::steady_clock;
  bool on_terminal_;
  bool drawn_ = false;
  Clock::time_point next_;
};

}  // namespace kvferry::cli
