#include "scenarios/read_explicit_list.hpp"

#include "scenarios/read_fabric.hpp"
#include "sim/base/nearest_name.hpp"

#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace kvferry::scenarios {
namespace {

using topologies::ExplicitSpec;
using topologies::Link;
using topologies::VertexId;
using topologies::VertexKind;

const Choice<VertexKind> kVertexKinds{"kind of vertex",
                                      {{"gpu", VertexKind::gpu},
                                       {"nic", VertexKind::nic},
                                       {"host-memory", VertexKind::host_memory},
                                       {"node-switch", VertexKind::node_switch},
                                       {"fabric-switch", VertexKind::fabric_switch}}};

using VertexIds = std::map<std::string, VertexId>;

/// The name of a vertex, which becomes its position in the list.
struct VertexName {
  static constexpr ScalarKind kKind = ScalarKind::text;
  const VertexIds& ids;
  const std::vector<topologies::Vertex>& vertices;

  VertexId parse(const std::string& text) const {
    if (const auto found = ids.find(text); found != ids.end()) return found->second;
    std::vector<std::string> names;
    for (const auto& [name, id] : ids) names.push_back(name);
    throw std::invalid_argument("unknown vertex '" + text + "'" + did_you_mean(text, names) +
                                "; allowed: the names in network.vertices");
  }
  std::string print(VertexId id) const { return vertices[static_cast<std::size_t>(id)].name; }
};

class ListReader {
 public:
  explicit ListReader(SectionReader& network) : network_(network) {}

  ExplicitSpec read() {
    network_.each_of("vertices", [&](SectionReader&& vertex) { read_vertex(vertex); });
    // Without vertices no name would be known.
    if (spec_.vertices.empty()) {
      network_.ignore("links");
      network_.ignore("gpus_per_node");
      return spec_;
    }
    network_.each_of("links", [&](SectionReader&& link) { read_link(link); });
    check_nodes();
    if (is_sound_) check_nics();
    return std::move(spec_);
  }

 private:
  void read_vertex(SectionReader& vertex) {
    const std::string name = vertex.required("name", Text{});
    const VertexKind kind = vertex.required("kind", kVertexKinds);
    // An unknown kind is read as the first one: the GPUs cannot be counted then.
    are_kinds_known_ = are_kinds_known_ && kVertexKinds.print(kind) == vertex.text_of("kind");
    const auto id = static_cast<VertexId>(spec_.vertices.size());
    if (!ids_.emplace(name, id).second && vertex.has("name"))
      fault(vertex, "name", "another vertex is called '" + name + "' already");
    spec_.vertices.push_back({name, kind});
    if (kind == VertexKind::gpu) gpu_places_.push_back(vertex.place_of("name"));
  }

  void read_link(SectionReader& section) {
    const VertexName vertex{ids_, spec_.vertices};
    if (!section.has("from") || !section.has("to")) is_sound_ = false;
    Link link;
    link.from = section.required("from", vertex);
    link.to = section.required("to", vertex);
    const bool known =
        ids_.contains(section.text_of("from")) && ids_.contains(section.text_of("to"));
    is_sound_ = is_sound_ && known;
    if (known && link.from == link.to)
      fault(section, "to",
            "a link joins two vertices, found '" + section.text_of("to") + "' twice");
    link.capacity = section.required("bandwidth", Bandwidth{});
    link.latency = section.optional("latency", kLatency, Seconds{0});
    const bool one_way = section.optional("one_way", Boolean{}, false);
    const std::string name =
        section.optional("name", Text{}, section.text_of("from") + "-" + section.text_of("to"));
    if (!names_.insert(name).second && known)
      fault(section, "name", "another link is called '" + name + "' already: give this one a name");
    add(std::move(link), name, one_way);
  }

  void add(Link link, const std::string& name, bool one_way) {
    Link back = link;
    std::swap(back.from, back.to);
    link.name = one_way ? name : name + "-forward";
    back.name = name + "-backward";
    spec_.links.push_back(std::move(link));
    if (!one_way) spec_.links.push_back(std::move(back));
  }

  void check_nodes() {
    const std::int32_t gpus = gpu_count(spec_);
    const auto size =
        static_cast<std::int32_t>(network_.optional("gpus_per_node", kNodeSize, std::int32_t{8}));
    if (!are_kinds_known_) {
      is_sound_ = false;
    } else if (gpus == 0) {
      fault(network_, "vertices", "none of them is a GPU: expected vertices of kind: gpu");
    } else if (gpus % size != 0) {
      fault(network_, "gpus_per_node",
            "does not divide the " + std::to_string(gpus) + " GPUs of the list, found '" +
                std::to_string(size) + "'");
    } else {
      spec_.gpus_per_node = size;
    }
  }

  void check_nics() {
    const auto nics = nearest_nics(spec_);
    std::size_t gpu = 0;
    for (const topologies::Vertex& vertex : spec_.vertices) {
      if (vertex.kind != VertexKind::gpu) continue;
      if (nics[gpu] < 0) {
        network_.error_at(gpu_places_[gpu], "vertices",
                          "GPU '" + vertex.name +
                              "' has no NIC: expected links to a vertex of kind: nic, directly or "
                              "through node-switch or host-memory vertices");
      }
      ++gpu;
    }
  }

  void fault(const SectionReader& section, const std::string& key, const std::string& message) {
    section.error(key, message);
    is_sound_ = false;
  }

  SectionReader& network_;
  ExplicitSpec spec_;
  VertexIds ids_;
  std::set<std::string> names_;  ///< of links
  std::vector<Place> gpu_places_;
  bool are_kinds_known_ = true;
  bool is_sound_ = true;
};

}  // namespace

ExplicitSpec read_explicit_list(SectionReader& network) {
  return ListReader(network).read();
}

}  // namespace kvferry::scenarios
