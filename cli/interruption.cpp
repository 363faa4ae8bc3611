#include "cli/interruption.hpp"

#include <cstddef>

namespace kvferry::cli {
namespace {

volatile std::sig_atomic_t noted_signal = 0;  // all that a handler may touch

void note(int signal) {
  noted_signal = signal;
}

}  // namespace

InterruptionNoted::InterruptionNoted() {
  noted_signal = 0;
  struct sigaction noting {};
  noting.sa_handler = note;  // without SA_RESTART: who waits for something is woken up
  ::sigemptyset(&noting.sa_mask);
  for (std::size_t i = 0; i < kSignals.size(); ++i) {
    ::sigaction(kSignals[i], &noting, &before_[i]);
    // What the caller wants ignored, as nohup does, stays ignored.
    if (before_[i].sa_handler == SIG_IGN) ::sigaction(kSignals[i], &before_[i], nullptr);
  }
}

InterruptionNoted::~InterruptionNoted() {
  for (std::size_t i = 0; i < kSignals.size(); ++i) ::sigaction(kSignals[i], &before_[i], nullptr);
  if (const int signal = noted_signal; signal != 0) ::raise(signal);
}

bool is_interrupted() {
  return noted_signal != 0;
}

}  // namespace kvferry::cli
