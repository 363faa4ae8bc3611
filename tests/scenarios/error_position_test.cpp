// Every message to the letter: they are a product surface.
#include "sim/base/random.hpp"
#include "tests/scenarios/scenario_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace kvferry::scenarios {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(ErrorPosition, UnknownKeysNameTheNearestOne) {
  EXPECT_EQ(
      error_of("seed: 3", "sede: 3"),
      "s.yaml:2:1: error: unknown key 'sede' (did you mean 'seed'?); valid keys: codec, decode, "
      "failures, first_token, horizon, kv_type, mixed, mode, model, name, network, prefill, "
      "router, seed, "
      "slo, stack, transfer, "
      "warmup, "
      "weights, workload");
  EXPECT_THAT(
      error_of("link_bandwidth: 100 Gbit/s", "link_bandwidth: 1 GB/s, latency: 2 us"),
      StartsWith(
          "s.yaml:6:55: error: unknown key 'network.latency' (did you mean 'link_latency'?)"));
}

TEST(ErrorPosition, DuplicateKeysAreRefused) {
  EXPECT_EQ(error_of("seed: 3\n", "seed: 3\nseed: 4\n"),
            "s.yaml:3:1: error: duplicate key 'seed': each key may appear once");
}

TEST(ErrorPosition, UnitsAreRequired) {
  EXPECT_EQ(error_of("100 Gbit/s", "100"),
            "s.yaml:6:47: error: key 'network.link_bandwidth': expected a data rate such as '100 "
            "Gbit/s' or "
            "'25 GB/s', found the bare number '100'");
  EXPECT_THAT(error_of("100 Gbit/s", "100 Gbps"),
              HasSubstr("unknown unit 'Gbps' (did you mean 'Gbit/s'?)"));
}

TEST(ErrorPosition, QuantitiesMustBeAboveZero) {
  EXPECT_EQ(error_of("8 /s", "-8 /s"),
            "s.yaml:9:38: error: key 'workload.arrivals.rate': must be above zero, found '-8 /s'");
  EXPECT_EQ(error_of("100 Gbit/s", "0 GB/s"),
            "s.yaml:6:47: error: key 'network.link_bandwidth': must be above zero, found '0 GB/s'");
}

TEST(ErrorPosition, NamesOfTheCatalogAreSuggested) {
  EXPECT_THAT(error_of("llama-3.1-8b", "llama-3-8b"),
              StartsWith("s.yaml:3:8: error: key 'model': unknown model 'llama-3-8b' (did you mean "
                         "'llama-3.1-8b'?); allowed: llama-2-7b,"));
  EXPECT_EQ(error_of("gpu: h100-sxm", "gpu: h100"),
            "s.yaml:4:30: error: key 'prefill.gpu': unknown gpu 'h100' (did you mean 'h100-sxm'?); "
            "allowed: "
            "a100-sxm-80gb, h100-sxm, h200-sxm, b200-sxm, l40s, a100-sxm-40gb, a100-pcie-80gb, "
            "h100-pcie-80gb, a40, t4, mi300x");
  EXPECT_EQ(error_of("splitzip", "zipsplit"),
            "s.yaml:7:19: error: key 'transfer.codec': unknown codec 'zipsplit'; allowed: none, "
            "splitzip, adaptive");
}

TEST(ErrorPosition, RouterPoliciesAreSuggested) {
  EXPECT_EQ(
      error_of("seed: 3", "seed: 3\nrouter: {prefill: prefix-awar}"),
      "s.yaml:3:19: error: key 'router.prefill': unknown router policy 'prefix-awar' (did you "
      "mean 'prefix-aware'?); allowed: least-loaded, round-robin, shortest-queue, random, "
      "power-of-two, prefix-aware, session-sticky");
}

TEST(ErrorPosition, ThePathToADecodeInstanceIsNoReasonForAPrefillInstance) {
  EXPECT_EQ(error_of("seed: 3", "seed: 3\nrouter: {prefill: network-aware}"),
            "s.yaml:3:19: error: key 'router.prefill': 'network-aware' compares the paths from the "
            "instance that computed the prompt: it is a policy of router.decode");
  EXPECT_EQ(error_of("seed: 3", "seed: 3\nrouter: {decode: network-aware}"), "no error");
}

TEST(ErrorPosition, AKindOfInstancesMayHaveAnyName) {
  EXPECT_THAT(errors_of(kValid, {{"prefill.more={base: {instances: 1}, name: {instances: 1}}"}}),
              ElementsAre("no error"));
}

TEST(ErrorPosition, NumbersHaveTheirRange) {
  EXPECT_EQ(error_of("instances: 2", "instances: 0"),
            "s.yaml:4:22: error: key 'prefill.instances': expected a whole number from 1 to 4096, "
            "found '0'");
  EXPECT_EQ(error_of("instances: 2", "instances: 2.5"),
            "s.yaml:4:22: error: key 'prefill.instances': expected a whole number from 1 to 4096, "
            "found '2.5'");
  EXPECT_EQ(error_of("requests: 10", "requests: many"),
            "s.yaml:11:13: error: key 'workload.requests': expected a whole number from 1 to "
            "1000000000, found "
            "'many'");
  EXPECT_EQ(
      error_of("seed: 3", "seed: -1"),
      "s.yaml:2:7: error: key 'seed': expected a whole number from 0 to 2^64 - 1, found '-1'");
  EXPECT_EQ(error_of_override("decode.kv_memory_fraction=1.01"),
            "--set decode.kv_memory_fraction=1.01: error: key 'decode.kv_memory_fraction': "
            "expected a number "
            "above 0 and at most 1, found '1.01'");
}

