#include "sim/simgrid/engine.hpp"

#include "sim/base/error.hpp"
#include "sim/network_backend.hpp"
#include "sim/simgrid/comm_network.hpp"
#ifdef KVFERRY_HAS_DIRECT_NETWORK
#include "sim/simgrid/direct_network.hpp"
#endif
#include "sim/simgrid/fabric.hpp"

#include <simgrid/s4u.hpp>

#include <array>
#include <cassert>
#include <string>

namespace kvferry::sim {
namespace {

// CM02 without its TCP corrections. Each line undoes a default that bends the times:
//   crosstraffic  5 % of every flow on its reverse path
//   TCP-gamma     a cap of window / (2 latency) per flow
//   weight-S      shares that depend on the route's length
std::array<std::string, 6> engine_arguments() {
  return {"kvferry",
          "--cfg=network/model:CM02",
          "--cfg=network/crosstraffic:no",
          "--cfg=network/TCP-gamma:1e30",
          "--cfg=network/weight-S:0",
          "--log=root.thres:critical"};
}

// The engine lives until the process ends: SimGrid cannot start a second one cleanly.
void create_engine() {
  if (simgrid::s4u::Engine::is_initialized()) {
    throw RunError("SimGrid allows one simulation per process: use simulate_isolated()");
  }
  static std::array<std::string, 6> arguments = engine_arguments();
  static std::array<char*, arguments.size() + 1> pointers{};
  for (std::size_t i = 0; i < arguments.size(); ++i) pointers[i] = arguments[i].data();
  int count = static_cast<int>(arguments.size());
  static simgrid::s4u::Engine engine(&count, pointers.data());
}

std::unique_ptr<Network> create_network(Fabric& fabric, EventQueue& events,
                                        NetworkBackend backend) {
#ifdef KVFERRY_HAS_DIRECT_NETWORK
  if (resolved(backend) == NetworkBackend::direct)
    return std::make_unique<DirectNetwork>(fabric, events);
#endif
  assert(resolved(backend) == NetworkBackend::comm);
  return std::make_unique<CommNetwork>(fabric, events);
}

}  // namespace

SimGridEngine::SimGridEngine(const topologies::Topology& topology, NetworkBackend backend,
                             const std::optional<IncastLoss>& loss) {
  create_engine();
  Fabric* fabric = Fabric::create(topology, loss);
  events_ = EventQueue::install();
  network_ = create_network(*fabric, *events_, backend);
}

void SimGridEngine::run() {
  simgrid::s4u::Engine::get_instance()->run();
}

}  // namespace kvferry::sim
