// A valid scenario that tests bend.
#pragma once

#include "scenarios/load_scenario.hpp"
#include "sim/base/error.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace kvferry::scenarios {

inline const std::string kValid = R"(name: test
seed: 3
model: llama-3.1-8b
prefill: {instances: 2, gpu: h100-sxm}
decode: {instances: 1, gpu: h100-sxm}
network: {topology: two-tier, link_bandwidth: 100 Gbit/s}
transfer: {codec: splitzip}
workload:
  arrivals: {process: poisson, rate: 8 /s}
  lengths: {input: {constant: 1000}, output: {constant: 100}}
  requests: 10
)";

inline Scenario load(const std::string& text, const std::vector<Override>& overrides = {}) {
  return load_scenario_text(text, "folder/s.yaml", overrides);
}

inline std::string replaced(std::string text, const std::string& what, const std::string& with) {
  return text.replace(text.find(what), what.size(), with);
}

/// A file that is there, for keys that name one; nobody reads it.
inline const std::string kSomeFile = KVFERRY_TEST_FILES "/golden/smoke.csv";

/// All messages of a faulty scenario; "no error" when it loads.
inline std::vector<std::string> errors_of(const std::string& text,
                                          const std::vector<Override>& overrides = {}) {
  try {
    load_scenario_text(text, "s.yaml", overrides);
  } catch (const InputError& error) {
    return error.messages();
  }
  return {"no error"};
}

/// The only message of the valid scenario with that text replaced, or with that override.
inline std::string error_of(const std::string& what, const std::string& with) {
  const auto errors = errors_of(replaced(kValid, what, with));
  return errors.size() == 1 ? errors.front() : "not one error: " + ::testing::PrintToString(errors);
}

inline std::string error_of_override(const std::string& assignment) {
  const auto errors = errors_of(kValid, {{assignment}});
  return errors.size() == 1 ? errors.front() : "not one error: " + ::testing::PrintToString(errors);
}

}  // namespace kvferry::scenarios
