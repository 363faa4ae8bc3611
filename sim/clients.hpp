// The clients' side: when each request of a workload is sent.
//
// A request becomes due at its arrival date, or when the request it follows has ended and its think
// time has passed, whichever is later. With a bound on what clients have in flight (sessions where
// requests belong to sessions, requests otherwise) a due request may still have to wait for its
// turn, first come, first served; its record says when it was due and when it was sent.
#pragma once

#include "sim/event_loop.hpp"
#include "workloads/request.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace kvferry::sim {

class Clients {
 public:
  using Send = std::function<void(const workloads::Request& request, Seconds due)>;

  /// Schedules the first arrivals. @param requests in order of arrival; must outlive this
  Clients(EventLoop& loop, std::span<const workloads::Request> requests,
          std::optional<std::int64_t> max_concurrency, Send send);

  /// A request that was sent has finished, or was rejected. True for the last turn of a session.
  bool ended(const workloads::Request& request);

  /// Those that were never sent, by id. @pre the run is over
  std::vector<const workloads::Request*> unsent() const;

 private:
  struct Due {
    const workloads::Request* request;
    Seconds date;
  };
  void link_successors();
  void schedule_next_arrival();
  void due(const workloads::Request& request);
  void wait(const Due& due);
  void send_waiting();
  void send(const Due& due);
  void schedule_successors(const workloads::Request& request);
  void free_place();

  EventLoop& loop_;
  std::span<const workloads::Request> requests_;
  std::optional<std::int64_t> max_concurrency_;
  Send send_;
  std::size_t next_arrival_ = 0;
  std::vector<bool> sent_;
  /// By request: the first that follows it, and the next that follows the same one; -1: none. Empty
  /// when nobody follows anybody.
  std::vector<std::int64_t> first_successor_;
  std::vector<std::int64_t> next_sibling_;
  std::int64_t in_flight_ = 0;  ///< requests without a session, and sessions
  std::deque<Due> waiting_;
  std::unordered_map<std::int64_t, std::int64_t> turns_left_;  ///< of each session
  std::unordered_set<std::int64_t> sessions_in_flight_;
  /// Further turns that have become due since their session began to wait, by session.
  std::unordered_map<std::int64_t, std::vector<Due>> waiting_turns_;
};

}  // namespace kvferry::sim
