// The `failures` section: what it may say, and what is said of the rest, to the letter.
#include "tests/scenarios/scenario_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace kvferry::scenarios {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string with(const std::string& failures) {
  return kValid + "failures:\n" + failures;
}

// A scenario whose only fault is one of its failures. The valid scenario has 11 lines.
std::string fault_of(const std::string& failures) {
  const auto errors = errors_of(with(failures));
  return errors.size() == 1 ? errors.front() : "not one error: " + ::testing::PrintToString(errors);
}

TEST(Failures, AreReadAsTheyAreWritten) {
  const Scenario scenario =
      load_scenario_text(with("  stated:\n"
                              "    - {link: nic0-out, at: 1 s, for: 2 s}\n"
                              "    - {nic: prefill.1.0, at: 1 s, until: 4 s, share: 0.25}\n"
                              "    - {link: nic0-out, at: 2 s, for: 2 s, bandwidth: 1 GB/s}\n"
                              "    - {instance: decode.0, at: 5 s}\n"
                              "  random:\n"
                              "    - {instance: prefill, mtbf: 100 s, mttr: 5 s}\n"
                              "  background:\n"
                              "    - {link: nic8-in, steps: [{at: 0 s, share: 1}, {at: 3 s, share: "
                              "0.5}], period: 6 s}\n"
                              "  max_restarts: 7\n"),
                         "s.yaml", {});
  const sim::FailureConfig& failures = scenario.system.failures;
  ASSERT_EQ(failures.stated.size(), 4U);
  EXPECT_EQ(failures.stated[0].element.kind, sim::ElementKind::link);
  EXPECT_EQ(failures.stated[0].element.name, "nic0-out");
  EXPECT_EQ(failures.stated[0].until->value, 3);
  EXPECT_TRUE(failures.stated[0].remains.nothing());
  EXPECT_EQ(failures.stated[1].element.kind, sim::ElementKind::nic);
  EXPECT_EQ(failures.stated[1].until->value, 4);
  EXPECT_EQ(failures.stated[1].remains.share, 0.25);
  EXPECT_EQ(failures.stated[2].remains.bandwidth->value, 1e9);
  EXPECT_EQ(failures.stated[3].element.kind, sim::ElementKind::instance);
  EXPECT_FALSE(failures.stated[3].until.has_value());
  ASSERT_EQ(failures.random.size(), 1U);
  EXPECT_EQ(failures.random[0].mtbf.value, 100);
  EXPECT_EQ(failures.random[0].mttr.value, 5);
  ASSERT_EQ(failures.background.size(), 1U);
  EXPECT_EQ(failures.background[0].steps[1].share, 0.5);
  EXPECT_EQ(failures.background[0].period->value, 6);
  EXPECT_EQ(failures.max_restarts, 7);
}

TEST(Failures, UnknownNamesAreRefusedWithTheNearest) {
  EXPECT_EQ(fault_of("  stated: [{link: nic0-ot, at: 1 s}]\n"),
            "s.yaml:13:19: error: key 'failures.stated[0].link': unknown link 'nic0-ot' (did you "
            "mean 'nic0-out'?); the topology has 64 links, such as 'nvlink0-out'");
  EXPECT_EQ(fault_of("  stated: [{instance: decod.0, at: 1 s}]\n"),
            "s.yaml:13:23: error: key 'failures.stated[0].instance': unknown pool 'decod' (did you "
            "mean 'decode'?); allowed: prefill, decode");
  EXPECT_EQ(fault_of("  stated: [{instance: prefill.2, at: 1 s}]\n"),
            "s.yaml:13:23: error: key 'failures.stated[0].instance': found 'prefill.2', but the "
            "pool has instances 0 to 1");
  EXPECT_EQ(fault_of("  stated: [{instance: prefill.0.0, at: 1 s}]\n"),
            "s.yaml:13:23: error: key 'failures.stated[0].instance': expected POOL or "
            "POOL.INSTANCE, such as decode.0, found 'prefill.0.0'");
  EXPECT_EQ(fault_of("  random: [{nic: decode.0.1, mtbf: 1 s, mttr: 1 s}]\n"),
            "s.yaml:13:18: error: key 'failures.random[0].nic': found 'decode.0.1', but the "
            "instance has GPUs 0 to 0");
  EXPECT_EQ(fault_of("  background: [{link: nic, steps: [{at: 1 s, share: 1}]}]\n"),
            "s.yaml:13:23: error: key 'failures.background[0].link': unknown link 'nic' (did you "
            "mean 'nic0-in'?); the topology has 64 links, such as 'nvlink0-out'");
}