TEST(ErrorPosition, TheKindOfAValueIsChecked) {
  EXPECT_EQ(error_of("seed: 3", "seed: [3]"),
            "s.yaml:2:7: error: key 'seed': expected a single value, found a list");
  EXPECT_EQ(error_of("seed: 3", "seed:"),
            "s.yaml:2:1: error: key 'seed': expected a single value, found nothing");
  EXPECT_EQ(error_of("transfer: {codec: splitzip}", "transfer: splitzip"),
            "s.yaml:7:11: error: key 'transfer': expected a mapping, found 'splitzip'");
}

TEST(ErrorPosition, MissingKeysAreNamedWithTheirSection) {
  EXPECT_EQ(error_of("model: llama-3.1-8b\n", ""), "s.yaml:1:1: error: missing key 'model'");
  EXPECT_EQ(error_of(", gpu: h100-sxm}\ndecode", "}\ndecode"),
            "s.yaml:4:1: error: missing key 'prefill.gpu'");
  EXPECT_EQ(error_of("decode: {instances: 1, gpu: h100-sxm}\n", ""),
            "s.yaml:1:1: error: missing key 'decode'");
}

TEST(ErrorPosition, ExactlyOneKindOfLengthIsStated) {
  EXPECT_EQ(error_of("{constant: 1000}", "{constant: 5, uniform: {min: 1, max: 2}}"),
            "s.yaml:10:20: error: key 'workload.lengths.input': expected exactly one of constant, "
            "uniform, lognormal, normal, exponential, zipf, pareto, vllm_range, sglang_range, "
            "mixture");
  EXPECT_EQ(error_of("{constant: 1000}", "{uniform: {min: 7, max: 2}}"),
            "s.yaml:10:44: error: key 'workload.lengths.input.uniform.max': must be at least min, "
            "found 2");
  EXPECT_EQ(
      error_of("{constant: 1000}", "{lognormal: {median: 7, p90: 7}}"),
      "s.yaml:10:49: error: key 'workload.lengths.input.lognormal.p90': must be above the median");
}

TEST(ErrorPosition, AWorkloadIsATraceOrGenerated) {
  const auto errors =
      errors_of(kValid, {{"workload.trace={format: azure, path: " + kSomeFile + "}"}});
  EXPECT_THAT(
      errors,
      ElementsAre("s.yaml:9:13: error: key 'workload.arrivals': a workload has either a trace, or "
                  "arrivals and lengths",
                  "s.yaml:10:12: error: key 'workload.lengths': a workload has either a trace, or "
                  "arrivals and lengths"));
}

TEST(ErrorPosition, APayloadIsSyntheticOrAFile) {
  EXPECT_EQ(error_of_override("codec.payload.path=/nowhere/kv.safetensors"),
            "--set codec.payload.path=/nowhere/kv.safetensors: error: key 'codec.payload.path': no "
            "such file: '/nowhere/kv.safetensors'");
  const std::string both = "codec.payload={synthetic: llama-3.1-8b, path: " + kSomeFile + "}";
  EXPECT_EQ(error_of_override(both), "--set " + both +
                                         ": error: key 'codec.payload.synthetic': a payload is "
                                         "either synthetic or a file");
}

TEST(ErrorPosition, KeysWithoutEffectAreRefused) {
  EXPECT_EQ(
      error_of_override("codec.ratio=2"),
      "--set codec.ratio=2: error: key 'codec.ratio': has an effect only with timing: constant");
}

TEST(ErrorPosition, AllFaultsAppearTogetherInFileOrderAndOverridesLast) {
  std::string text = replaced(kValid, "seed: 3", "seed: x");
  text = replaced(text, "8 /s", "8");
  text = replaced(text, "two-tier", "three-tier");
  const auto errors = errors_of(text, {{"transfer.overlap=always"}});
  EXPECT_THAT(errors, ElementsAre(StartsWith("s.yaml:2:7:"), StartsWith("s.yaml:6:21:"),
                                  StartsWith("s.yaml:9:38:"),
                                  StartsWith("--set transfer.overlap=always:")));
}

TEST(ErrorPosition, TextThatIsNotYamlIsRefusedWithItsPlace) {
  EXPECT_THAT(errors_of("name: [1, 2\nseed: 3\n").front(), StartsWith("s.yaml:2:"));
  EXPECT_THAT(errors_of("name: {a: 1\n").front(), HasSubstr("this is not valid YAML"));
  EXPECT_EQ(errors_of("").front(),
            "s.yaml:1:1: error: expected a mapping of keys to values, found nothing");
  EXPECT_EQ(errors_of("- a\n- b\n").front(),
            "s.yaml:1:1: error: expected a mapping of keys to values, found a list");
  EXPECT_THAT(errors_of(kValid + "---\nname: second\n").front(),
              HasSubstr("expected one YAML document, found a second"));
}

