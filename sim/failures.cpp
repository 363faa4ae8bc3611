#include "sim/failures.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace kvferry::sim {

using topologies::LinkId;

namespace {

double share_left(const Remains& remains, BytesPerSecond capacity) {
  if (remains.bandwidth) return std::min(1.0, remains.bandwidth->value / capacity.value);
  return remains.share.value_or(1);
}

}  // namespace

Failures::Failures(EventLoop& loop, Transport& transport, FailurePlan plan, std::uint64_t seed,
                   OnInstance on_instance)
    : loop_(loop), transport_(transport), on_instance_(std::move(on_instance)) {
  for (Disturbance& disturbance : plan.disturbances) {
    const std::size_t i = causes_.size();
    for (const LinkId link : disturbance.target.links) links_[link].causes.push_back(i);
    if (disturbance.target.engine >= 0) engines_[disturbance.target.engine].push_back(i);
    Cause& cause = causes_.emplace_back();
    cause.what = std::move(disturbance);
    if (cause.what.mtbf) {
      const char* kind = cause.what.remains.nothing() ? "outages of " : "degradations of ";
      cause.random.emplace(seed, kind + cause.what.target.name);
    }
  }
  for (LinkBackground& traffic : plan.background) {
    links_[traffic.link].background.push_back(background_.size());
    background_.emplace_back().what = std::move(traffic);
  }
  for (std::size_t i = 0; i < causes_.size(); ++i) next_strike(i);
  for (std::size_t i = 0; i < background_.size(); ++i) schedule_step(i);
}

EventHandle Failures::at(Seconds when, std::function<void()> action) {
  if (stopped_) return {};
  return loop_.at(when, EventPriority::failure, std::move(action));
}

void Failures::next_strike(std::size_t i) {
  Cause& cause = causes_[i];
  const Seconds when =
      cause.random ? loop_.now() + *cause.what.mtbf * cause.random->exponential() : cause.what.at;
  cause.next = at(when, [this, i] { strike(i); });
}

void Failures::strike(std::size_t i) {
  Cause& cause = causes_[i];
  cause.acts = true;
  if (cause.random) {
    const Seconds repaired = loop_.now() + cause.what.mttr * cause.random->exponential();
    cause.next = at(repaired, [this, i] { mend(i); });
  } else if (cause.what.until) {
    cause.next = at(*cause.what.until, [this, i] { mend(i); });
  }
  changed(cause.what.target);
}

void Failures::mend(std::size_t i) {
  causes_[i].acts = false;
  if (causes_[i].random) next_strike(i);
  changed(causes_[i].what.target);
}

void Failures::changed(const FailureTarget& target) {
  for (const LinkId link : target.links) update_link(link);
  if (target.engine >= 0) update_engine(target.engine);
}

void Failures::update_link(LinkId link) {
  const BytesPerSecond whole = transport_.topology().links[static_cast<std::size_t>(link)].capacity;
  const LinkCauses& influences = links_.at(link);
  bool up = true;
  double share = 1;
  for (const std::size_t i : influences.causes) {
    const Cause& cause = causes_[i];
    if (!cause.acts) continue;
    up = up && !cause.what.remains.nothing();
    share *= share_left(cause.what.remains, whole);
  }
  for (const std::size_t i : influences.background) share *= background_[i].share;
  const BytesPerSecond capacity = whole * share;
  if (transport_.links()[link].capacity != capacity) transport_.set_capacity(link, capacity);
  transport_.set_up(link, up);
}

void Failures::update_engine(std::int32_t engine) {
  InstanceState state = InstanceState::up;
  for (const std::size_t i : engines_.at(engine)) {
    const Cause& cause = causes_[i];
    if (!cause.acts || state == InstanceState::gone) continue;
    state = cause.random || cause.what.until ? InstanceState::down : InstanceState::gone;
  }
  if (std::exchange(states_[engine], state) != state) on_instance_(engine, state);
}

// Dates of later laps are multiples of the period, so that rounding does not add up.
void Failures::schedule_step(std::size_t i) {
  Background& traffic = background_[i];
  const BackgroundTraffic& profile = traffic.what.traffic;
  if (traffic.step == profile.steps.size()) {
    if (!profile.period) return;
    traffic.step = 0;
    ++traffic.lap;
  }
  const Seconds begin =
      profile.period ? *profile.period * static_cast<double>(traffic.lap) : Seconds{0};
  traffic.next = at(begin + profile.steps[traffic.step].at, [this, i] { step(i); });
}

void Failures::step(std::size_t i) {
  Background& traffic = background_[i];
  traffic.share = traffic.what.traffic.steps[traffic.step++].share;
  schedule_step(i);
  update_link(traffic.what.link);
}

void Failures::stop() {
  stopped_ = true;
  for (const Cause& cause : causes_) loop_.cancel(cause.next);
  for (const Background& traffic : background_) loop_.cancel(traffic.next);
}

}  // namespace kvferry::sim
