// What is said, to the letter, of networks that cannot be built or do not join the GPUs.
#include "tests/scenarios/scenario_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace kvferry::scenarios {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;

const std::string kNetwork = "{topology: two-tier, link_bandwidth: 100 Gbit/s}";

std::vector<std::string> faults_of(const std::string& network) {
  return errors_of(replaced(kValid, kNetwork, network));
}

// Of a topology whose NICs have 100 Gbit/s.
std::vector<std::string> faults_of(const std::string& topology, const std::string& keys) {
  return faults_of("{topology: " + topology + ", link_bandwidth: 100 Gbit/s" + keys + "}");
}

TEST(NetworkFaults, CapacitiesAreAboveZero) {
  EXPECT_THAT(faults_of("{topology: star, link_bandwidth: 0 Gbit/s}"),
              ElementsAre("s.yaml:6:43: error: key 'network.link_bandwidth': must be above zero, "
                          "found '0 Gbit/s'"));
  EXPECT_THAT(faults_of("{topology: star, link_bandwidth: -5 GB/s}"),
              ElementsAre("s.yaml:6:43: error: key 'network.link_bandwidth': must be above zero, "
                          "found '-5 GB/s'"));
}

TEST(NetworkFaults, ATopologyIsOneOfThoseThatAreKnown) {
  EXPECT_THAT(faults_of("leaf-spin", ""),
              ElementsAre("s.yaml:6:21: error: key 'network.topology': unknown topology "
                          "'leaf-spin' (did you mean 'leaf-spine'?); allowed: two-tier, "
                          "point-to-point, star, leaf-spine, fat-tree, rail-optimised, dragonfly, "
                          "torus, explicit, simgrid-xml"));
}

TEST(NetworkFaults, ALeafSpineHasASizeAndOneWordOnItsUplinks) {
  EXPECT_THAT(
      faults_of("leaf-spine", ", nodes_per_leaf: 0, spine: 2"),
      ElementsAre("s.yaml:6:1: error: missing key 'network.spines'",
                  "s.yaml:6:77: error: key 'network.nodes_per_leaf': expected a whole number from "
                  "1 to 65536, found '0'",
                  "s.yaml:6:80: error: unknown key 'network.spine' (did you mean 'spines'?); valid "
                  "keys: backend, fabric_bandwidth, fabric_latency, gpus_per_node, incast, "
                  "link_bandwidth, link_latency, node, nodes_per_leaf, oversubscription, paths, "
                  "spines, topology"));
  EXPECT_THAT(faults_of("leaf-spine",
                        ", nodes_per_leaf: 1, spines: 2, oversubscription: 2, fabric_bandwidth: 1 "
                        "GB/s"),
              ElementsAre("s.yaml:6:109: error: key 'network.oversubscription': fabric_bandwidth "
                          "says it already: expected one of the two"));
}

TEST(NetworkFaults, AFatTreeHasAnEvenKAndAPlaceForEachNode) {
  EXPECT_THAT(faults_of("fat-tree", ", k: 5"),
              ElementsAre("s.yaml:6:62: error: key 'network.k': half of a switch's ports lead down "
                          "and half up: expected an even number, found '5'"));
  EXPECT_THAT(
      faults_of("fat-tree", ", k: 2"),
      ElementsAre("s.yaml:6:62: error: key 'network.k': too small: a place for 0 nodes of 8 "
                  "GPUs, and the engines need 2, 2 more"));
  EXPECT_THAT(faults_of("fat-tree", ", k: 4"), ElementsAre("no error"));
  EXPECT_THAT(
      faults_of("fat-tree", ", k: 4, pods: 2"),
      Contains("s.yaml:6:62: error: key 'network.k': the counts of switches say it already: "
               "expected k, or the counts"));
  EXPECT_THAT(faults_of("fat-tree",
                        ", pods: 2, edges_per_pod: 1, aggregations_per_pod: 2, cores: 3, "
                        "nics_per_edge: 8"),
              ElementsAre("s.yaml:6:118: error: key 'network.cores': each aggregation switch of a "
                          "pod reaches as many cores: expected a multiple of aggregations_per_pod, "
                          "2, found '3'"));
}

TEST(NetworkFaults, RailsAreJoinedSomehow) {
  EXPECT_THAT(faults_of("rail-optimised", ", spines: 0"),
              ElementsAre("s.yaml:6:73: error: key 'network.spines': nothing joins the 8 rails: "
                          "expected at least 1, or pxn: true; found '0'"));
  EXPECT_THAT(faults_of("rail-optimised", ", spines: 0, pxn: true"), ElementsAre("no error"));
  EXPECT_THAT(
      faults_of("rail-optimised", ", pxn: true, node: {gpu_links: pcie, pcie_bandwidth: 50 GB/s}"),
      ElementsAre("s.yaml:6:70: error: key 'network.pxn': flows reach the right rail over NVLink: "
                  "expected node.gpu_links: nvlink"));
}

