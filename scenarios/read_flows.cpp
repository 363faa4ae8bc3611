#include "scenarios/read_flows.hpp"

#include "scenarios/scalars.hpp"
#include "sim/network_backend.hpp"

#include <cstdint>

namespace kvferry::scenarios {
namespace {

using sim::NetworkBackend;
using sim::PathPolicy;

const Choice<NetworkBackend> kBackends{"back-end",
                                       {{"auto", NetworkBackend::automatic},
                                        {"comm", NetworkBackend::comm},
                                        {"direct", NetworkBackend::direct}}};
const Choice<PathPolicy> kPaths{"path policy",
                                {{"ecmp", PathPolicy::ecmp}, {"adaptive", PathPolicy::adaptive}}};

void read_incast(SectionReader& network, sim::NetworkConfig& config) {
  SectionReader incast = network.section("incast");
  config.incast_flows = static_cast<std::int32_t>(
      incast.optional("senders", Integer{2, 1 << 20}, config.incast_flows));
  const auto flows = incast.maybe("flows", Integer{1, 1 << 20});
  const auto efficiency = incast.maybe("efficiency", Number{0, 1, Bound::exclusive});
  if (!flows && !efficiency) return;
  if (!flows || !efficiency) {
    incast.error("what is lost takes both 'flows' and 'efficiency'");
    return;
  }
  config.incast_loss = {static_cast<std::int32_t>(*flows), *efficiency};
  if (network.text_of("topology") == "point-to-point")
    network.error("incast", "a point-to-point link leads into no NIC");
}

}  // namespace

void read_flows(SectionReader& network, sim::NetworkConfig& config) {
  const sim::NetworkConfig defaults{};
  config.backend = network.optional("backend", kBackends, defaults.backend);
  if (!is_built(config.backend))
    network.error("backend",
                  "this build has no 'direct', which needs SimGrid 3.32; allowed: auto, comm");
  config.paths = network.optional("paths", kPaths, defaults.paths);
  read_incast(network, config);
}

}  // namespace kvferry::scenarios
