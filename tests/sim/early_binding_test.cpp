// Decode instances that are chosen when requests arrive.
#include "sim/isolated_simulation.hpp"
#include "tests/sim/small_system.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace kvferry::sim {
namespace {

// Twenty requests arrive at once, before any has reached a decode instance: those that are bound for
// one count there, so both get ten.
TEST(EarlyBinding, RoutersCountWhatIsBoundForAnInstance) {
  for (const RouterPolicy router : {RouterPolicy::least_loaded, RouterPolicy::shortest_queue}) {
    SimulationConfig config = small_system();
    config.decode.instances = 2;
    config.decode.router = router;
    config.transfer.binding = Binding::early;
    std::vector<workloads::Request> requests;
    for (int id = 0; id < 20; ++id) requests.push_back(request(id, 0, 1000, 50));
    const auto result = simulate_isolated(config, requests, *codec::make_raw_transfer());
    EXPECT_EQ(std::ranges::count(result.records, 0, &RequestRecord::decode_instance), 10);
  }
}

}  // namespace
}  // namespace kvferry::sim