TEST(Failures, ATopologyWithoutNicsSaysWhatToName) {
  const std::string text =
      replaced(with("  stated: [{nic: decode, at: 1 s}, {link: forward, at: 1 s}]\n"), "two-tier",
               "point-to-point");
  EXPECT_THAT(errors_of(text),
              ElementsAre("s.yaml:13:18: error: key 'failures.stated[0].nic': the topology "
                          "point-to-point has no NICs: name a link instead",
                          "s.yaml:13:43: error: key 'failures.stated[1].link': unknown link "
                          "'forward' (did you mean 'link-forward'?); allowed: link-forward, "
                          "link-backward"));
}

TEST(Failures, ADurationThatIsNoneIsOneFault) {
  EXPECT_EQ(fault_of("  stated: [{link: nic0-out, at: 3 s, for: -2 s}]\n"),
            "s.yaml:13:43: error: key 'failures.stated[0].for': must be above zero, found '-2 s'");
}

// The NICs have 100 Gbit/s, 12.5 GB/s.
TEST(Failures, NoMoreBandwidthIsLeftThanThereIs) {
  EXPECT_EQ(fault_of("  stated: [{link: nic0-out, at: 3 s, bandwidth: 50 GB/s}]\n"),
            "s.yaml:13:49: error: key 'failures.stated[0].bandwidth': expected at most what the "
            "link carries, 12.5 GB/s, found '50 GB/s'");
  EXPECT_NO_THROW(load(with("  stated: [{nic: prefill, at: 3 s, bandwidth: 100 Gbit/s}]\n")));
}

// A run would be busy with nothing else.
TEST(Failures, DoNotFollowOneAnotherWithinAMillisecond) {
  EXPECT_EQ(
      fault_of("  random: [{link: nic0-out, mtbf: 1 ns, mttr: 1 s}]\n"),
      "s.yaml:13:35: error: key 'failures.random[0].mtbf': must be at least 1 ms, found 1 ns");
  EXPECT_EQ(
      fault_of("  random: [{link: nic0-out, mtbf: 1 s, mttr: 1 us}]\n"),
      "s.yaml:13:46: error: key 'failures.random[0].mttr': must be at least 1 ms, found 1 us");
  EXPECT_EQ(
      fault_of("  background: [{link: nic0-out, steps: [{at: 0 s, share: 0.5}], period: 1 us}]\n"),
      "s.yaml:13:73: error: key 'failures.background[0].period': must be at least 1 ms, found "
      "1 us");
}

TEST(Failures, TimesMustBeInOrder) {
  EXPECT_EQ(
      fault_of("  stated: [{link: nic0-out, at: 3 s, until: 2 s}]\n"),
      "s.yaml:13:45: error: key 'failures.stated[0].until': must be after at, 3 s, found 2 s");
  EXPECT_EQ(fault_of("  stated: [{link: nic0-out, at: -3 s}]\n").substr(0, 16), "s.yaml:13:33: er");
  EXPECT_EQ(
      fault_of("  background: [{link: nic0-out, steps: [{at: 2 s, share: 1}, {at: 2 s, share: "
               "0.5}]}]\n"),
      "s.yaml:13:67: error: key 'failures.background[0].steps[1].at': must be after the step "
      "before, 2 s, found 2 s");
  EXPECT_EQ(
      fault_of("  background: [{link: nic0-out, steps: [{at: 2 s, share: 1}], period: 2 s}]\n"),
      "s.yaml:13:71: error: key 'failures.background[0].period': must be above the last step's "
      "date, 2 s, found 2 s");
}

