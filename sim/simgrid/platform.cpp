#include "sim/simgrid/platform.hpp"

#include <simgrid/s4u.hpp>

#include <array>
#include <cmath>
#include <map>
#include <vector>

namespace kvferry::sim {
namespace {

using simgrid::s4u::Engine;
using simgrid::s4u::Host;
using topologies::GpuId;
using topologies::LinkId;
using topologies::RouteTable;
using SharingPolicy = simgrid::s4u::Link::SharingPolicy;

// The engine lives until the process ends.
Engine& quiet_engine() {
  static std::array<std::string, 4> arguments{"kvferry", "--cfg=network/model:CM02",
                                              "--log=root.thres:critical", "--log=root.fmt:%m%n"};
  static std::array<char*, arguments.size() + 1> pointers{};
  for (std::size_t i = 0; i < arguments.size(); ++i) pointers[i] = arguments[i].data();
  int count = static_cast<int>(arguments.size());
  static Engine engine(&count, pointers.data());
  return engine;
}

// The engine lists them by name.
std::vector<Host*> hosts_in_order_of_the_file(const std::string& path) {
  Engine& engine = quiet_engine();
  static std::vector<Host*> hosts;  // the callback stays registered
  Host::on_creation_cb([](Host& host) { hosts.push_back(&host); });
  engine.load_platform(path);
  return hosts;
}

std::string quoted(const simgrid::s4u::Link& link) {
  return "link '" + link.get_name() + "'";
}

void check(const simgrid::s4u::Link& link) {
  if (link.get_sharing_policy() != SharingPolicy::SHARED) {
    throw PlatformFault(quoted(link) +
                        ": flows do not share it as they share others; allowed on a route: "
                        "sharing_policy SHARED or SPLITDUPLEX");
  }
  const double capacity = link.get_bandwidth();
  if (!(capacity > 0) || !std::isfinite(capacity))
    throw PlatformFault(quoted(link) + ": the bandwidth must be above zero");
  if (!(link.get_latency() >= 0) || !std::isfinite(link.get_latency()))
    throw PlatformFault(quoted(link) + ": the latency must not be negative");
}

class RouteReader {
 public:
  RouteReader(const std::vector<Host*>& hosts, RouteTable& table) : hosts_(hosts), table_(table) {
    table_.first.push_back(0);
  }

  void add_routes(const std::vector<GpuId>& sources, const std::vector<GpuId>& targets) {
    for (const GpuId from : sources) {
      for (const GpuId to : targets)
        add_route(*hosts_[static_cast<std::size_t>(from)], *hosts_[static_cast<std::size_t>(to)]);
    }
  }

 private:
  void add_route(const Host& from, const Host& to) {
    links_.clear();
    double latency_s = 0;
    from.route_to(&to, links_, &latency_s);
    const std::string between = "from '" + from.get_name() + "' to '" + to.get_name() + "'";
    if (links_.empty()) throw PlatformFault("no route leads " + between);
    double links_s = 0;
    for (simgrid::s4u::Link* const link : links_) {
      links_s += link->get_latency();
      table_.links_of_routes.push_back(id_of(*link));
    }
    if (std::abs(latency_s - links_s) > 1e-9 * latency_s) {
      throw PlatformFault("the route " + between +
                          " has a latency of its own, as between coordinates (Vivaldi): expected "
                          "those of its links alone");
    }
    table_.first.push_back(table_.links_of_routes.size());
  }

  LinkId id_of(const simgrid::s4u::Link& link) {
    const auto next = static_cast<LinkId>(table_.links.size());
    const auto [entry, is_new] = ids_.try_emplace(&link, next);
    if (is_new) {
      check(link);
      table_.links.push_back({link.get_name(), {link.get_bandwidth()}, {link.get_latency()}});
    }
    return entry->second;
  }

  const std::vector<Host*>& hosts_;
  RouteTable& table_;
  std::map<const simgrid::s4u::Link*, LinkId> ids_;  // looked up, never walked
  std::vector<simgrid::s4u::Link*> links_;
};

bool are_there(const std::vector<GpuId>& gpus, std::size_t hosts) {
  for (const GpuId gpu : gpus) {
    if (static_cast<std::size_t>(gpu) >= hosts) return false;
  }
  return true;
}

}  // namespace

RouteTable load_platform(const std::string& path, const topologies::RoutedPairs& pairs) {
  if (Engine::is_initialized())
    throw PlatformFault("SimGrid has an engine in this process already, and takes no second one");
  const std::vector<Host*> hosts = hosts_in_order_of_the_file(path);
  RouteTable table;
  for (const Host* host : hosts) table.gpus.push_back(host->get_name());
  RouteReader reader(hosts, table);
  if (!are_there(pairs.sources, hosts.size()) || !are_there(pairs.targets, hosts.size()))
    return table;
  table.pairs = pairs;
  reader.add_routes(pairs.sources, pairs.targets);
  reader.add_routes(pairs.targets, pairs.sources);
  return table;
}

}  // namespace kvferry::sim
