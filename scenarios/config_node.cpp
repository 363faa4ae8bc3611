#include "scenarios/config_node.hpp"

#include "sim/base/error.hpp"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <set>
#include <utility>

namespace kvferry::scenarios {
namespace {

Place place_of(const YAML::Mark& mark, const std::string& origin) {
  return {origin, mark.line + 1, mark.column + 1};
}

class TreeBuilder {
 public:
  TreeBuilder(const std::string& origin, Diagnostics& diagnostics)
      : origin_(origin), diagnostics_(diagnostics) {}

  ConfigNode build(const YAML::Node& node) { return build(node, 0); }

 private:
  // Aliases can make a small file a huge or an endless tree.
  static constexpr int kDeepest = 64;
  static constexpr int kMostNodes = 100'000;

  ConfigNode build(const YAML::Node& node, int depth) {
    if (depth > kDeepest || ++nodes_ > kMostNodes) {
      throw InputError(place_of(node.Mark(), origin_).text() +
                       ": error: the scenario is nested more than " + std::to_string(kDeepest) +
                       " levels deep or has more than " + std::to_string(kMostNodes) +
                       " values (aliases count each time)");
    }
    ConfigNode result;
    result.place = place_of(node.Mark(), origin_);
    switch (node.Type()) {
      case YAML::NodeType::Scalar:
        result.kind = ConfigNode::Kind::scalar;
        result.scalar = node.Scalar();
        break;
      case YAML::NodeType::Sequence:
        result.kind = ConfigNode::Kind::sequence;
        for (const auto& item : node) result.items.push_back(build(item, depth + 1));
        break;
      case YAML::NodeType::Map:
        result.kind = ConfigNode::Kind::mapping;
        add_entries(node, result, depth);
        break;
      case YAML::NodeType::Null:
      case YAML::NodeType::Undefined:
        break;
    }
    return result;
  }

  void add_entries(const YAML::Node& node, ConfigNode& result, int depth) {
    std::set<std::string> seen;
    for (const auto& entry : node) {
      const Place key_place = place_of(entry.first.Mark(), origin_);
      if (!entry.first.IsScalar()) {
        diagnostics_.error(key_place, "a key must be a plain word");
        continue;
      }
      const std::string key = entry.first.Scalar();
      if (!seen.insert(key).second) {
        diagnostics_.error(key_place, "duplicate key '" + key + "': each key may appear once");
        continue;
      }
      ConfigNode value = build(entry.second, depth + 1);
      if (value.kind == ConfigNode::Kind::null) value.place = key_place;  // nothing to point at
      result.entries.push_back({key, key_place, std::move(value)});
    }
  }

  const std::string& origin_;
  Diagnostics& diagnostics_;
  int nodes_ = 0;
};

void set_place(ConfigNode& node, const Place& place) {
  node.place = place;
  for (ConfigNode& item : node.items) set_place(item, place);
  for (ConfigEntry& entry : node.entries) {
    entry.key_place = place;
    set_place(entry.value, place);
  }
}

ConfigEntry* find_entry(ConfigNode& node, std::string_view key) {
  const auto found = std::find_if(node.entries.begin(), node.entries.end(),
                                  [&](const ConfigEntry& entry) { return entry.key == key; });
  return found == node.entries.end() ? nullptr : &*found;
}

std::vector<std::string> split_path(const std::string& path) {
  std::vector<std::string> keys;
  std::size_t start = 0;
  for (std::size_t dot = path.find('.'); dot != std::string::npos; dot = path.find('.', start)) {
    keys.push_back(path.substr(start, dot - start));
    start = dot + 1;
  }
  keys.push_back(path.substr(start));
  return keys;
}

// The value at the end of the path, created on the way where it is missing; null when a part of the
// path is something else than a mapping.
ConfigNode* descend(ConfigNode& root, const std::vector<std::string>& keys, const Place& place,
                    Diagnostics& diagnostics) {
  ConfigNode* node = &root;
  for (const std::string& key : keys) {
    if (key.empty()) {
      diagnostics.error(place, "a key is missing between two dots");
      return nullptr;
    }
    if (node->kind == ConfigNode::Kind::null) node->kind = ConfigNode::Kind::mapping;
    if (node->kind != ConfigNode::Kind::mapping) {
      diagnostics.error(place, "'" + key + "' cannot be set inside " + describe(*node) +
                                   "; give the whole mapping, such as {base: NAME, " + key +
                                   ": ...}");
      return nullptr;
    }
    ConfigEntry* entry = find_entry(*node, key);
    if (entry == nullptr) {
      node->entries.push_back({key, place, ConfigNode{ConfigNode::Kind::null, place, {}, {}, {}}});
      entry = &node->entries.back();
    }
    node = &entry->value;
  }
  return node;
}

[[noreturn]] void refuse_syntax(const YAML::Exception& error, const std::string& origin) {
  const Place place = place_of(error.mark, origin);
  throw InputError(place.text() + ": error: this is not valid YAML: " + error.msg);
}

}  // namespace

const ConfigEntry* ConfigNode::find(std::string_view key) const {
  const auto found = std::find_if(entries.begin(), entries.end(),
                                  [&](const ConfigEntry& entry) { return entry.key == key; });
  return found == entries.end() ? nullptr : &*found;
}

ConfigNode parse_config(const std::string& text, const std::string& origin,
                        Diagnostics& diagnostics) {
  try {
    const std::vector<YAML::Node> documents = YAML::LoadAll(text);
    if (documents.empty()) return {ConfigNode::Kind::null, {origin, 1, 1}, {}, {}, {}};
    if (documents.size() > 1) {
      diagnostics.error(place_of(documents[1].Mark(), origin),
                        "expected one YAML document, found a second");
    }
    return TreeBuilder(origin, diagnostics).build(documents.front());
  } catch (const YAML::Exception& error) {
    refuse_syntax(error, origin);
  }
}

void apply_override(ConfigNode& root, const Override& override, Diagnostics& diagnostics) {
  const std::string& assignment = override.assignment;
  const Place place{override.option + " " + assignment, 0, 0};
  const auto equals = assignment.find('=');
  if (equals == std::string::npos || equals == 0) {
    diagnostics.error(place, "expected key.path=value");
    return;
  }
  ConfigNode value;
  try {
    value = TreeBuilder(place.origin, diagnostics).build(YAML::Load(assignment.substr(equals + 1)));
  } catch (const YAML::Exception& error) {
    diagnostics.error(place, "the value is not valid YAML: " + error.msg);
    return;
  }
  set_place(value, place);
  const auto keys = split_path(assignment.substr(0, equals));
  if (ConfigNode* target = descend(root, keys, place, diagnostics)) *target = std::move(value);
}

std::string describe(const ConfigNode& node) {
  switch (node.kind) {
    case ConfigNode::Kind::null:
      return "nothing";
    case ConfigNode::Kind::scalar:
      return "'" + node.scalar + "'";
    case ConfigNode::Kind::sequence:
      return "a list";
    case ConfigNode::Kind::mapping:
      return "a mapping";
  }
  return "nothing";
}

}  // namespace kvferry::scenarios
