// Tests that hold for every network back-end, and run on each that this build has.
#pragma once

#include "sim/network_backend.hpp"

#include <gtest/gtest.h>

#include <ostream>
#include <string>

namespace kvferry::sim {

inline std::string name_of(NetworkBackend backend) {
  return backend == NetworkBackend::comm ? "comm" : "direct";
}

inline void PrintTo(NetworkBackend backend, std::ostream* out) {
  *out << name_of(backend);
}

/// Derive a suite from it, and name the suite in KVFERRY_ON_EVERY_BACK_END.
class EveryBackEnd : public testing::TestWithParam<NetworkBackend> {
 protected:
  void SetUp() override {
    if (!is_built(GetParam())) GTEST_SKIP() << "this build has no such back-end";
  }
};

#define KVFERRY_ON_EVERY_BACK_END(suite)                                                  \
  INSTANTIATE_TEST_SUITE_P(BackEnds, suite,                                               \
                           testing::Values(NetworkBackend::comm, NetworkBackend::direct), \
                           [](const auto& each) { return name_of(each.param); })

}  // namespace kvferry::sim
