// When clients send what has become due, with a bound on the sessions in progress.
#include "sim/clients.hpp"

#include "tests/sim/fake_backend.hpp"
#include "tests/sim/small_system.hpp"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace kvferry::sim {
namespace {

using Sent = std::vector<std::pair<std::int64_t, double>>;  // request, date

workloads::Request turn(std::int64_t id, double arrival_s, std::int64_t session) {
  workloads::Request turn = request(id, arrival_s, 100, 2);
  turn.session = session;
  return turn;
}

// Every request takes `service` seconds, whatever else is in progress.
Sent send_all(const std::vector<workloads::Request>& requests, std::int64_t max_concurrency,
              double service) {
  FakeLoop loop;
  Sent sent;
  Clients* clients = nullptr;
  Clients all(loop, requests, max_concurrency, [&](const workloads::Request& request, Seconds) {
    sent.emplace_back(request.id, loop.now().value);
    loop.at(loop.now() + Seconds{service}, EventPriority::iteration_end,
            [&clients, &request] { clients->ended(request); });
  });
  clients = &all;
  loop.run();
  EXPECT_TRUE(all.unsent().empty());
  return sent;
}

// Session 2 waits for session 1 to end at 10 s; by then three of its turns are due, as turns that
// wait for nobody are. They are sent together and take one place, which is free again at 20 s.
TEST(ClientSessions, ASessionOfWhichSeveralTurnsAreDueTakesOnePlace) {
  const std::vector<workloads::Request> requests{turn(0, 0, 1), turn(1, 1, 2), turn(2, 2, 2),
                                                 turn(3, 3, 2), turn(4, 4, 3)};
  EXPECT_EQ(send_all(requests, 1, 10), (Sent{{0, 0}, {1, 10}, {2, 10}, {3, 10}, {4, 20}}));
}

TEST(ClientSessions, TurnsOfASessionInProgressNeedNoPlace) {
  const std::vector<workloads::Request> requests{turn(0, 0, 1), turn(1, 1, 2), turn(2, 2, 1)};
  EXPECT_EQ(send_all(requests, 1, 10), (Sent{{0, 0}, {2, 2}, {1, 12}}));
}

TEST(ClientSessions, RequestsWithoutASessionTakeAPlaceEach) {
  const std::vector<workloads::Request> requests{turn(0, 0, -1), turn(1, 1, -1), turn(2, 2, -1)};
  EXPECT_EQ(send_all(requests, 2, 10), (Sent{{0, 0}, {1, 1}, {2, 10}}));
}

}  // namespace
}  // namespace kvferry::sim