TEST(NetworkFaults, ADragonflyHasAsManyGroupsAsItsPortsCanJoin) {
  EXPECT_THAT(faults_of("dragonfly",
                        ", groups: 9, routers_per_group: 2, nics_per_router: 4, "
                        "global_links_per_router: 1"),
              ElementsAre("s.yaml:6:68: error: key 'network.groups': routers_per_group * "
                          "global_links_per_router + 1 groups can be joined in pairs: expected at "
                          "most 3, found '9'"));
  EXPECT_THAT(
      faults_of("dragonfly", ", groups: 3, routers_per_group: 1, nics_per_router: 4"),
      ElementsAre("s.yaml:6:68: error: key 'network.groups': too small: a place for 1 nodes of 8 "
                  "GPUs, and the engines need 2, 1 more"));
  EXPECT_THAT(
      faults_of("dragonfly", ", groups: 60000, routers_per_group: 60000, nics_per_router: 1"),
      ElementsAre(
          "s.yaml:6:21: error: key 'network.topology': too large: 215999999940064 links, at "
          "most 10000000"));
}

TEST(NetworkFaults, ATorusHasSizesWithAnXBetweenThem) {
  for (const std::string bad : {"4x0x2", "4x", "x4", "4 x 4", "4x4.5", "-4x4", "1000x1000x1000"}) {
    EXPECT_THAT(faults_of("torus", ", dimensions: " + bad),
                ElementsAre("s.yaml:6:68: error: key 'network.dimensions': expected sizes above "
                            "zero with an x between them, such as 4x4x2, and at most 10000000 "
                            "routers; found '" +
                            bad + "'"));
  }
  EXPECT_THAT(faults_of("torus", ", dimensions: 1"),
              ElementsAre("s.yaml:6:68: error: key 'network.dimensions': too small: a place for 1 "
                          "nodes of 8 GPUs, and the engines need 2, 1 more"));
  EXPECT_THAT(faults_of("torus", ", dimensions: 2"), ElementsAre("no error"));
}

TEST(NetworkFaults, NodesHaveNicsAndWhatLeadsToThem) {
  EXPECT_THAT(faults_of("star", ", node: {nics: 3}"),
              ElementsAre("s.yaml:6:68: error: key 'network.node.nics': as many GPUs must share "
                          "each NIC, and gpus_per_node is 8: found '3'; allowed: 1, 2, 4, 8"));
  EXPECT_THAT(faults_of("star", ", node: {nics: 0}"),
              ElementsAre("s.yaml:6:68: error: key 'network.node.nics': expected a whole number "
                          "from 1 to 1024, found '0'"));
  EXPECT_THAT(faults_of("star", ", node: {gpu_links: nvlnk}"),
              ElementsAre("s.yaml:6:73: error: key 'network.node.gpu_links': unknown kind of link "
                          "'nvlnk' (did you mean 'nvlink'?); allowed: nvlink, pcie"));
  EXPECT_THAT(faults_of("star", ", node: {gpudirect: false}"),
              ElementsAre("s.yaml:6:55: error: missing key 'network.node.host_memory_bandwidth'",
                          "s.yaml:6:55: error: missing key 'network.node.pcie_bandwidth'"));
}

// Two nodes of two GPUs each: a and b share the NIC n, c and d the NIC m.
std::string listed(const std::string& more_links, const std::string& gpus_per_node = "2") {
  const std::string rest = ", bandwidth: 10 GB/s}";
  return "\n  topology: explicit\n  gpus_per_node: " + gpus_per_node +
         "\n  vertices: [{name: a, kind: gpu}, {name: b, kind: gpu}, {name: c, kind: gpu}, {name: "
         "d, kind: gpu}, {name: nic1, kind: nic}, {name: nic2, kind: nic}, {name: leaf, kind: "
         "fabric-switch}, {name: island, kind: fabric-switch}]"
         "\n  links:\n  - {from: a, to: nic1" +
         rest + "\n  - {from: b, to: nic1" + rest + "\n  - {from: c, to: nic2" + rest +
         "\n  - {from: d, to: nic2" + rest + "\n  - {from: nic1, to: leaf" + rest + "\n" +
         more_links;
}

