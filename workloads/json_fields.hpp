// JSON read strictly into memory, for formats whose rows or documents are nested. (Mooncake's long
// flat rows are read event by event instead, see mooncake_json.hpp.)
#pragma once

#include "workloads/row_fault.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kvferry::workloads {

using Json = nlohmann::json;

inline constexpr std::int64_t kNsPerSecond = 1'000'000'000;
inline constexpr std::int64_t kNsPerMillisecond = 1'000'000;

/// Called with what makes a whole file unusable; must throw.
using RefuseFile = std::function<void(const std::string&)>;

/// The text as one JSON object; 64-bit whole numbers stay exact.
/// @throws RowFault when it is not one; calls `refuse` for repeated keys and nesting deeper than 64.
Json parse_json_object(std::string_view text, const RefuseFile& refuse);

/// The members of one object, by name.
class JsonFields {
 public:
  /// `value` must outlive this. `where` precedes the names in messages, such as "requests[3].".
  /// @throws RowFault when it is not an object or has a key that is not known.
  JsonFields(const Json& value, std::initializer_list<std::string_view> known,
             std::string where = "");

  /// Whether the key is there with another value than null.
  bool has(std::string_view key) const;

  /// The value of a required key. @throws RowFault when it is missing.
  const Json& require(std::string_view key) const;

  std::int64_t input_tokens(std::string_view key) const;
  /// Of a number of tokens that may be 0.
  std::int64_t count(std::string_view key, std::string_view reason) const;
  std::int64_t whole(std::string_view key) const;
  std::string text(std::string_view key) const;
  const Json& array(std::string_view key) const;

  /// A time in that unit as nanoseconds; a fault for that reason unless from 0 to 292 years.
  std::int64_t time_ns(std::string_view key, std::string_view reason,
                       std::int64_t unit_ns = kNsPerSecond) const;

  /// Likewise, absent when the key is absent or null.
  std::optional<std::int64_t> maybe_time_ns(std::string_view key, std::string_view reason,
                                            std::int64_t unit_ns = kNsPerSecond) const;

  /// Whole numbers from 0 to 2^64 - 1, at most so many.
  std::vector<std::uint64_t> ids(std::string_view key, std::int64_t most) const;

  /// "where" + key, as messages have it.
  std::string name_of(std::string_view key) const { return where_ + std::string(key); }

 private:
  const Json* find(std::string_view key) const;
  RowFault wrong_type(std::string_view key, std::string_view expected) const;

  const Json& value_;
  std::string where_;
};

/// The whole number equal to a JSON number, if there is one within 64 signed bits.
std::optional<std::int64_t> whole_number(const Json& value);

}  // namespace kvferry::workloads
