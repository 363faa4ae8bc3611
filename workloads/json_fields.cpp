#include "workloads/json_fields.hpp"

#include "sim/base/nearest_name.hpp"
#include "workloads/trace_row.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

namespace kvferry::workloads {
namespace {

constexpr int kDeepestNesting = 64;
constexpr double kLatestNs = 9.2e18;  // below 2^63

// Watches the parser for what it would let pass: repeated keys and endless nesting.
class Watch {
 public:
  explicit Watch(const RefuseFile& refuse) : refuse_(refuse) {}

  bool operator()(int depth, Json::parse_event_t event, const Json& parsed) {
    switch (event) {
      case Json::parse_event_t::object_start:
        keys_.emplace_back();
        [[fallthrough]];
      case Json::parse_event_t::array_start:
        if (depth >= kDeepestNesting) refuse_("the row is nested deeper than 64 levels");
        break;
      case Json::parse_event_t::object_end:
        keys_.pop_back();
        break;
      case Json::parse_event_t::key:
        if (!keys_.back().insert(parsed.get_ref<const std::string&>()).second) {
          refuse_("the key " + excerpt(parsed.get_ref<const std::string&>()) +
                  " is there twice in one object");
        }
        break;
      default:
        break;
    }
    return true;
  }

 private:
  const RefuseFile& refuse_;
  std::vector<std::set<std::string>> keys_;  // of the open objects
};

RowFault not_json(std::string_view text, std::size_t byte) {
  const std::size_t at = std::min(byte == 0 ? 0 : byte - 1, text.size());
  return {"invalid-json",
          "expected one JSON object, but at character " + std::to_string(at + 1) +
              " it is not valid JSON, found " +
              (at == text.size() ? std::string("the end of the text") : excerpt(text.substr(at)))};
}

}  // namespace

Json parse_json_object(std::string_view text, const RefuseFile& refuse) {
  const auto start = text.find_first_not_of(" \t\n");
  if (start == std::string_view::npos || text[start] != '{') {
    throw RowFault("not-an-object", "expected a JSON object, found " + excerpt(text));
  }
  Watch watch(refuse);
  try {
    return Json::parse(text.begin(), text.end(), std::ref(watch));
  } catch (const Json::parse_error& error) {
    throw not_json(text, error.byte);
  } catch (const Json::out_of_range&) {
    throw RowFault("invalid-json", "a number is too large to be read");
  }
}

JsonFields::JsonFields(const Json& value, std::initializer_list<std::string_view> known,
                       std::string where)
    : value_(value), where_(std::move(where)) {
  if (!value.is_object()) {
    throw RowFault("not-an-object",
                   "'" + where_ + "': expected an object, found " + excerpt(value.dump()));
  }
  for (const auto& [key, member] : value.items()) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    const std::vector<std::string> names(known.begin(), known.end());
    throw RowFault("unknown-key", "unknown key " + excerpt(name_of(key)) +
                                      did_you_mean(key, names) +
                                      "; valid keys: " + join_names(names));
  }
}

const Json* JsonFields::find(std::string_view key) const {
  const auto place = value_.find(std::string(key));
  return place == value_.end() ? nullptr : &*place;
}

bool JsonFields::has(std::string_view key) const {
  const Json* value = find(key);
  return value != nullptr && !value->is_null();
}

const Json& JsonFields::require(std::string_view key) const {
  const Json* value = find(key);
  if (value != nullptr) return *value;
  throw RowFault("missing-key", "the key " + excerpt(name_of(key)) + " is missing");
}

RowFault JsonFields::wrong_type(std::string_view key, std::string_view expected) const {
  return bad_value("wrong-type", {name_of(key), require(key).dump()}, expected);
}

std::int64_t JsonFields::input_tokens(std::string_view key) const {
  const Json& value = require(key);
  if (!value.is_number()) throw wrong_type(key, "a number");
  return checked_tokens(kBadInputTokens, {name_of(key), value.dump()}, whole_number(value));
}

std::int64_t JsonFields::count(std::string_view key, std::string_view reason) const {
  const Json& value = require(key);
  if (!value.is_number()) throw wrong_type(key, "a number");
  const auto number = whole_number(value);
  return number == 0 ? 0 : checked_tokens(reason, {name_of(key), value.dump()}, number);
}

std::int64_t JsonFields::whole(std::string_view key) const {
  const Json& value = require(key);
  const auto number = whole_number(value);
  if (!number) throw wrong_type(key, "a whole number");
  return *number;
}

std::string JsonFields::text(std::string_view key) const {
  const Json& value = require(key);
  if (!value.is_string()) throw wrong_type(key, "a text");
  return value.get<std::string>();
}

const Json& JsonFields::array(std::string_view key) const {
  const Json& value = require(key);
  if (!value.is_array()) throw wrong_type(key, "an array");
  return value;
}

std::int64_t JsonFields::time_ns(std::string_view key, std::string_view reason,
                                 std::int64_t unit_ns) const {
  const Json& value = require(key);
  if (!value.is_number()) throw wrong_type(key, "a number");
  const double time = value.get<double>() * static_cast<double>(unit_ns);
  if (!(time >= 0 && time <= kLatestNs)) {
    throw bad_value(reason, {name_of(key), value.dump()}, "a time from 0 to 292 years");
  }
  const auto whole = whole_number(value);  // exact beyond 2^53 ns
  return whole ? *whole * unit_ns : std::llround(time);
}

std::optional<std::int64_t> JsonFields::maybe_time_ns(std::string_view key, std::string_view reason,
                                                      std::int64_t unit_ns) const {
  return has(key) ? std::optional{time_ns(key, reason, unit_ns)} : std::nullopt;
}

std::vector<std::uint64_t> JsonFields::ids(std::string_view key, std::int64_t most) const {
  const Json& value = require(key);
  constexpr std::string_view kExpected = "an array of whole numbers from 0 to 2^64 - 1";
  if (!value.is_array()) throw wrong_type(key, kExpected);
  if (static_cast<std::int64_t>(value.size()) > most) {
    throw RowFault("block-count", excerpt(name_of(key)) + ": more than " + std::to_string(most) +
                                      " ids, the most that a prompt can have");
  }
  std::vector<std::uint64_t> ids;
  ids.reserve(value.size());
  for (const Json& id : value) {
    if (!id.is_number_unsigned()) {
      throw bad_value("wrong-type", {name_of(key), id.dump()}, kExpected);
    }
    ids.push_back(id.get<std::uint64_t>());
  }
  return ids;
}

std::optional<std::int64_t> whole_number(const Json& value) {
  if (value.is_number_unsigned()) {
    const auto number = value.get<std::uint64_t>();
    if (number > static_cast<std::uint64_t>(INT64_MAX)) return std::nullopt;
    return static_cast<std::int64_t>(number);
  }
  if (value.is_number_integer()) return value.get<std::int64_t>();
  return value.is_number() ? whole_number(value.get<double>()) : std::nullopt;
}

}  // namespace kvferry::workloads
