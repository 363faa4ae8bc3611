// Shared prefixes, conversations and waiting users: who follows whom, and what caches could share.
#include "workloads/conversations.hpp"

#include "tests/workloads/trace_text.hpp"
#include "workloads/prefix_checks.hpp"
#include "workloads/workload.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace kvferry::workloads {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Ids = std::vector<std::uint64_t>;

SyntheticSpec spec_of(std::int64_t requests, const LengthDistribution& input,
                      const LengthDistribution& output = ConstantLength{10}) {
  SyntheticSpec spec;
  spec.arrivals = RenewalArrivals{ArrivalProcess::deterministic, PerSecond{1}};
  spec.lengths = IndependentLengths{input, output};
  spec.requests = requests;
  return spec;
}

SyntheticSpec with_prefixes(std::int64_t groups, std::int64_t tokens, SyntheticSpec spec) {
  spec.conversations.prefixes = SharedPrefixes{groups, tokens};
  return spec;
}

SyntheticSpec with_turns(const LengthDistribution& turns, SyntheticSpec spec) {
  spec.conversations.sessions = SessionSpec{turns, ConstantTime{Seconds{3}}};
  return spec;
}

// As the reader of traces judges block ids: their number, chain and repeats.
void expect_chained(const Workload& workload) {
  const TemporaryFile file("x");
  const TextFile text(file.path());
  PrefixChecks checks(workload.block_tokens, MissingPrefix::refuse, text);
  for (const Request& request : workload.requests) {
    TraceRow row;
    row.input_tokens = request.input_tokens;
    row.output_tokens = request.output_tokens;
    row.has_prefix_blocks = true;
    row.prefix_blocks = request.prefix_blocks;
    EXPECT_NO_THROW(checks.check(row));
  }
  EXPECT_NO_THROW(checks.check_whole_file());
}

TEST(Conversations, RequestsOfAGroupShareTheFullBlocksOfTheirPrefix) {
  // 40 tokens are two full blocks of 16 and a half; 16 + 8 = 24 suffix tokens make 64, four blocks.
  const Workload workload = make_workload(with_prefixes(1, 40, spec_of(2, ConstantLength{24})), 7);
  EXPECT_EQ(workload.block_tokens, 16);
  EXPECT_EQ(workload.requests[0].input_tokens, 64);
  EXPECT_EQ(workload.requests[0].prefix_blocks, (Ids{0, 1, 2, 3}));
  EXPECT_EQ(workload.requests[1].prefix_blocks, (Ids{0, 1, 4, 5}));
  EXPECT_EQ(workload.requests[1].session, -1);
}

