#include "cli/progress_bar.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <unistd.h>

namespace kvferry::cli {
namespace {

constexpr std::chrono::milliseconds kPatience{300};  // short work shows no bar
constexpr std::chrono::milliseconds kInterval{100};
constexpr std::size_t kWidth = 30;

std::string bar_text(const codec::ProgressPoint& point) {
  const double share = point.total_bytes == 0 ? 1
                                              : static_cast<double>(point.done_bytes) /
                                                    static_cast<double>(point.total_bytes);
  const auto filled = static_cast<std::size_t>(share * static_cast<double>(kWidth));
  return fmt::format("{} [{:<{}}] {:3.0f} %  {:.1f} of {:.1f} MB", point.stage,
                     std::string(filled, '='), kWidth, 100 * share,
                     static_cast<double>(point.done_bytes) / 1e6,
                     static_cast<double>(point.total_bytes) / 1e6);
}

}  // namespace

ProgressBar::ProgressBar(ProgressBarMode mode)
    : on_terminal_(mode == ProgressBarMode::automatic && ::isatty(STDERR_FILENO) == 1),
      next_(Clock::now() + kPatience) {}

ProgressBar::~ProgressBar() {
  if (drawn_) std::fputs("\r\x1b[K", stderr);
}

void ProgressBar::show(const codec::ProgressPoint& point) {
  const Clock::time_point now = Clock::now();
  if (!on_terminal_ || now < next_) return;
  fmt::print(stderr, "\r{}\x1b[K", bar_text(point));
  std::fflush(stderr);
  drawn_ = true;
  next_ = now + kInterval;
}

}  // namespace kvferry::cli
