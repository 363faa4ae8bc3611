// A scenario with all its defaults filled in: what a run really used.
#pragma once

#include "scenarios/scalars.hpp"

#include <list>
#include <string>

namespace kvferry::scenarios {

/// A key with a scalar, or a key with children, or (where the children have no keys) a list; in the order in which the keys are documented.
struct ResolvedNode {
  std::string key;
  ScalarKind kind = ScalarKind::text;
  std::string scalar;                // as written, or the default
  std::string absolute;              // of a path: where it leads from anywhere
  std::list<ResolvedNode> children;  // a list: sections are filled while their siblings are added

  bool is_list() const { return !children.empty() && children.front().key.empty(); }

  /// A section of which nothing was read.
  bool is_empty() const { return scalar.empty() && children.empty(); }
};

/// As YAML that loads to the same scenario.
std::string to_yaml(const ResolvedNode& root);

}  // namespace kvferry::scenarios
