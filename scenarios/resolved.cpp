#include "scenarios/resolved.hpp"

#include <yaml-cpp/yaml.h>

namespace kvferry::scenarios {
namespace {

void emit(YAML::Emitter& emitter, const ResolvedNode& node) {
  if (node.children.empty()) {
    emitter << (node.kind == ScalarKind::path ? node.absolute : node.scalar);
    return;
  }
  if (node.is_list()) {
    emitter << YAML::BeginSeq;
    for (const ResolvedNode& item : node.children) emit(emitter, item);
    emitter << YAML::EndSeq;
    return;
  }
  emitter << YAML::BeginMap;
  for (const ResolvedNode& child : node.children) {
    if (child.is_empty()) continue;
    emitter << YAML::Key << child.key << YAML::Value;
    emit(emitter, child);
  }
  emitter << YAML::EndMap;
}

}  // namespace

std::string to_yaml(const ResolvedNode& root) {
  YAML::Emitter emitter;
  emit(emitter, root);
  return std::string(emitter.c_str()) + "\n";
}

}  // namespace kvferry::scenarios