TEST(Conversations, GroupsAreChosenUniformlyOrByZipf) {
  for (const double exponent : {0.0, 1.0}) {
    SyntheticSpec spec = with_prefixes(4, 16, spec_of(40'000, ConstantLength{5}));
    spec.conversations.prefixes->zipf_exponent = exponent;
    std::map<std::uint64_t, double> counts;
    for (const Request& request : make_workload(spec, 7).requests)
      ++counts[request.prefix_blocks[0]];
    ASSERT_EQ(counts.size(), 4U);
    double sum = 0;
    for (int g = 1; g <= 4; ++g) sum += std::pow(g, -exponent);
    std::vector<double> shares;
    for (const auto& [id, count] : counts) shares.push_back(count / 40'000);
    std::sort(shares.rbegin(), shares.rend());
    for (int g = 1; g <= 4; ++g) {
      const double expected = std::pow(g, -exponent) / sum;
      EXPECT_NEAR(shares[static_cast<std::size_t>(g - 1)], expected, 0.012) << exponent;
    }
  }
}

TEST(Conversations, InputsMayIncludeThePrefix) {
  SyntheticSpec spec = with_prefixes(2, 40, spec_of(3, ConstantLength{40}));
  spec.conversations.prefixes->input_counts = InputCounts::prompt;
  EXPECT_EQ(make_workload(spec, 7).requests[0].input_tokens, 40);
  spec.lengths = IndependentLengths{ConstantLength{39}, ConstantLength{1}};
  EXPECT_EQ(error_of([&] { make_workload(spec, 7); }),
            "prefixes: a prompt must be at least as long as its prefix of 40 tokens, found one of "
            "39 tokens");
}

TEST(Conversations, TheLimitHoldsForPrefixAndSuffixTogether) {
  SyntheticSpec spec = with_prefixes(1, 40, spec_of(3, ConstantLength{100}));
  spec.limits.max_input_tokens = 64;
  const Workload workload = make_workload(spec, 7);
  EXPECT_EQ(workload.requests[2].input_tokens, 64);
  EXPECT_EQ(workload.source.cut_inputs, 3);
  spec.limits.max_input_tokens = 40;
  EXPECT_EQ(error_of([&] { make_workload(spec, 7); }),
            "prefixes: the limit of the input must be above the prefix of 40 tokens, found 40");
}

TEST(Conversations, ATurnRepeatsWhatWasSaid) {
  // Prompts of 20, 20 + 10 + 20 = 50 and 80 tokens: 1, 3 and 5 full blocks of 16.
  const Workload workload =
      make_workload(with_turns(ConstantLength{3}, spec_of(6, ConstantLength{20})), 7);
  ASSERT_EQ(workload.requests.size(), 6U);
  const auto& r = workload.requests;
  EXPECT_EQ(r[1].input_tokens, 50);
  EXPECT_EQ(r[2].input_tokens, 80);
  EXPECT_EQ(r[0].prefix_blocks, (Ids{0, 1})) << "the partial block is the prompt's own";
  EXPECT_EQ(r[1].prefix_blocks, (Ids{0, 2, 3, 4}));
  EXPECT_EQ(r[2].prefix_blocks, (Ids{0, 2, 3, 5, 6}));
  EXPECT_EQ(r[3].prefix_blocks, (Ids{7, 8})) << "another conversation";
  for (std::size_t i = 0; i < 6; ++i) {
    EXPECT_EQ(r[i].session, static_cast<std::int64_t>(i / 3));
    EXPECT_EQ(r[i].after, i % 3 == 0 ? -1 : static_cast<std::int64_t>(i) - 1);
    EXPECT_EQ(r[i].think.value, i % 3 == 0 ? 0 : 3);
    EXPECT_EQ(r[i].arrival.value, i < 3 ? 0 : 1) << "of the session's start";
  }
}

TEST(Conversations, SessionsOfAGroupShareItsPrefix) {
  const SyntheticSpec spec = with_prefixes(
      1, 33,
      with_turns(UniformLength{1, 6}, spec_of(500, UniformLength{1, 90}, UniformLength{1, 40})));
  const Workload workload = make_workload(spec, 7);
  EXPECT_EQ(workload.requests.size(), 500U);
  for (const Request& request : workload.requests) {
    EXPECT_EQ(request.prefix_blocks[0], 0U);
    EXPECT_EQ(request.prefix_blocks[1], 1U);
    if (request.after < 0) continue;
    const Request& previous = workload.requests[static_cast<std::size_t>(request.after)];
    EXPECT_EQ(previous.session, request.session);
    EXPECT_GT(request.input_tokens, previous.input_tokens + previous.output_tokens);
  }
  expect_chained(workload);
}

TEST(Conversations, TurnsHaveTheirMeanAndRequestsTheirNumber) {
  const Workload workload =
      make_workload(with_turns(UniformLength{1, 9}, spec_of(50'000, ConstantLength{1})), 7);
  EXPECT_EQ(workload.requests.size(), 50'000U);
  std::set<std::int64_t> sessions;
  for (const Request& request : workload.requests) sessions.insert(request.session);
  // 5 turns on average with deviation 2.58, over 10,000 sessions.
  EXPECT_NEAR(50'000.0 / static_cast<double>(sessions.size()), 5, 4 * 2.58 / 100);
}

TEST(Conversations, TurnsBeyondTheLimitAreLeftOutWithThoseBehindThem) {
  SyntheticSpec spec = with_turns(ConstantLength{3}, spec_of(6, ConstantLength{20}));
  spec.limits.max_input_tokens = 60;
  const Workload workload = make_workload(spec, 7);
  ASSERT_EQ(workload.requests.size(), 4U);
  EXPECT_EQ(workload.source.left_out_turns, 2);
  EXPECT_THAT(workload.source.description, HasSubstr(", 2 turns beyond the limit left out"));
  EXPECT_EQ(workload.requests[3].after, 2);
}

TEST(Conversations, AddingThemDisturbsNoOtherStream) {
  const SyntheticSpec plain = spec_of(50, LogNormalLength{100, 300}, UniformLength{1, 9});
  const Workload base = make_workload(plain, 7);
  const Workload grouped = make_workload(with_prefixes(3, 64, plain), 7);
  for (std::size_t i = 0; i < 50; ++i) {
    EXPECT_EQ(grouped.requests[i].arrival, base.requests[i].arrival);
    EXPECT_EQ(grouped.requests[i].input_tokens, base.requests[i].input_tokens + 64);
    EXPECT_EQ(grouped.requests[i].output_tokens, base.requests[i].output_tokens);
  }
}

TEST(Conversations, DescriptionsStateWhatIsCounted) {
  SyntheticSpec spec =
      with_prefixes(3, 64, with_turns(ConstantLength{2}, spec_of(50, ConstantLength{20})));
  spec.conversations.prefixes->zipf_exponent = 1.1;
  EXPECT_EQ(describe(spec.conversations),
            "; prefixes: 3 groups of 64 tokens, chosen by Zipf's law of exponent 1.1, inputs "
            "follow them; sessions: turns constant 2, think time constant 3 s, prompts repeat "
            "what was said; block ids of 16 tokens");
  EXPECT_THAT(make_workload(spec, 7).source.description, HasSubstr(describe(spec.conversations)));
  EXPECT_EQ(describe(ConversationSpec{}), "");
}

TEST(Conversations, ParametersOutOfRangeAreRefused) {
  const SyntheticSpec plain = spec_of(5, ConstantLength{20});
  const auto complaint = [](const SyntheticSpec& spec) {
    return error_of([&] { make_workload(spec, 7); });
  };
  EXPECT_EQ(complaint(with_prefixes(0, 5, plain)),
            "prefixes: the number of groups must be from 1 to 10000000, found 0");
  EXPECT_EQ(complaint(with_prefixes(1, 0, plain)),
            "prefixes: the prefix must be from 1 to 2147483646 tokens, found 0");
  SyntheticSpec spec = with_prefixes(1, 5, plain);
  spec.conversations.prefixes->zipf_exponent = -1;
  EXPECT_EQ(complaint(spec),
            "prefixes: the exponent of Zipf's law must be from 0 to 100, found -1");
  spec = with_prefixes(1, 5, plain);
  spec.conversations.block_tokens = 0;
  EXPECT_EQ(complaint(spec), "prefixes: a block must have 1 to 1048576 tokens, found 0");
  EXPECT_EQ(complaint(with_turns(ConstantLength{0}, plain)),
            "lengths: turns: constant must be from 1 to 2147483647 tokens, found 0");
}

TEST(WaitingUsers, EachSendsItsOwnRequestsOneAfterTheOther) {
  SyntheticSpec spec = spec_of(5, ConstantLength{20});
  spec.arrivals = UserArrivals{2, PerSecond{4}};
  const Workload workload = make_workload(spec, 7);
  std::vector<std::int64_t> sessions;
  std::vector<std::int64_t> afters;
  for (const Request& request : workload.requests) {
    EXPECT_EQ(request.arrival.value, 0.25 * static_cast<double>(request.id));
    EXPECT_EQ(request.think.value, 0);
    sessions.push_back(request.session);
    afters.push_back(request.after);
  }
  EXPECT_THAT(sessions, ElementsAre(0, 1, 0, 1, 0));
  EXPECT_THAT(afters, ElementsAre(-1, -1, 0, 1, 2));
}

TEST(WaitingUsers, ThinkInAClosedLoop) {
  SyntheticSpec spec = spec_of(20'000, ConstantLength{20});
  spec.arrivals = ClosedLoopArrivals{10, ExponentialTime{Seconds{2}}};
  const Workload workload = make_workload(spec, 7);
  double think = 0;
  for (const Request& request : workload.requests) {
    EXPECT_EQ(request.arrival.value, 0);
    EXPECT_EQ(request.after, request.id < 10 ? -1 : request.id - 10);
    think += request.think.value;
  }
  EXPECT_NEAR(think / 19'990, 2, 4 * 2 / std::sqrt(19'990.0));
}

TEST(WaitingUsers, MeaninglessCombinationsAreRefused) {
  SyntheticSpec spec = spec_of(20, ConstantLength{20});
  spec.arrivals = ClosedLoopArrivals{10, {}};
  spec.duration = Seconds{5};
  EXPECT_EQ(error_of([&] { make_workload(spec, 7); }),
            "workload: a closed loop has no dates of its own, so that a duration of 5 s cannot "
            "end it: say how many requests");
  spec = with_turns(ConstantLength{2}, spec_of(20, ConstantLength{20}));
  spec.arrivals = UserArrivals{10, PerSecond{1}};
  EXPECT_EQ(error_of([&] { make_workload(spec, 7); }),
            "workload: users who wait for their answers and sessions cannot be combined");
}

}  // namespace
}  // namespace kvferry::workloads
