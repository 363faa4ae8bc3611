#include "sim/router.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace kvferry::sim {
namespace {

struct Load {
  std::int64_t requests = 0;
  std::int64_t tokens = 0;
  std::int64_t cached = 0;
  double kv_ready_after = 0;
};

// Instances with the loads they are given; counts how often a prompt is looked for.
struct FixedPool {
  std::vector<Load> loads;
  mutable int look_ups = 0;

  std::size_t size() const { return loads.size(); }
  std::int32_t number(std::size_t i) const { return static_cast<std::int32_t>(i); }
  std::int64_t requests(std::size_t i) const { return loads[i].requests; }
  std::int64_t tokens(std::size_t i) const { return loads[i].tokens; }
  std::int64_t cached_tokens(std::size_t i, const RoutedRequest&) const {
    ++look_ups;
    return loads[i].cached;
  }
  Seconds kv_ready_after(std::size_t i, const RoutedRequest&) const {
    return {loads[i].kv_ready_after};
  }
};

std::size_t pick(RouterPolicy policy, const std::vector<Load>& loads) {
  return Router(policy, 1, "prefill").pick({-1, 1000, {}}, FixedPool{loads});
}

std::vector<std::size_t> picks(Router& router, const FixedPool& pool, int count) {
  std::vector<std::size_t> chosen;
  for (int i = 0; i < count; ++i) chosen.push_back(router.pick({-1, 1000, {}}, pool));
  return chosen;
}

TEST(Router, RoundRobinTakesTurnsWhateverTheLoad) {
  Router router(RouterPolicy::round_robin, 1, "prefill");
  Router other(RouterPolicy::round_robin, 1, "decode");
  const FixedPool pool{{{9, 9}, {0, 0}, {5, 5}}};
  EXPECT_EQ(picks(router, pool, 5), (std::vector<std::size_t>{0, 1, 2, 0, 1}));
  EXPECT_EQ(picks(other, pool, 2), (std::vector<std::size_t>{0, 1})) << "a turn of its own";
}

TEST(Router, LeastLoadedCountsRequests) {
  EXPECT_EQ(pick(RouterPolicy::least_loaded, {{3, 1}, {2, 9000}, {2, 1}}), 1U)
      << "the first of equals, whatever their tokens";
}

TEST(Router, ShortestQueueCountsTokens) {
  EXPECT_EQ(pick(RouterPolicy::shortest_queue, {{1, 900}, {9, 800}, {1, 801}}), 1U);
  EXPECT_EQ(pick(RouterPolicy::shortest_queue, {{3, 800}, {2, 800}, {2, 800}}), 1U)
      << "of equals the one with fewer requests, then the first";
}

// Of a prompt of 1000 tokens: 900 + 1000 - 0, 1000 + 1000 - 600, 700 + 1000 - 100.
TEST(Router, PrefixAwareWeighsTheQueueAgainstWhatIsCached) {
  EXPECT_EQ(pick(RouterPolicy::prefix_aware, {{1, 900, 0}, {9, 1000, 600}, {1, 700, 100}}), 1U);
  EXPECT_EQ(pick(RouterPolicy::prefix_aware, {{3, 0, 0}, {2, 500, 500}, {2, 400, 400}}), 1U)
      << "of equals the one with fewer requests, then the first";
  EXPECT_EQ(pick(RouterPolicy::prefix_aware, {{1, 10, 0}, {0, 20, 0}}), 0U)
      << "without a cached prefix, the shortest queue";
}

TEST(Router, PrefixAwareLooksOnlyWhereItCanMatter) {
  Router router(RouterPolicy::prefix_aware, 1, "prefill");
  const FixedPool pool{{{1, 0, 999}, {1, 1, 999}, {1, 5000, 0}}};
  EXPECT_EQ(router.pick({-1, 1000, {}}, pool), 0U);
  EXPECT_EQ(pool.look_ups, 1) << "one token and an empty queue cannot be beaten from behind others";
}

// The prefix-aware choice agrees with the definition, written down without shortcuts.
TEST(Router, PrefixAwareFollowsItsDefinition) {
  RandomStream random(5, "loads");
  for (int round = 0; round < 2'000; ++round) {
    FixedPool pool;
    for (int i = 0; i < 5; ++i) {
      pool.loads.push_back({static_cast<std::int64_t>(random.below(3)),
                            static_cast<std::int64_t>(random.below(6)),
                            static_cast<std::int64_t>(random.below(4))});
    }
    constexpr std::int64_t kPrompt = 4;
    std::size_t expected = 0;
    const auto cost = [&](std::size_t i) {
      return pool.loads[i].tokens + kPrompt - pool.loads[i].cached;
    };
    for (std::size_t i = 1; i < pool.size(); ++i) {
      const bool fewer = pool.loads[i].requests < pool.loads[expected].requests;
      if (cost(i) < cost(expected) || (cost(i) == cost(expected) && fewer)) expected = i;
    }
    Router router(RouterPolicy::prefix_aware, 1, "prefill");
    ASSERT_EQ(router.pick({-1, kPrompt, {}}, pool), expected) << "round " << round;
  }
}

TEST(Router, NetworkAwareTakesTheEarliestKvReady) {
  EXPECT_EQ(pick(RouterPolicy::network_aware, {{0, 0, 0, 0.3}, {9, 9000, 0, 0.1}, {0, 0, 0, 0.2}}),
            1U)
      << "whatever the load";
  EXPECT_EQ(pick(RouterPolicy::network_aware,
                 {{3, 0, 0, 0.1}, {2, 9000, 0, 0.1}, {2, 0, 0, 0.1}, {0, 0, 0, 0.2}}),
            1U)
      << "of equals the one with fewer requests, then the first";
  const double never = std::numeric_limits<double>::infinity();
  EXPECT_EQ(pick(RouterPolicy::network_aware, {{0, 0, 0, never}, {9, 0, 0, 5}}), 1U)
      << "where no path leads nobody goes";
  EXPECT_EQ(pick(RouterPolicy::network_aware, {{1, 0, 0, never}, {0, 0, 0, never}}), 1U);
}

TEST(Router, SessionsStayWhereTheirFirstTurnWent) {
  Router router(RouterPolicy::session_sticky, 1, "prefill");
  FixedPool pool{{{1, 0}, {0, 0}, {2, 0}}};
  EXPECT_EQ(router.pick({7, 1000, {}}, pool), 1U) << "the least loaded";
  pool.loads[1].requests = 50;
  EXPECT_EQ(router.pick({7, 1000, {}}, pool), 1U) << "however loaded it is by now";
  EXPECT_EQ(router.pick({8, 1000, {}}, pool), 0U);
  EXPECT_EQ(router.pick({-1, 1000, {}}, pool), 0U) << "no session: the least loaded";
  pool.loads[0].requests = 50;
  EXPECT_EQ(router.pick({-1, 1000, {}}, pool), 2U) << "and again";
}

TEST(Router, EndedSessionsAreForgotten) {
  Router router(RouterPolicy::session_sticky, 1, "prefill");
  FixedPool pool{{{0, 0}, {1, 0}}};
  for (std::int64_t session = 0; session < 1'000; ++session) {
    router.pick({session, 1000, {}}, pool);
    router.session_ended(session);
  }
  router.pick({-1, 1000, {}}, pool);
  EXPECT_EQ(router.remembered_sessions(), 0U);
  router.pick({3, 1000, {}}, pool);
  EXPECT_EQ(router.remembered_sessions(), 1U);
  router.session_ended(3);
  pool.loads[0].requests = 2;
  EXPECT_EQ(router.pick({3, 1000, {}}, pool), 1U) << "a new session";
  Router(RouterPolicy::random, 1, "prefill").session_ended(3);
}

TEST(Router, OtherPoliciesRememberNoSession) {
  Router router(RouterPolicy::least_loaded, 1, "prefill");
  router.pick({3, 1000, {}}, FixedPool{{{0, 0}}});
  EXPECT_EQ(router.remembered_sessions(), 0U);
}

constexpr int kPicks = 100'000;

std::array<int, 4> counts(RouterPolicy policy, const std::vector<Load>& loads) {
  Router router(policy, 20260801, "prefill");
  const FixedPool pool{loads};
  std::array<int, 4> count{};
  for (int i = 0; i < kPicks; ++i) ++count[router.pick({-1, 1000, {}}, pool)];
  return count;
}

// Within four standard deviations of a binomial count, except once in 16,000.
void expect_share(int count, double share) {
  EXPECT_NEAR(count, kPicks * share, 4 * std::sqrt(kPicks * share * (1 - share)));
}

TEST(Router, RandomDrawsAllAlikeWhateverTheLoad) {
  for (const int count : counts(RouterPolicy::random, {{9, 9}, {0, 0}, {5, 5}, {7, 7}}))
    expect_share(count, 0.25);
}

// Of the 12 ordered pairs of 4 instances, 6 have the least loaded one, and 4 of the others the
// second least, 2 the third; the most loaded one loses to everybody.
TEST(Router, PowerOfTwoTakesTheBetterOfTwoDifferentOnes) {
  const auto count = counts(RouterPolicy::power_of_two, {{9, 0}, {0, 9}, {5, 5}, {7, 7}});
  expect_share(count[1], 6.0 / 12);
  expect_share(count[2], 4.0 / 12);
  expect_share(count[3], 2.0 / 12);
  EXPECT_EQ(count[0], 0);
}

TEST(Router, PowerOfTwoIsFairToEquals) {
  for (const int count : counts(RouterPolicy::power_of_two, {{1, 0}, {1, 9}, {1, 5}, {1, 7}}))
    expect_share(count, 0.25);
}

// Throwing 1000 balls into 1000 bins leaves a fullest one of about ln n / ln ln n, 3.6 and more, at
// random, and of about ln ln n / ln 2 + O(1), 2.8 and more, with two choices (Mitzenmacher 2001).
TEST(Router, TwoChoicesLevelWhatOneLeavesUneven) {
  const auto fullest = [](RouterPolicy policy) {
    Router router(policy, 20260801, "prefill");
    FixedPool pool{std::vector<Load>(1000)};
    for (int ball = 0; ball < 1000; ++ball) ++pool.loads[router.pick({-1, 1, {}}, pool)].requests;
    std::int64_t most = 0;
    for (const Load& load : pool.loads) most = std::max(most, load.requests);
    return most;
  };
  EXPECT_LE(fullest(RouterPolicy::power_of_two), 4);
  EXPECT_GE(fullest(RouterPolicy::random), 5);
}

TEST(Router, TheSameSeedAndPoolDrawTheSame) {
  const FixedPool pool{std::vector<Load>(64)};
  for (const RouterPolicy policy : {RouterPolicy::random, RouterPolicy::power_of_two}) {
    Router one(policy, 1, "prefill");
    Router same(policy, 1, "prefill");
    Router other_seed(policy, 2, "prefill");
    Router other_pool(policy, 1, "decode");
    const auto drawn = picks(one, pool, 50);
    EXPECT_EQ(drawn, picks(same, pool, 50));
    EXPECT_NE(drawn, picks(other_seed, pool, 50));
    EXPECT_NE(drawn, picks(other_pool, pool, 50));
  }
}

TEST(Router, APoolOfOneLeavesNoChoice) {
  for (const RouterPolicy policy :
       {RouterPolicy::round_robin, RouterPolicy::least_loaded, RouterPolicy::shortest_queue,
        RouterPolicy::random, RouterPolicy::power_of_two, RouterPolicy::prefix_aware,
        RouterPolicy::session_sticky, RouterPolicy::network_aware}) {
    EXPECT_EQ(pick(policy, {{3, 9}}), 0U);
  }
}

}  // namespace
}  // namespace kvferry::sim
