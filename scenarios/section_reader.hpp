// Reads one mapping of a scenario, key by key. Every key that is asked for is thereby a valid key;
// when the reader goes out of scope, all others are reported with the nearest valid name. A faulty
// value is reported and replaced by a harmless one, so that reading goes on and finds the next
// fault.
#pragma once

#include "scenarios/config_node.hpp"
#include "scenarios/resolved.hpp"

#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace kvferry::scenarios {

class SectionReader {
 public:
  /// The whole document. @param resolved receives every value that is read
  SectionReader(const ConfigNode& root, Diagnostics& diagnostics, ResolvedNode& resolved);
  SectionReader(const SectionReader&) = delete;
  SectionReader& operator=(const SectionReader&) = delete;
  ~SectionReader();

  /// The mapping under `key`. When it is absent, all its keys count as absent.
  SectionReader section(const std::string& key);
  /// The same, and its absence is an error.
  SectionReader required_section(const std::string& key);

  /// Calls read(item) with a SectionReader for every mapping of the list under `key`, in order. A
  /// list that is absent or empty is an error.
  template <typename Read>
  void each_of(const std::string& key, Read read) {
    const ConfigEntry* entry = take_list(key);
    if (entry == nullptr) return;
    ResolvedNode& list = resolved_section(key);
    for (std::size_t i = 0; i < entry->value.items.size(); ++i) {
      read(item(entry->value.items[i], key + "[" + std::to_string(i) + "]", list));
    }
  }

  /// `key` is a valid key, whatever its value.
  void ignore(const std::string& key) { known_keys_.push_back(key); }

  bool has(const std::string& key) const;
  bool is_mapping(const std::string& key) const;
  /// The text of a scalar value, before it is read; empty when there is none.
  std::string text_of(const std::string& key) const;
  /// The keys that the section was written with, in their order.
  std::vector<std::string> stated_keys() const;
  /// Whether the section itself was written in the scenario.
  bool present() const { return node_ != nullptr; }

  template <typename Scalar>
  auto required(const std::string& key, const Scalar& scalar) {
    using Value = decltype(scalar.parse(std::string{}));
    const ConfigEntry* entry = take(key);
    if (entry == nullptr) {
      report_missing(key);
      return Value{};
    }
    return parse(*entry, scalar, Value{});
  }

  template <typename Scalar, typename Value>
  auto optional(const std::string& key, const Scalar& scalar, const Value& fallback) {
    const ConfigEntry* entry = take(key);
    using Parsed = decltype(scalar.parse(std::string{}));
    if (entry != nullptr) return parse(*entry, scalar, Parsed(fallback));
    resolve_default(key, Scalar::kKind, scalar.print(fallback));
    return Parsed(fallback);
  }

  template <typename Scalar>
  auto maybe(const std::string& key, const Scalar& scalar)
      -> std::optional<decltype(scalar.parse(std::string{}))> {
    using Value = decltype(scalar.parse(std::string{}));
    const ConfigEntry* entry = take(key);
    if (entry == nullptr) return std::nullopt;
    return parse(*entry, scalar, Value{});
  }

  /// Required when there is no fallback, optional otherwise.
  template <typename Scalar, typename Value>
  auto field(const std::string& key, const Scalar& scalar, const std::optional<Value>& fallback) {
    return fallback ? optional(key, scalar, *fallback) : required(key, scalar);
  }

  /// Reports a fault of the value of `key` (or of the section, where the key is absent).
  void error(const std::string& key, const std::string& message) const;

  /// The same, of a key of the section under `section`, which may have been read and left already.
  void error_within(const std::string& section, const std::string& key,
                    const std::string& message) const;

  /// The same, at a place within the value of `key`.
  void error_at(const Place& place, const std::string& key, const std::string& message) const;

  /// Reports a fault of the section itself.
  void error(const std::string& message) const;

  Place place_of(const std::string& key) const;

 private:
  SectionReader(const ConfigNode* node, std::string path, const Place& place,
                Diagnostics& diagnostics, ResolvedNode& resolved);

  const ConfigEntry* take(const std::string& key);
  const ConfigEntry* take_list(const std::string& key);
  SectionReader item(const ConfigNode& node, const std::string& key, ResolvedNode& list);
  const ConfigEntry* find(const std::string& key) const;
  void report_missing(const std::string& key) const;
  void report_not_scalar(const ConfigEntry& entry) const;
  void resolve(const ConfigEntry& entry, ScalarKind kind, const std::string& text);
  void resolve_default(const std::string& key, ScalarKind kind, const std::string& text);
  std::string full_key(const std::string& key) const;
  ResolvedNode& resolved_section(const std::string& key);

  template <typename Scalar, typename Value>
  Value parse(const ConfigEntry& entry, const Scalar& scalar, Value fallback) {
    if (entry.value.kind != ConfigNode::Kind::scalar) {
      report_not_scalar(entry);
      return fallback;
    }
    try {
      Value value = scalar.parse(entry.value.scalar);
      const bool keeps_spelling =
          Scalar::kKind == ScalarKind::text || Scalar::kKind == ScalarKind::path;
      resolve(entry, Scalar::kKind, keeps_spelling ? entry.value.scalar : scalar.print(value));
      return value;
    } catch (const std::invalid_argument& fault) {
      diagnostics_.error(entry.value.place, "key '" + full_key(entry.key) + "': " + fault.what());
      return fallback;
    }
  }

  const ConfigNode* node_;
  std::string path_;
  Place place_;
  Diagnostics& diagnostics_;
  ResolvedNode& resolved_;
  std::vector<std::string> known_keys_;
};

}  // namespace kvferry::scenarios