TEST(ErrorPosition, OverridesMustBeWellFormed) {
  EXPECT_EQ(error_of_override("seed"), "--set seed: error: expected key.path=value");
  EXPECT_EQ(error_of_override("=5"), "--set =5: error: expected key.path=value");
  EXPECT_EQ(error_of_override("prefill..gpu=x"),
            "--set prefill..gpu=x: error: a key is missing between two dots");
  EXPECT_EQ(error_of_override("model.layers=3"),
            "--set model.layers=3: error: 'layers' cannot be set inside 'llama-3.1-8b'; "
            "give the whole mapping, such as {base: NAME, layers: ...}");
  EXPECT_THAT(error_of_override("seed=[1"), HasSubstr("the value is not valid YAML"));
}

TEST(ErrorPosition, AMissingScenarioAndAFolderAreRefused) {
  EXPECT_THROW(load_scenario("/nowhere/s.yaml", {}), InputError);
  EXPECT_THROW(load_scenario("/", {}), InputError);
}

// Whatever the bytes, a scenario loads or is refused with a message; nothing else happens.
TEST(ErrorPosition, MutatedScenariosLoadOrAreRefused) {
  RandomStream random(1, "mutants");
  for (int i = 0; i < 3000; ++i) {
    std::string text = kValid;
    for (std::uint64_t edit = 0; edit <= random.below(3); ++edit) {
      const std::size_t at = random.below(text.size());
      switch (random.below(4)) {
        case 0:
          text[at] = static_cast<char>(random.next_word());
          break;
        case 1:
          text.erase(at, 1 + random.below(20));
          break;
        case 2:
          text.insert(at, text.substr(random.below(text.size()), 1 + random.below(20)));
          break;
        default:
          text.insert(at, std::string(1 + random.below(400), '9'));
          break;
      }
    }
    for (const std::string& error : errors_of(text)) {
      ASSERT_TRUE(error == "no error" || error.find(": error: ") != std::string::npos) << error;
    }
  }
}

TEST(ErrorPosition, DeepNestingIsRefused) {
  const auto errors = errors_of("a: " + std::string(100'000, '['));
  EXPECT_THAT(errors.front(), HasSubstr("error"));
  EXPECT_THAT(errors_of("a: " + std::string(100, '[') + std::string(100, ']')).front(),
              HasSubstr("nested more than 64 levels deep"));
}

TEST(ErrorPosition, AliasesCanNeitherLoopNorMultiplyWithoutEnd) {
  EXPECT_THAT(errors_of("name: x\na: &a {b: *a}\n").front(), HasSubstr("error"));
  std::string bomb = "a0: &a0 [1, 1]\n";
  for (int i = 1; i < 40; ++i) {
    const std::string previous = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + previous + ", " +
            previous + "]\n";
  }
  EXPECT_THAT(errors_of(bomb).front(), HasSubstr("more than 100000 values"));
}

TEST(ErrorPosition, TextsAreOneLineOfUtf8) {
  EXPECT_EQ(error_of("name: test", "name: \"a\\tb\""),
            "s.yaml:1:7: error: key 'name': expected one line of text, found a control character");
  EXPECT_EQ(errors_of(kValid, {{"name=caf\xc3\xa9"}}).front(), "no error");
  EXPECT_THAT(errors_of(kValid, {{"name=caf\xc3"}}).front(), HasSubstr("error"));
}

// Numbers at the edge of what their type holds must not get through to where they overflow.
TEST(ErrorPosition, ExtremeNumbersLoadOrAreRefused) {
  for (const char* key : {"horizon", "warmup", "network.link_latency", "slo.ttft"}) {
    for (const char* value : {"1e308 s", "1e-320 s", "-1e308 s", "1e400 s", "nan s", "inf s"}) {
      const auto errors = errors_of(kValid, {{std::string(key) + "=" + value}});
      EXPECT_THAT(errors.front(), HasSubstr(": error: key '" + std::string(key)))
          << key << "=" << value;
    }
  }
  for (const char* value : {"1e300 GB/s", "1e-300 bit/s", "1e400 GB/s"}) {
    EXPECT_THAT(errors_of(kValid, {{std::string("network.link_bandwidth=") + value}}).front(),
                HasSubstr(": error: key 'network.link_bandwidth'"))
        << value;
  }
  for (const char* key : {"decode.max_batch_size", "decode.kv_block_tokens", "workload.requests",
                          "workload.lengths.input.constant", "transfer.flows_per_nic"}) {
    for (const char* value : {"9223372036854775807", "9223372036854775808", "-1", "0", "1e99"}) {
      EXPECT_THAT(errors_of(kValid, {{std::string(key) + "=" + value}}).front(),
                  HasSubstr(": error: key '" + std::string(key)))
          << key << "=" << value;
    }
  }
}

}  // namespace
}  // namespace kvferry::scenarios
