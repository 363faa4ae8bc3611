#include "sim/failure_plan.hpp"

#include "sim/base/nearest_name.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <stdexcept>

namespace kvferry::sim {

using topologies::LinkId;
using topologies::NicId;
using topologies::Topology;

namespace {

constexpr std::size_t kMostNamesListed = 12;

std::vector<std::string> parts_of(const std::string& name) {
  std::vector<std::string> parts{""};
  for (const char letter : name) {
    if (letter == '.') {
      parts.emplace_back();
    } else {
      parts.back() += letter;
    }
  }
  return parts;
}

// "1" among 4: which; refused by `what` otherwise.
std::int32_t number_in(const std::string& text, std::int32_t count, const std::string& found,
                       const std::string& what) {
  std::int32_t number = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc{} && end == text.data() + text.size() && number >= 0 && number < count)
    return number;
  throw std::invalid_argument("found '" + found + "', but " + what + " 0 to " +
                              std::to_string(count - 1));
}

[[noreturn]] void refuse_link(const std::string& found, const Topology& topology) {
  std::vector<std::string> names;
  for (const topologies::Link& link : topology.links) names.push_back(link.name);
  const std::string allowed = names.size() <= kMostNamesListed
                                  ? "; allowed: " + join_names(names)
                                  : "; the topology has " + std::to_string(names.size()) +
                                        " links, such as '" + names.front() + "'";
  throw std::invalid_argument("unknown link '" + found + "'" + did_you_mean(found, names) +
                              allowed);
}

// NIC n is the topology's n-th vertex of that kind; where there are no vertices, its links have its
// name.
std::vector<LinkId> links_of_nic(const Topology& topology, NicId nic) {
  topologies::VertexId vertex = -1;
  NicId nics = 0;
  for (std::size_t i = 0; i < topology.vertices.size() && vertex < 0; ++i) {
    if (topology.vertices[i].kind != topologies::VertexKind::nic) continue;
    if (nics++ == nic) vertex = static_cast<topologies::VertexId>(i);
  }
  const std::string name = "nic" + std::to_string(nic);
  std::vector<LinkId> links;
  for (std::size_t i = 0; i < topology.links.size(); ++i) {
    const topologies::Link& link = topology.links[i];
    const bool joins = vertex >= 0 ? link.from == vertex || link.to == vertex
                                   : link.name == name + "-out" || link.name == name + "-in";
    if (joins) links.push_back(static_cast<LinkId>(i));
  }
  return links;
}

std::int32_t engines_in(const PoolConfig& pool) {
  std::int32_t count = pool.instances;
  for (const PoolConfig& kind : pool.more) count += kind.instances;
  return count;
}

}  // namespace

FailureTargets::FailureTargets(const SimulationConfig& config, const Placement& placement)
    : placement_(placement) {
  std::int32_t first = 0;
  const auto add = [&](const char* name, const PoolConfig& pool) {
    const std::int32_t count = engines_in(pool);
    if (count > 0) pools_.push_back({name, first, count});
    first += count;
  };
  add("prefill", config.prefill);
  add("decode", config.decode);
  if (config.mixed) add("mixed", *config.mixed);
}

std::vector<FailureTarget> FailureTargets::of(const FailingElement& element) const {
  switch (element.kind) {
    case ElementKind::link:
      break;
    case ElementKind::nic:
      return nics_of(element.name);
    case ElementKind::instance:
      return instances_of(element.name);
  }
  return link_of(element.name);
}

std::vector<FailureTarget> FailureTargets::link_of(const std::string& name) const {
  const std::vector<topologies::Link>& links = placement_.topology.links;
  const auto link = std::ranges::find(links, name, &topologies::Link::name);
  if (link == links.end()) refuse_link(name, placement_.topology);
  return {{"link " + name, {static_cast<LinkId>(link - links.begin())}}};
}

FailureTargets::Range FailureTargets::engines_of(const std::string& found,
                                                 const std::vector<std::string>& parts) const {
  const auto pool = std::ranges::find(pools_, parts.front(), &Pool::name);
  if (pool == pools_.end()) {
    std::vector<std::string> names;
    for (const Pool& known : pools_) names.push_back(known.name);
    throw std::invalid_argument("unknown pool '" + parts.front() + "'" +
                                did_you_mean(parts.front(), names) +
                                "; allowed: " + join_names(names));
  }
  if (parts.size() == 1) return {pool->first, pool->first + pool->count - 1};
  const std::int32_t number =
      pool->first + number_in(parts[1], pool->count, found, "the pool has instances");
  return {number, number};
}

std::vector<FailureTarget> FailureTargets::instances_of(const std::string& name) const {
  const std::vector<std::string> parts = parts_of(name);
  if (parts.size() > 2)
    throw std::invalid_argument("expected POOL or POOL.INSTANCE, such as decode.0, found '" + name +
                                "'");
  const Range engines = engines_of(name, parts);
  std::vector<FailureTarget> targets;
  for (std::int32_t engine = engines.first; engine <= engines.last; ++engine)
    targets.push_back({"instance " + std::to_string(engine), {}, engine});
  return targets;
}

FailureTarget FailureTargets::nic(NicId nic) const {
  FailureTarget target{"nic " + std::to_string(nic), links_of_nic(placement_.topology, nic)};
  if (target.links.empty())
    throw std::invalid_argument("the topology " + placement_.topology.preset +
                                " has no NICs: name a link instead");
  return target;
}

// A NIC that several GPUs share fails once.
std::vector<FailureTarget> FailureTargets::nics_of(const std::string& name) const {
  const std::vector<std::string> parts = parts_of(name);
  if (parts.size() > 3)
    throw std::invalid_argument(
        "expected POOL, POOL.INSTANCE or POOL.INSTANCE.GPU, such as decode.0.1, found '" + name +
        "'");
  const Range engines = engines_of(name, parts);
  std::vector<NicId> nics;
  for (std::int32_t engine = engines.first; engine <= engines.last; ++engine) {
    const InstanceGpus& gpus = placement_.engines[static_cast<std::size_t>(engine)];
    Range range{0, gpus.count - 1};
    if (parts.size() == 3)
      range.first = range.last = number_in(parts[2], gpus.count, name, "the instance has GPUs");
    for (std::int32_t gpu = range.first; gpu <= range.last; ++gpu) {
      const auto id = static_cast<std::size_t>(gpus.first + gpu);
      nics.push_back(placement_.topology.nic_of_gpu[id]);
    }
  }
  std::ranges::sort(nics);
  nics.erase(std::unique(nics.begin(), nics.end()), nics.end());
  std::vector<FailureTarget> targets;
  for (const NicId id : nics) targets.push_back(nic(id));
  return targets;
}

FailurePlan plan_failures(const SimulationConfig& config, const Placement& placement) {
  const FailureTargets targets(config, placement);
  FailurePlan plan;
  for (const StatedFailure& failure : config.failures.stated) {
    for (FailureTarget& target : targets.of(failure.element)) {
      plan.disturbances.push_back(
          {std::move(target), failure.remains, failure.at, failure.until, {}, {}});
    }
  }
  for (const RandomFailure& failure : config.failures.random) {
    for (FailureTarget& target : targets.of(failure.element)) {
      plan.disturbances.push_back(
          {std::move(target), failure.remains, {}, {}, failure.mtbf, failure.mttr});
    }
  }
  for (const BackgroundTraffic& traffic : config.failures.background) {
    const FailureTarget target = targets.of({ElementKind::link, traffic.link}).front();
    plan.background.push_back({target.links.front(), traffic});
  }
  return plan;
}

}  // namespace kvferry::sim
