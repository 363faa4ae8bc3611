// The generators of a workload, as a scenario writes them.
#include "scenarios/load_workload.hpp"
#include "tests/scenarios/scenario_text.hpp"
#include "tests/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <variant>
#include <vector>

namespace kvferry::scenarios {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using workloads::describe;
using workloads::SyntheticSpec;
using workloads::TraceSpec;

const std::string kAnyFile = KVFERRY_TEST_FILES "/golden/smoke.yaml";

SyntheticSpec synthetic(const std::vector<Override>& overrides) {
  return std::get<SyntheticSpec>(load_scenario_text(kValid, "s.yaml", overrides).workload);
}

std::string arrivals(const std::string& yaml) {
  return describe(synthetic({{"workload.arrivals=" + yaml}}).arrivals);
}

std::string input(const std::string& yaml) {
  const auto lengths = synthetic({{"workload.lengths.input=" + yaml}}).lengths;
  return describe(std::get<workloads::IndependentLengths>(lengths).input);
}

std::string error_of(const std::string& assignment) {
  const auto errors = errors_of(kValid, {{assignment}});
  return errors.size() == 1 ? errors.front() : "not one error: " + ::testing::PrintToString(errors);
}

TEST(ReadWorkload, EveryProcessHasItsParameters) {
  EXPECT_THAT(arrivals("{process: weibull, rate: 8 /s, cv: 2}"),
              HasSubstr("weibull with cv 2, rate 8 /s"));
  EXPECT_THAT(arrivals("{process: all-at-once}"), HasSubstr("all requests at 0"));
  EXPECT_THAT(arrivals("{process: burst, high: 20 /s, low: 0 /s, high_for: 2 s, low_for: 8 s, "
                       "phase_lengths: exponential}"),
              HasSubstr("rate 20 /s for 2 s and 0 /s for 8 s (exponential"));
  EXPECT_THAT(arrivals("{process: mmpp, rate_1: 20 /s, rate_2: 1 /s, leaving_1: 0.1 /s, "
                       "leaving_2: 0.2 /s}"),
              HasSubstr("rates 20 /s and 1 /s, left at 0.1 /s and 0.2 /s"));
  EXPECT_THAT(arrivals("{process: diurnal, mean: 2 /s, peak_to_trough: 4}"),
              HasSubstr("mean rate 2 /s, peak:trough 4, period 24 h, a peak at 12 h"));
  EXPECT_THAT(arrivals("{process: ramp, from: 1 /s, to: 9 /s, over: 60 s, shape: exponential}"),
              HasSubstr("exponential poisson ramp, rate 1 /s to 9 /s over 60 s"));
  EXPECT_THAT(arrivals("{process: piecewise, phases: [{duration: 5 s, rate: 2 /s}, "
                       "{duration: 9 s, rate: 0 /s, cv: 2}]}"),
              HasSubstr("rate 2 /s with cv 1 for 5 s, rate 0 /s with cv 2 for 9 s, then none"));
  EXPECT_THAT(arrivals("{process: users, users: 4, rate: 2 /s}"), HasSubstr("4 users, rate 2 /s"));
  EXPECT_THAT(arrivals("{process: closed-loop, users: 4, think: {exponential: {mean: 2 s}}}"),
              HasSubstr("closed loop of 4 users"));
  EXPECT_THAT(arrivals("{process: closed-loop, users: 4}"), HasSubstr("think time constant 0 s"));
  EXPECT_THAT(
      arrivals("{process: closed-loop, users: 4, think: {lognormal: {median: 2 s, p90: 9 s}}}"),
      HasSubstr("lognormal with median 2 s and p90 9 s"));
}

TEST(ReadWorkload, EveryDistributionHasItsParameters) {
  EXPECT_EQ(input("{normal: {mean: 9, deviation: 2}}"),
            "normal with mean 9 and deviation 2, truncated at 1");
  EXPECT_EQ(input("{exponential: {mean: 9}}"), "exponential with mean 9");
  EXPECT_EQ(input("{zipf: {min: 1, max: 9, exponent: 1.5}}"), "zipf from 1 to 9 with exponent 1.5");
  EXPECT_EQ(input("{pareto: {min: 1, max: 9, alpha: 1.5}}"), "pareto from 1 to 9 with alpha 1.5");
  EXPECT_EQ(input("{vllm_range: {tokens: 100, ratio: 0.5}}"), "vLLM's range from 50 to 150");
  EXPECT_EQ(input("{sglang_range: {tokens: 100, ratio: 0.5}}"), "SGLang's range from 50 to 100");
  EXPECT_EQ(input("{mixture: [{weight: 3, constant: 5}, {weight: 1, uniform: {min: 1, max: 2}}]}"),
            "a mixture of 3 x (constant 5) and 1 x (uniform from 1 to 2)");
  const auto mix =
      synthetic({{"workload.lengths={mix: [{input: 9, output: 2, weight: 3}, "
                  "{input: 5, output: 1}]}"}});
  EXPECT_EQ(describe(std::get<workloads::PairMix>(mix.lengths)),
            "a mix of 3 x 9 to 2 and 1 x 5 to 1");
}

TEST(ReadWorkload, PromptsMayShareWhatTheyBeginWith) {
  const SyntheticSpec spec = synthetic(
      {{"workload.shared_prefix={groups: 3, tokens: 64, zipf_exponent: 1, input_counts: prompt}"},
       {"workload.sessions={turns: {uniform: {min: 1, max: 5}}, think: {constant: 2 s}}"},
       {"workload.block_tokens=32"}});
  EXPECT_EQ(describe(spec.conversations),
            "; prefixes: 3 groups of 64 tokens, chosen by Zipf's law of exponent 1, inputs include "
            "them; sessions: turns uniform from 1 to 5, think time constant 2 s, prompts repeat "
            "what was said; block ids of 32 tokens");
  EXPECT_FALSE(synthetic({}).conversations.prefixes);
}

TEST(ReadWorkload, ListsAreResolvedToWhatLoadsAgain) {
  const Scenario scenario = load_scenario_text(
      kValid, "s.yaml",
      {{"workload.arrivals={process: piecewise, phases: [{duration: 5 s, rate: 2 /s}]}"},
       {"workload.lengths={mix: [{input: 5, output: 1}]}"}});
  const std::string resolved = to_yaml(scenario.resolved);
  EXPECT_THAT(resolved, HasSubstr("- duration: 5 s\n        rate: 2 /s\n        cv: 1"));
  const Scenario again = load_scenario_text(resolved, "s.yaml", {});
  EXPECT_EQ(to_yaml(again.resolved), resolved);
  EXPECT_EQ(describe(std::get<SyntheticSpec>(again.workload).arrivals),
            describe(std::get<SyntheticSpec>(scenario.workload).arrivals));
}

TEST(ReadWorkload, FaultsNameTheirKeyAndWhatIsAllowed) {
  const std::string at = "--set ";
  const auto expect_error = [&](const std::string& assignment, const std::string& message) {
    EXPECT_EQ(error_of(assignment), at + assignment + ": error: " + message);
  };
  expect_error("workload.arrivals={process: closed-loop, users: 0}",
               "key 'workload.arrivals.users': expected a whole number from 1 to 1000000000, "
               "found '0'");
  expect_error("workload.arrivals={process: closed-loop, users: 2, rate: 5 /s}",
               "unknown key 'workload.arrivals.rate'; valid keys: process, think, users");
  expect_error("workload.arrivals={process: poison, rate: 5 /s}",
               "key 'workload.arrivals.process': unknown process 'poison' (did you mean "
               "'poisson'?); allowed: poisson, deterministic, gamma, weibull, all-at-once, burst, "
               "mmpp, diurnal, ramp, piecewise, users, closed-loop");
  expect_error("workload.arrivals={process: diurnal, mean: 2 /s, peak_to_trough: 0.5}",
               "key 'workload.arrivals.peak_to_trough': expected a number of at least 1 and at "
               "most 1e+06, found '0.5'");
  expect_error("workload.arrivals={process: diurnal, mean: 2 /s, peak_to_trough: 2, period: 0 s}",
               "key 'workload.arrivals.period': must be above zero, found '0 s'");
  expect_error(
      "workload.arrivals={process: burst, high: 1 /s, low: 2 /s, high_for: 1 s, "
      "low_for: 1 s}",
      "key 'workload.arrivals.low': must not be above high");
  expect_error(
      "workload.arrivals={process: mmpp, rate_1: 1 /s, rate_2: 1 /s, leaving_1: 0 /s, "
      "leaving_2: 1 /s}",
      "key 'workload.arrivals.leaving_1': must be above zero, found '0 /s'");
  expect_error("workload.arrivals={process: gamma, rate: 1 /s, cv: -1}",
               "key 'workload.arrivals.cv': expected a number of at least 0 and at most 100, "
               "found '-1'");
  expect_error("workload.arrivals={process: piecewise, phases: []}",
               "key 'workload.arrivals.phases': expected a list of mappings, found an empty one");
  expect_error("workload.arrivals={process: piecewise, phases: {rate: 1 /s}}",
               "key 'workload.arrivals.phases': expected a list of mappings, found a mapping");
  expect_error("workload.arrivals={process: piecewise, phases: [5]}",
               "key 'workload.arrivals.phases[0]': expected a mapping, found '5'");
  expect_error("workload.arrivals={process: piecewise, phases: [{duration: 5 s, rate: x}]}",
               "key 'workload.arrivals.phases[0].rate': expected a rate such as '12 /s' or '90 "
               "/min', found 'x'");
  expect_error("workload.lengths.input={vllm_range: {tokens: 9, ratio: 1}}",
               "key 'workload.lengths.input.vllm_range.ratio': must be below 1 (vLLM's range is "
               "around the length)");
  expect_error("workload.lengths.input={mixture: [{weight: 0, constant: 5}]}",
               "key 'workload.lengths.input.mixture': at least one weight must be above zero");
  expect_error(
      "workload.lengths.input={mixture: [{weight: -1, constant: 5}, {weight: 1, constant: 5}]}",
      "key 'workload.lengths.input.mixture[0].weight': expected a number of at least 0 "
      "and at most 1e+09, found '-1'");
  expect_error("workload.lengths={mix: [{input: 5, output: 1, weight: 0}]}",
               "key 'workload.lengths.mix': at least one weight must be above zero");
  expect_error("workload.block_tokens=16",
               "key 'workload.block_tokens': only shared_prefix and sessions name blocks");
}

TEST(ReadWorkload, TracesAreChangedByName) {
  const SeededWorkload workload =
      trace_workload(kAnyFile, "azure",
                     {{"dequantize=3 s"},
                      {"dequantize_spread=uniform"},
                      {"thin_to=0.5"},
                      {"loop={laps: 2}"},
                      {"superpose={copies: 3, shift: 90 s, shared_blocks: 1}"},
                      {"requests=5"},
                      {"seed=9"}});
  const auto& trace = std::get<TraceSpec>(workload.spec);
  EXPECT_EQ(describe(trace.changes),
            ", equal dates spread uniformly over 3 s, thinned to 50 %, looped: 2 laps with blocks "
            "of their own, superposed: 3 copies 90 s apart that share the first 1 blocks");
  EXPECT_EQ(trace.path, kAnyFile);
  EXPECT_EQ(trace.options.max_requests, 5);
  EXPECT_EQ(workload.seed, 9U);
}

TEST(ReadWorkload, FaultsOfTraceOptionsNameTheOption) {
  const auto errors = [](const std::string& assignment) {
    try {
      trace_workload(kAnyFile, "azure", {{assignment}});
    } catch (const InputError& error) {
      return error.messages();
    }
    return std::vector<std::string>{"no error"};
  };
  EXPECT_THAT(errors("thin_to=0"),
              ElementsAre("--set workload.trace.thin_to=0: error: key 'workload.trace.thin_to': "
                          "expected a number above 0 and at most 1, found '0'"));
  EXPECT_THAT(errors("dequantize_spread=even"), ElementsAre(HasSubstr("needs dequantize")));
  EXPECT_THAT(errors("dequantise=3 s"), ElementsAre(HasSubstr("did you mean 'dequantize'")));
}

TEST(ReadWorkload, AFileNeedsNothingButItsWorkload) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "w.yaml";
  write_text(path,
             "workload: {arrivals: {process: all-at-once}, lengths: {input: {constant: 5}, "
             "output: {constant: 1}}, requests: 3}\nmodel: nobody-looks-at-this\n");
  const SeededWorkload workload = load_workload(path.string(), {{"workload.requests=4"}});
  EXPECT_EQ(workload.seed, 1U);
  EXPECT_EQ(std::get<SyntheticSpec>(workload.spec).requests, 4);
}

}  // namespace
}  // namespace kvferry::scenarios
