#include "scenarios/section_reader.hpp"

#include "scenarios/file_path.hpp"
#include "sim/base/nearest_name.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>

namespace kvferry::scenarios {

SectionReader::SectionReader(const ConfigNode& root, Diagnostics& diagnostics,
                             ResolvedNode& resolved)
    : SectionReader(root.kind == ConfigNode::Kind::mapping ? &root : nullptr, "", root.place,
                    diagnostics, resolved) {
  if (root.kind != ConfigNode::Kind::mapping) {
    diagnostics.error(root.place, "expected a mapping of keys to values, found " + describe(root));
  }
}

SectionReader::SectionReader(const ConfigNode* node, std::string path, const Place& place,
                             Diagnostics& diagnostics, ResolvedNode& resolved)
    : node_(node),
      path_(std::move(path)),
      place_(place),
      diagnostics_(diagnostics),
      resolved_(resolved) {}

SectionReader::~SectionReader() {
  if (node_ == nullptr) return;
  std::vector<std::string> sorted = known_keys_;
  std::sort(sorted.begin(), sorted.end());
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  for (const ConfigEntry& entry : node_->entries) {
    if (std::binary_search(sorted.begin(), sorted.end(), entry.key)) continue;
    if (entry.key == "<<") {
      diagnostics_.error(entry.key_place, "merge keys are not supported: write the values out");
      continue;
    }
    diagnostics_.error(entry.key_place, "unknown key '" + full_key(entry.key) + "'" +
                                            did_you_mean(entry.key, sorted) +
                                            "; valid keys: " + join_names(sorted));
  }
}

SectionReader SectionReader::section(const std::string& key) {
  const ConfigEntry* entry = take(key);
  ResolvedNode& resolved = resolved_section(key);
  if (entry == nullptr) return {nullptr, full_key(key), place_, diagnostics_, resolved};
  const bool is_mapping = entry->value.kind == ConfigNode::Kind::mapping;
  if (!is_mapping) {
    diagnostics_.error(
        entry->value.place,
        "key '" + full_key(key) + "': expected a mapping, found " + describe(entry->value));
  }
  const Place& place = entry->value.place.is_override() ? entry->value.place : entry->key_place;
  return {is_mapping ? &entry->value : nullptr, full_key(key), place, diagnostics_, resolved};
}

SectionReader SectionReader::required_section(const std::string& key) {
  if (node_ != nullptr && find(key) == nullptr) report_missing(key);
  return section(key);
}

bool SectionReader::has(const std::string& key) const {
  return find(key) != nullptr;
}

std::string SectionReader::text_of(const std::string& key) const {
  const ConfigEntry* entry = find(key);
  return entry == nullptr ? std::string{} : entry->value.scalar;
}

bool SectionReader::is_mapping(const std::string& key) const {
  const ConfigEntry* entry = find(key);
  return entry != nullptr && entry->value.kind == ConfigNode::Kind::mapping;
}

std::vector<std::string> SectionReader::stated_keys() const {
  std::vector<std::string> keys;
  if (node_ == nullptr) return keys;
  for (const ConfigEntry& entry : node_->entries) keys.push_back(entry.key);
  return keys;
}

void SectionReader::error(const std::string& key, const std::string& message) const {
  error_at(place_of(key), key, message);
}

void SectionReader::error_within(const std::string& section, const std::string& key,
                                 const std::string& message) const {
  const ConfigEntry* outer = find(section);
  const ConfigEntry* inner = outer == nullptr ? nullptr : outer->value.find(key);
  error_at(inner != nullptr ? inner->value.place : place_of(section), section + "." + key, message);
}

void SectionReader::error_at(const Place& place, const std::string& key,
                             const std::string& message) const {
  diagnostics_.error(place, "key '" + full_key(key) + "': " + message);
}

void SectionReader::error(const std::string& message) const {
  const Place& place = node_ != nullptr ? node_->place : place_;
  diagnostics_.error(place, (path_.empty() ? "" : "key '" + path_ + "': ") + message);
}

Place SectionReader::place_of(const std::string& key) const {
  const ConfigEntry* entry = find(key);
  return entry != nullptr ? entry->value.place : place_;
}

const ConfigEntry* SectionReader::find(const std::string& key) const {
  return node_ == nullptr ? nullptr : node_->find(key);
}

const ConfigEntry* SectionReader::take(const std::string& key) {
  known_keys_.push_back(key);
  return find(key);
}

const ConfigEntry* SectionReader::take_list(const std::string& key) {
  const ConfigEntry* entry = take(key);
  if (entry == nullptr) {
    report_missing(key);
    return nullptr;
  }
  if (entry->value.kind == ConfigNode::Kind::sequence && !entry->value.items.empty()) return entry;
  const bool empty = entry->value.kind == ConfigNode::Kind::sequence;
  error(key,
        "expected a list of mappings, found " + (empty ? "an empty one" : describe(entry->value)));
  return nullptr;
}

SectionReader SectionReader::item(const ConfigNode& node, const std::string& key,
                                  ResolvedNode& list) {
  const bool is_mapping = node.kind == ConfigNode::Kind::mapping;
  if (!is_mapping) {
    diagnostics_.error(node.place,
                       "key '" + full_key(key) + "': expected a mapping, found " + describe(node));
  }
  list.children.push_back({"", ScalarKind::text, "", "", {}});
  return {is_mapping ? &node : nullptr, full_key(key), node.place, diagnostics_,
          list.children.back()};
}

// A missing key of a missing section is not worth a message of its own.
void SectionReader::report_missing(const std::string& key) const {
  if (node_ != nullptr) diagnostics_.error(place_, "missing key '" + full_key(key) + "'");
}

void SectionReader::report_not_scalar(const ConfigEntry& entry) const {
  diagnostics_.error(
      entry.value.place,
      "key '" + full_key(entry.key) + "': expected a single value, found " + describe(entry.value));
}

void SectionReader::resolve(const ConfigEntry& entry, ScalarKind kind, const std::string& text) {
  ResolvedNode node{entry.key, kind, text, {}, {}};
  if (kind == ScalarKind::path) {
    node.absolute = std::filesystem::absolute(resolve_path(text, entry.value.place))
                        .lexically_normal()
                        .string();
  }
  resolved_.children.push_back(std::move(node));
}

void SectionReader::resolve_default(const std::string& key, ScalarKind kind,
                                    const std::string& text) {
  resolved_.children.push_back({key, kind, text, {}, {}});
}

ResolvedNode& SectionReader::resolved_section(const std::string& key) {
  resolved_.children.push_back({key, ScalarKind::text, "", "", {}});
  return resolved_.children.back();
}

std::string SectionReader::full_key(const std::string& key) const {
  return path_.empty() ? key : path_ + "." + key;
}

}  // namespace kvferry::scenarios