TEST(Failures, OutagesOfOneElementMustNotOverlap) {
  EXPECT_EQ(fault_of("  stated:\n"
                     "    - {nic: prefill.0.0, at: 1 s, for: 5 s}\n"
                     "    - {nic: prefill.0, at: 5 s, for: 5 s}\n"),
            "s.yaml:15:13: error: key 'failures.stated[1].nic': 'prefill.0' from 5 s to 10 s "
            "overlaps an earlier item that has it from 1 s to 6 s");
  EXPECT_EQ(fault_of("  stated: [{instance: decode.0, at: 1 s}, {instance: decode, at: 5 s}]\n"),
            "s.yaml:13:54: error: key 'failures.stated[1].instance': 'decode' from 5 s on overlaps "
            "an earlier item that has it from 1 s on");
  EXPECT_THAT(errors_of(with("  stated:\n"
                             "    - {link: nic0-out, at: 1 s, for: 1 s}\n"
                             "    - {link: nic0-out, at: 2 s, for: 1 s}\n"
                             "    - {link: nic0-out, at: 1 s, for: 5 s, share: 0.5}\n")),
              ElementsAre("no error"))
      << "one ends when the next begins, and a degraded link may fail";
  EXPECT_EQ(
      fault_of("  random: [{instance: decode, mtbf: 9 s, mttr: 1 s}, {instance: decode.0, mtbf: "
               "9 s, mttr: 1 s}]\n"),
      "s.yaml:13:65: error: key 'failures.random[1].instance': 'decode.0' has an earlier item "
      "of this kind");
}

TEST(Failures, SharesAreAboveZeroAndAtMostOne) {
  for (const char* share : {"0", "1.5", "-1"}) {
    EXPECT_THAT(
        fault_of("  stated: [{link: nic0-out, at: 3 s, share: " + std::string(share) + "}]\n"),
        HasSubstr("s.yaml:13:45: error: key 'failures.stated[0].share': "));
  }
  EXPECT_EQ(fault_of("  stated: [{instance: decode, at: 3 s, share: 0.5}]\n"),
            "s.yaml:13:47: error: key 'failures.stated[0].share': an instance fails as a whole");
  EXPECT_EQ(fault_of("  stated: [{link: nic0-out, at: 3 s, share: 0.5, bandwidth: 1 GB/s}]\n"),
            "s.yaml:13:61: error: key 'failures.stated[0].bandwidth': share and bandwidth say the "
            "same: expected one of them");
}

TEST(Failures, EachItemNamesOneElementAndOneEnd) {
  EXPECT_EQ(fault_of("  stated: [{at: 3 s}]\n"),
            "s.yaml:13:12: error: key 'failures.stated[0]': expected exactly one of link, nic, "
            "instance");
  EXPECT_EQ(fault_of("  stated: [{link: nic0-out, at: 3 s, for: 1 s, until: 4 s}]\n"),
            "s.yaml:13:55: error: key 'failures.stated[0].until': for and until say the same: "
            "expected one of them");
}

TEST(Failures, WhatLiesBehindTheHorizonIsRefused) {
  EXPECT_THAT(errors_of(with("  stated: [{link: nic0-out, at: 3 s}]\n"), {{"horizon=3 s"}}),
              ElementsAre("s.yaml:13:33: error: key 'failures.stated[0].at': 3 s is not before the "
                          "horizon, 3 s: it would never happen"));
}

TEST(Failures, OfAFaultySystemAreReadAllTheSame) {
  EXPECT_THAT(
      errors_of(with("  stated: [{link: nowhere, at: 3 s, share: 2}]\n"), {{"model=llama-3.1-8"}}),
      ElementsAre(HasSubstr("share"), HasSubstr("unknown model")));
}

}  // namespace
}  // namespace kvferry::scenarios
