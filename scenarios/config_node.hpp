// YAML as a tree in which every key and value knows its place, so that an error can point at it.
// The only header besides config_node.cpp's that is about YAML.
#pragma once

#include "scenarios/diagnostics.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace kvferry::scenarios {

struct ConfigEntry;

struct ConfigNode {
  enum class Kind { null, scalar, sequence, mapping };
  Kind kind = Kind::null;
  Place place;
  std::string scalar;
  std::vector<ConfigNode> items;     ///< of a sequence
  std::vector<ConfigEntry> entries;  ///< of a mapping, in file order

  const ConfigEntry* find(std::string_view key) const;
};

struct ConfigEntry {
  std::string key;
  Place key_place;
  ConfigNode value;
};

/// Reads one YAML document. Duplicate keys are reported and the first one kept.
/// @throws InputError when the text is not YAML
ConfigNode parse_config(const std::string& text, const std::string& origin,
                        Diagnostics& diagnostics);

/// A value given on the command line.
struct Override {
  std::string assignment;        ///< "key.path=value"; the value is read as YAML
  std::string option = "--set";  ///< what the user typed before it, for error messages
};

/// Replaces the value or adds the key. Errors about the value later name the override as their
/// place.
void apply_override(ConfigNode& root, const Override& override, Diagnostics& diagnostics);

/// "a mapping", "a list", "'text'" or "nothing", for error messages.
std::string describe(const ConfigNode& node);

}  // namespace kvferry::scenarios
