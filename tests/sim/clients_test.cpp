// When clients send what, and the order in which records leave.
#include "sim/clients.hpp"

#include "sim/record_stream.hpp"
#include "tests/sim/fake_backend.hpp"
#include "tests/sim/small_system.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <vector>

namespace kvferry::sim {
namespace {

struct Sent {
  std::int64_t id;
  double due;
  double sent;
  bool operator==(const Sent&) const = default;
};

workloads::Request turn(std::int64_t id, std::int64_t after, double think_s, std::int64_t session) {
  workloads::Request next = request(id, 0, 1, 1);
  next.after = after;
  next.think = {think_s};
  next.session = session;
  return next;
}

/// A server that answers every request after the same time, however many there are.
class AlikeServer {
 public:
  AlikeServer(const std::vector<workloads::Request>& requests, std::optional<std::int64_t> limit,
              double response_s) {
    clients_ = std::make_unique<Clients>(
        loop_, requests, limit, [this, response_s](const workloads::Request& sent, Seconds due) {
          log_.push_back({sent.id, due.value, loop_.now().value});
          most_in_flight_ = std::max(most_in_flight_, ++in_flight_);
          loop_.at(loop_.now() + Seconds{response_s}, EventPriority::iteration_end, [this, &sent] {
            --in_flight_;
            sessions_over_ += clients_->ended(sent) ? 1 : 0;
          });
        });
    loop_.run();
  }
  const std::vector<Sent>& log() const { return log_; }
  int most_in_flight() const { return most_in_flight_; }
  int sessions_over() const { return sessions_over_; }
  std::size_t unsent() const { return clients_->unsent().size(); }

