#include "sim/encode_schedule.hpp"

#include <algorithm>

namespace kvferry::sim {

void EncodeSchedule::add(Endpoint& sender, Seconds now) {
  settle(now);
  const std::size_t count = sender.handoff->chunks.size();
  sender.encoded.resize(count);
  const bool alone = releases_.empty();
  const auto before = static_cast<std::ptrdiff_t>(releases_.size());
  for (std::size_t i = 0; i < count; ++i) {
    const Release release{std::max(now, sender.computed.computed(i + 1, count)), &sender, i};
    if (alone && sender.computed.end <= now) {
      sender.encoded[i] = encoder_.submit(now, release.work());
    } else {
      releases_.push_back(release);
    }
  }
  std::inplace_merge(releases_.begin(), releases_.begin() + before, releases_.end(),
                     [](const Release& a, const Release& b) { return a.when < b.when; });
  foresee();
  settle(now);
}

// As if the encoder were given everything at its date, on a copy of it.
void EncodeSchedule::foresee() {
  SerialResource encoder = encoder_;
  for (const Release& release : releases_)
    release.sender->encoded[release.chunk] = encoder.submit(release.when, release.work());
}

void EncodeSchedule::settle(Seconds now) {
  const auto to_come =
      std::ranges::find_if(releases_, [&](const Release& next) { return next.when > now; });
  for (auto due = releases_.begin(); due != to_come; ++due) encoder_.submit(due->when, due->work());
  releases_.erase(releases_.begin(), to_come);
}

void EncodeSchedule::forget(const Endpoint& sender, Seconds now) {
  settle(now);
  if (std::erase_if(releases_, [&](const Release& next) { return next.sender == &sender; }) > 0)
    foresee();
}

}  // namespace kvferry::sim
