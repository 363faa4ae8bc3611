#include "cli/topology_dot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace kvferry::cli {
namespace {

using topologies::VertexKind;

std::string quoted(const std::string& text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    if (c == '\n') {
      result += "\\n";
    } else {
      result += c;
    }
  }
  return result + "\"";
}

const char* style_of(const DrawnVertex& vertex) {
  if (vertex.stands_for_many) return "shape=box3d, fillcolor=\"#f2f2f2\"";
  switch (vertex.kind) {
    case VertexKind::gpu:
      return "shape=box, fillcolor=\"#dcecc8\"";
    case VertexKind::nic:
      return "shape=box, fillcolor=\"#cfe2f3\"";
    case VertexKind::host_memory:
      return "shape=cylinder, fillcolor=\"#fff2cc\"";
    case VertexKind::node_switch:
      return "shape=ellipse, fillcolor=\"#ead9f2\"";
    case VertexKind::fabric_switch:
      return "shape=box, style=\"filled,rounded\", fillcolor=\"#d9d9d9\"";
  }
  return "";
}

std::string capacity_text(const DrawnDirection& direction) {
  const std::string rate = direction.least == direction.most
                               ? rate_text(direction.most)
                               : rate_text(direction.least) + " to " + rate_text(direction.most);
  return direction.links == 1 ? rate : fmt::format("{} x {}", direction.links, rate);
}

bool alike(const DrawnDirection& a, const DrawnDirection& b) {
  return a.links == b.links && a.least == b.least && a.most == b.most;
}

std::string percent(const DrawnDirection& direction) {
  return fmt::format("{:.0f} %", 100 * direction.busiest);
}

std::string label_of(const DrawnEdge& edge, bool has_load) {
  const bool both = edge.backward.links > 0;
  std::string label = capacity_text(edge.forward);
  if (both && !alike(edge.forward, edge.backward)) label += " / " + capacity_text(edge.backward);
  if (!has_load) return label;
  label += "\n" + percent(edge.forward);
  if (both) label += " / " + percent(edge.backward);
  return label;
}

const char* color_of(double load) {
  if (load >= 0.75) return "#cc0000";
  if (load >= 0.5) return "#e69138";
  if (load >= 0.25) return "#bfa100";
  return load > 0 ? "#38761d" : "#aaaaaa";
}

std::string edge_line(const DrawnEdge& edge, bool has_load) {
  const double load = std::max(edge.forward.busiest, edge.backward.busiest);
  std::string line =
      fmt::format("  v{} -> v{} [label={}", edge.from, edge.to, quoted(label_of(edge, has_load)));
  if (edge.backward.links > 0) line += ", dir=none";
  if (has_load) {
    line += fmt::format(", color=\"{}\", fontcolor=\"{}\", penwidth={:.1f}", color_of(load),
                        color_of(load), 1 + 3 * load);
  }
  return line + "];\n";
}

std::string vertex_line(const DrawnVertex& vertex, std::size_t number, bool has_load) {
  std::string label = vertex.label;
  std::string color;
  if (vertex.inside.links > 0) {
    label += "\n" + capacity_text(vertex.inside);
    if (has_load) {
      label += ", " + percent(vertex.inside);
      color = fmt::format(", color=\"{}\"", color_of(vertex.inside.busiest));
    }
  }
  return fmt::format("v{} [label={}, {}{}];\n", number, quoted(label), style_of(vertex), color);
}

// A box for each node, and the rest after them.
std::string vertices_text(const Drawing& drawing) {
  std::map<std::int32_t, std::string> nodes;
  std::string others;
  for (std::size_t i = 0; i < drawing.vertices.size(); ++i) {
    const DrawnVertex& vertex = drawing.vertices[i];
    if (vertex.node) {
      nodes[*vertex.node] += "    " + vertex_line(vertex, i, drawing.has_load);
    } else {
      others += "  " + vertex_line(vertex, i, drawing.has_load);
    }
  }
  std::string text;
  for (const auto& [node, lines] : nodes) {
    text += fmt::format("  subgraph cluster_node{} {{\n    label={};\n", node,
                        quoted(drawing.node_labels[static_cast<std::size_t>(node)]));
    text += "    style=rounded; color=\"#888888\";\n" + lines + "  }\n";
  }
  return text + others;
}

std::string heading(const Drawing& drawing) {
  std::string title = drawing.title;
  if (drawing.has_load)
    title +=
        "\nshare of each link in use: towards the core / back, the busiest where several are "
        "one line";
  std::string text = "digraph network {\n";
  text += fmt::format("  label={}; labelloc=t; fontname=\"Helvetica\";\n", quoted(title));
  // Tiers from bottom to top; what has none is laid out by springs.
  text += drawing.between_equals ? "  layout=fdp; K=1.2; overlap=false; splines=true;\n"
                                 : "  rankdir=BT; ranksep=1.1; nodesep=0.25;\n";
  text += "  node [style=filled, fontname=\"Helvetica\", fontsize=10, margin=\"0.08,0.04\"];\n";
  return text + "  edge [fontname=\"Helvetica\", fontsize=8];\n";
}

}  // namespace

std::string rate_text(BytesPerSecond rate) {
  const double bits = rate.value * 8;
  if (bits >= 1e12) return fmt::format("{:.4g} Tbit/s", bits / 1e12);
  if (bits >= 1e9) return fmt::format("{:.4g} Gbit/s", bits / 1e9);
  return fmt::format("{:.4g} Mbit/s", bits / 1e6);
}

std::string to_dot(const Drawing& drawing) {
  std::string text = heading(drawing) + vertices_text(drawing);
  for (const DrawnEdge& edge : drawing.edges) text += edge_line(edge, drawing.has_load);
  return text + "}\n";
}

}  // namespace kvferry::cli