TEST(NetworkFaults, AListOfLinksJoinsPrefillAndDecode) {
  EXPECT_THAT(faults_of(listed("  - {from: leaf, to: nic2, bandwidth: 10 GB/s}")),
              ElementsAre("no error"));
  const std::string fault =
      "s.yaml:11:3: error: key 'network.links': no path leads from 'a' (prefill) to 'c' (decode): "
      "expected one from every GPU of the prefill side to every GPU of the decode side; GPUs pass "
      "nothing on";
  EXPECT_THAT(faults_of(listed("  - {from: island, to: nic2, bandwidth: 10 GB/s}")),
              ElementsAre(fault));
  // The way back alone is not enough.
  EXPECT_THAT(faults_of(listed("  - {from: nic2, to: leaf, bandwidth: 10 GB/s, one_way: true}")),
              ElementsAre(fault));
}

TEST(NetworkFaults, AListedLinkJoinsTwoVerticesOfTheList) {
  EXPECT_THAT(
      faults_of(listed("  - {from: leaff, to: nic2, bandwidth: 10 GB/s}")),
      ElementsAre("s.yaml:16:12: error: key 'network.links[5].from': unknown vertex 'leaff' "
                  "(did you mean 'leaf'?); allowed: the names in network.vertices"));
  EXPECT_THAT(faults_of(listed("  - {from: leaf, to: leaf, bandwidth: 10 GB/s}")),
              ElementsAre("s.yaml:16:22: error: key 'network.links[5].to': a link joins two "
                          "vertices, found 'leaf' twice"));
  EXPECT_THAT(faults_of(listed("  - {from: leaf, to: nic2, bandwidth: 0 GB/s}")),
              ElementsAre("s.yaml:16:39: error: key 'network.links[5].bandwidth': must be above "
                          "zero, found '0 GB/s'"));
  EXPECT_THAT(
      faults_of(listed("  - {from: leaf, to: nic2, bandwidth: 1 GB/s}\n  - {from: leaf, to: "
                       "nic2, bandwidth: 1 GB/s}")),
      ElementsAre("s.yaml:17:5: error: key 'network.links[6].name': another link is called "
                  "'leaf-nic2' already: give this one a name"));
}

// A vertex of an unknown kind does not count as one of the GPUs.
TEST(NetworkFaults, AnUnknownKindOfVertexIsOneFault) {
  EXPECT_THAT(
      faults_of("{topology: explicit, gpus_per_node: 2, vertices: [{name: a, kind: gpu}, {name: b, "
                "kind: gpu}, {name: n, kind: nicc}], links: [{from: a, to: n, bandwidth: 1 GB/s}, "
                "{from: n, to: b, bandwidth: 1 GB/s}]}"),
      ElementsAre("s.yaml:6:120: error: key 'network.vertices[2].kind': unknown kind of vertex "
                  "'nicc' (did you mean 'nic'?); allowed: gpu, nic, host-memory, node-switch, "
                  "fabric-switch"));
}

TEST(NetworkFaults, AListedGpuHasANic) {
  EXPECT_THAT(
      faults_of("{topology: explicit, gpus_per_node: 1, vertices: [{name: a, kind: gpu}, {name: b, "
                "kind: gpu}, {name: n, kind: nic}, {name: s, kind: fabric-switch}], links: [{from: "
                "a, to: n, bandwidth: 1 GB/s}, {from: n, to: s, bandwidth: 1 GB/s}, {from: b, to: "
                "s, bandwidth: 1 GB/s}]}"),
      ElementsAre(
          "s.yaml:6:89: error: key 'network.vertices': GPU 'b' has no NIC: expected links to "
          "a vertex of kind: nic, directly or through node-switch or host-memory vertices"));
}

TEST(NetworkFaults, AListedNetworkConsistsOfWholeNodesAndEnoughOfThem) {
  const std::string link = "  - {from: leaf, to: nic2, bandwidth: 10 GB/s}";
  EXPECT_THAT(faults_of(listed(link, "3")),
              ElementsAre("s.yaml:8:18: error: key 'network.gpus_per_node': does not divide the 4 "
                          "GPUs of the list, found '3'"));
  EXPECT_THAT(faults_of(listed(link, "4")),
              ElementsAre("s.yaml:9:13: error: key 'network.vertices': too small: a place for 1 "
                          "nodes of 4 GPUs, and the engines need 2, 1 more"));
  EXPECT_THAT(faults_of("{topology: explicit, vertices: [{name: a, kind: gpu}, {name: a, kind: "
                        "gpuu}], links: [{from: a, bandwidth: 1 GB/s}], gpus_per_node: 2}"),
              ElementsAre("s.yaml:6:71: error: key 'network.vertices[1].name': another vertex is "
                          "called 'a' already",
                          "s.yaml:6:80: error: key 'network.vertices[1].kind': unknown kind of "
                          "vertex 'gpuu' (did you mean 'gpu'?); allowed: gpu, nic, host-memory, "
                          "node-switch, fabric-switch",
                          "s.yaml:6:96: error: missing key 'network.links[0].to'"));
}

}  // namespace
}  // namespace kvferry::scenarios