 private:
  FakeLoop loop_;
  std::unique_ptr<Clients> clients_;
  std::vector<Sent> log_;
  int in_flight_ = 0;
  int most_in_flight_ = 0;
  int sessions_over_ = 0;
};

TEST(Clients, AnOpenLoopSendsAtTheDatesOfArrival) {
  const std::vector requests{request(0, 0.5, 1, 1), request(1, 0.5, 1, 1), request(2, 2, 1, 1)};
  const AlikeServer server(requests, {}, 10);
  EXPECT_EQ(server.log(), (std::vector<Sent>{{0, 0.5, 0.5}, {1, 0.5, 0.5}, {2, 2, 2}}));
  EXPECT_EQ(server.unsent(), 0U);
}

// Three due at 0, 1, 2 with places for two: the third waits until the first has ended, at 10.
TEST(Clients, ACappedOpenLoopHoldsBackWhatIsDue) {
  const std::vector requests{request(0, 0, 1, 1), request(1, 1, 1, 1), request(2, 2, 1, 1),
                             request(3, 30, 1, 1)};
  const AlikeServer server(requests, 2, 10);
  EXPECT_EQ(server.log(), (std::vector<Sent>{{0, 0, 0}, {1, 1, 1}, {2, 2, 10}, {3, 30, 30}}));
  EXPECT_EQ(server.most_in_flight(), 2);
}

// Sent at 0, answered at 10; then 3 s of thought. A turn that arrives later than that is sent then.
TEST(Clients, ATurnFollowsTheEndOfTheOneBeforeAndItsThinkTime) {
  std::vector requests{request(0, 0, 1, 1), turn(1, 0, 3, 5), turn(2, 1, 3, 5)};
  requests[0].session = 5;
  requests[2].arrival = {40};
  const AlikeServer server(requests, {}, 10);
  EXPECT_EQ(server.log(), (std::vector<Sent>{{0, 0, 0}, {1, 13, 13}, {2, 40, 40}}));
  EXPECT_EQ(server.sessions_over(), 1);
}

// Two branches of one turn, in the order of the workload.
TEST(Clients, SeveralMayFollowTheSameRequest) {
  const std::vector requests{request(0, 0, 1, 1), turn(1, 0, 2, -1), turn(2, 0, 1, -1),
                             turn(3, 0, 2, -1)};
  const AlikeServer server(requests, {}, 10);
  EXPECT_EQ(server.log(), (std::vector<Sent>{{0, 0, 0}, {2, 11, 11}, {1, 12, 12}, {3, 12, 12}}));
}

// One place: the second session begins when the first has had both turns, at 10 + 3 + 10. Thinking
// keeps the place.
TEST(Clients, APlaceBelongsToASessionUntilItsLastTurnEnds) {
  std::vector requests{request(0, 0, 1, 1), request(1, 1, 1, 1), turn(2, 0, 3, 5),
                       turn(3, 1, 3, 6)};
  requests[0].session = 5;
  requests[1].session = 6;
  const AlikeServer server(requests, 1, 10);
  EXPECT_EQ(server.log(), (std::vector<Sent>{{0, 0, 0}, {2, 13, 13}, {1, 1, 23}, {3, 36, 36}}));
  EXPECT_EQ(server.sessions_over(), 2);
  EXPECT_EQ(server.most_in_flight(), 1);
}

// C clients that think for Z s and wait R s for each answer send C requests every Z + R s.
TEST(Clients, AClosedLoopSendsClientsOverThinkPlusResponse) {
  constexpr std::int64_t kClients = 7;
  constexpr std::int64_t kTurns = 50;
  std::vector<workloads::Request> requests;
  for (std::int64_t id = 0; id < kClients * kTurns; ++id) {
    requests.push_back(turn(id, id < kClients ? -1 : id - kClients, 1.5, id % kClients));
  }
  const AlikeServer server(requests, {}, 2);
  EXPECT_EQ(server.log().size(), static_cast<std::size_t>(kClients * kTurns));
  EXPECT_EQ(server.log().back().sent, (kTurns - 1) * (1.5 + 2));
  EXPECT_EQ(server.most_in_flight(), kClients);
}

// Nothing ends: the one place stays taken, and nobody's turn comes.
TEST(Clients, WhatWasNeverSentIsKnown) {
  FakeLoop loop;
  const std::vector requests{request(0, 0, 1, 1), request(1, 0, 1, 1), turn(2, 0, 1, -1)};
  Clients clients(loop, requests, 1, [](const workloads::Request&, Seconds) {});
  loop.run();
  const auto unsent = clients.unsent();
  ASSERT_EQ(unsent.size(), 2U);
  EXPECT_EQ(unsent[0]->id, 1);
  EXPECT_EQ(unsent[1]->id, 2);
}

TEST(RecordStream, PassesRecordsOnInTheOrderOfSending) {
  CollectingSink sink;
  RecordStream stream(sink);
  const std::vector requests{request(4, 0, 1, 1), request(2, 0, 1, 1), request(3, 0, 1, 1),
                             request(9, 7, 1, 1)};
  LiveRequest& first = stream.add(requests[0], {0}, {1});
  LiveRequest& second = stream.add(requests[1], {0.5}, {1});
  LiveRequest& third = stream.add(requests[2], {1}, {1});
  EXPECT_LT(first.sent_rank, second.sent_rank);
  EXPECT_LT(second.sent_rank, third.sent_rank);
  second.ended = true;
  stream.pass_on();  // the first has not ended: nothing leaves
  first.ended = true;
  third.record.preemptions = 3;
  stream.pass_on();
  stream.pass_on_all();
  stream.pass_on_unsent(requests[3]);
  const auto records = sink.take({}).records;
  ASSERT_EQ(records.size(), 4U);
  EXPECT_EQ(records[0].request_id, 4);
  EXPECT_EQ(records[1].request_id, 2);
  EXPECT_EQ(records[1].scheduled.value, 0.5);
  EXPECT_EQ(records[1].arrival.value, 1);
  EXPECT_EQ(records[2].preemptions, 3);
  EXPECT_EQ(records[3].scheduled.value, 7);
  EXPECT_EQ(records[3].arrival, kNever);
}

TEST(RecordStream, HoldsBackWhatEndedBeforeTheFirst) {
  CollectingSink sink;
  RecordStream stream(sink);
  const std::vector requests{request(0, 0, 1, 1), request(1, 0, 1, 1)};
  stream.add(requests[0], {0}, {0});
  stream.add(requests[1], {0}, {0}).ended = true;
  stream.pass_on();
  EXPECT_TRUE(sink.take({}).records.empty());
}

}  // namespace
}  // namespace kvferry::sim
