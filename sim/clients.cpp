#include "sim/clients.hpp"

#include <algorithm>
#include <utility>

namespace kvferry::sim {

using workloads::Request;

Clients::Clients(EventLoop& loop, std::span<const Request> requests,
                 std::optional<std::int64_t> max_concurrency, Send send)
    : loop_(loop),
      requests_(requests),
      max_concurrency_(max_concurrency),
      send_(std::move(send)),
      sent_(requests.size()) {
  link_successors();
  for (const Request& request : requests_) {
    if (request.session >= 0) ++turns_left_[request.session];
  }
  schedule_next_arrival();
}

void Clients::link_successors() {
  const bool any = std::ranges::any_of(requests_, [](const Request& r) { return r.after >= 0; });
  if (!any) return;
  first_successor_.assign(requests_.size(), -1);
  next_sibling_.assign(requests_.size(), -1);
  for (std::size_t i = requests_.size(); i-- > 0;) {
    if (requests_[i].after < 0) continue;
    std::int64_t& first = first_successor_[static_cast<std::size_t>(requests_[i].after)];
    next_sibling_[i] = std::exchange(first, static_cast<std::int64_t>(i));
  }
}

void Clients::schedule_next_arrival() {
  while (next_arrival_ < requests_.size() && requests_[next_arrival_].after >= 0) ++next_arrival_;
  if (next_arrival_ == requests_.size()) return;
  const Request& request = requests_[next_arrival_++];
  loop_.at(request.arrival, EventPriority::arrival, [this, &request] {
    due(request);
    schedule_next_arrival();
  });
}

// The turns of a session that is under way need no place of their own.
void Clients::due(const Request& request) {
  const Due now{&request, loop_.now()};
  if (!max_concurrency_ || sessions_in_flight_.contains(request.session)) {
    send(now);
    return;
  }
  wait(now);
  send_waiting();
}

// A session waits once, however many of its turns are due by then.
void Clients::wait(const Due& due) {
  const std::int64_t session = due.request->session;
  if (session >= 0) {
    const auto [turns, first] = waiting_turns_.try_emplace(session);
    if (!first) {
      turns->second.push_back(due);
      return;
    }
  }
  waiting_.push_back(due);
}

void Clients::send_waiting() {
  while (!waiting_.empty() && in_flight_ < *max_concurrency_) {
    const Due next = waiting_.front();
    waiting_.pop_front();
    ++in_flight_;
    const std::int64_t session = next.request->session;
    std::vector<Due> turns;
    if (session >= 0) {
      sessions_in_flight_.insert(session);
      turns = std::move(waiting_turns_.extract(session).mapped());
    }
    send(next);
    for (const Due& turn : turns) send(turn);
  }
}

void Clients::send(const Due& due) {
  sent_[static_cast<std::size_t>(due.request->id)] = true;
  send_(*due.request, due.date);
}

// What follows is sent in events of its own: whoever tells us is in the middle of something.
bool Clients::ended(const Request& request) {
  if (!first_successor_.empty()) schedule_successors(request);
  if (request.session < 0) {
    free_place();
    return false;
  }
  if (--turns_left_[request.session] > 0) return false;
  turns_left_.erase(request.session);
  sessions_in_flight_.erase(request.session);
  free_place();
  return true;
}

void Clients::schedule_successors(const Request& request) {
  for (std::int64_t i = first_successor_[static_cast<std::size_t>(request.id)]; i >= 0;
       i = next_sibling_[static_cast<std::size_t>(i)]) {
    const Request& next = requests_[static_cast<std::size_t>(i)];
    const Seconds date = std::max(next.arrival, loop_.now() + next.think);
    loop_.at(date, EventPriority::arrival, [this, &next] { due(next); });
  }
}

void Clients::free_place() {
  if (!max_concurrency_) return;
  --in_flight_;
  if (!waiting_.empty()) loop_.at(loop_.now(), EventPriority::arrival, [this] { send_waiting(); });
}

std::vector<const Request*> Clients::unsent() const {
  std::vector<const Request*> requests;
  for (const Request& request : requests_) {
    if (!sent_[static_cast<std::size_t>(request.id)]) requests.push_back(&request);
  }
  return requests;
}

}  // namespace kvferry::sim
