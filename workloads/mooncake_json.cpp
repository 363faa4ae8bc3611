#include "workloads/mooncake_json.hpp"

#include "workloads/mooncake_keys.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace kvferry::workloads {
namespace {

using nlohmann::json;

constexpr std::size_t kDeepestNesting = 64;

// A JSON number as it is written, and as the whole number it equals, if any.
struct JsonNumber {
  std::string text;
  std::optional<std::int64_t> whole;
  double real{};
};

std::int64_t timestamp_ns(const FieldText& field, const JsonNumber& number, double unit_ns) {
  constexpr std::string_view kExpected = "a time from 0 to 292 years";
  constexpr double kLatestNs = 9.2e18;  // below 2^63
  const double time_ns = number.real * unit_ns;
  if (!(time_ns >= 0 && time_ns <= kLatestNs)) throw bad_value("bad-timestamp", field, kExpected);
  // Whole numbers of a whole unit stay exact beyond 2^53 ns.
  const double whole_unit_ns = std::round(unit_ns);
  const bool is_exact = number.whole && whole_unit_ns == unit_ns;
  return is_exact ? *number.whole * static_cast<std::int64_t>(whole_unit_ns)
                  : std::llround(time_ns);
}

std::string_view expected_type(MooncakeKeyUse use) {
  switch (use) {
    case MooncakeKeyUse::hash_ids:
      return "an array of whole numbers from 0 to 2^64 - 1";
    case MooncakeKeyUse::session_id:
    case MooncakeKeyUse::request_id:
      return "a name or a whole number";
    default:
      return "a number";
  }
}

// The events of nlohmann's parser for one line; faults are thrown, so every event returns true.
class RowEvents {
 public:
  RowEvents(std::string_view line, const MooncakeDialect& dialect, const TextFile& file)
      : line_(line), dialect_(dialect), file_(file) {}

  /// To be called after the last event.
  MooncakeRow take_row();

  bool null() { return take_other("null"); }
  bool boolean(bool value) { return take_other(value ? "true" : "false"); }
  bool string(std::string& text);
  bool binary(json::binary_t&) { return take_other("binary"); }
  bool number_integer(json::number_integer_t value) {
    return take_number({std::to_string(value), value, static_cast<double>(value)});
  }
  bool number_unsigned(json::number_unsigned_t value);
  bool number_float(json::number_float_t value, const std::string& text) {
    return take_number({text, whole_number(value), value});
  }
  bool start_object(std::size_t);
  bool key(std::string& name);
  bool end_object();
  bool start_array(std::size_t);
  bool end_array();
  bool parse_error(std::size_t position, const std::string& last_token,
                   const json::exception& error);

 private:
  bool is_at_top() const { return depth_ == 1; }
  bool is_among_ids() const { return depth_ == 2 && key_->use == MooncakeKeyUse::hash_ids; }
  bool has(MooncakeKeyUse use) const;
  void go_deeper();
  void take_top_key(const std::string& name);
  bool take_number(const JsonNumber& number);
  bool take_other(const std::string& text);
  bool take_name(const std::string& name);
  void require_use(MooncakeKeyUse use, std::string_view key) const;
  [[noreturn]] void refuse_type(const std::string& found) const;

  std::string_view line_;
  const MooncakeDialect& dialect_;
  const TextFile& file_;
  MooncakeRow result_;
  std::size_t depth_ = 0;                           // of open objects and arrays
  const MooncakeKey* key_ = nullptr;                // the top-level key whose value is being read
  std::vector<const MooncakeKey*> seen_;            // top-level keys
  std::vector<std::set<std::string>> nested_keys_;  // of the open objects below the top
};

bool RowEvents::has(MooncakeKeyUse use) const {
  return std::any_of(seen_.begin(), seen_.end(),
                     [&](const MooncakeKey* key) { return key->use == use; });
}

MooncakeRow RowEvents::take_row() {
  result_.has_date = has(MooncakeKeyUse::timestamp);
  if (result_.session.empty()) require_use(MooncakeKeyUse::timestamp, "timestamp");
  require_use(MooncakeKeyUse::input_tokens, "input_length");
  require_use(MooncakeKeyUse::output_tokens, "output_length");
  result_.row.has_prefix_blocks = has(MooncakeKeyUse::hash_ids);
  return std::move(result_);
}

void RowEvents::require_use(MooncakeKeyUse use, std::string_view key) const {
  if (!has(use)) throw RowFault("missing-key", "the key " + excerpt(key) + " is missing");
}

void RowEvents::go_deeper() {
  if (++depth_ > kDeepestNesting) file_.refuse_line("the row is nested deeper than 64 levels");
}

bool RowEvents::start_object(std::size_t) {
  if (is_among_ids() || (is_at_top() && key_->use != MooncakeKeyUse::ignored)) {
    refuse_type("{...}");
  }
  if (depth_ > 0) nested_keys_.emplace_back();
  go_deeper();
  return true;
}

bool RowEvents::end_object() {
  if (--depth_ > 0) nested_keys_.pop_back();
  return true;
}

bool RowEvents::start_array(std::size_t) {
  const bool may_be_array =
      key_->use == MooncakeKeyUse::hash_ids || key_->use == MooncakeKeyUse::ignored;
  if (is_among_ids() || (is_at_top() && !may_be_array)) refuse_type("[...]");
  go_deeper();
  return true;
}

bool RowEvents::end_array() {
  --depth_;
  return true;
}

bool RowEvents::key(std::string& name) {
  if (is_at_top()) {
    take_top_key(name);
  } else if (!nested_keys_.back().insert(name).second) {
    file_.refuse_line("the key " + excerpt(name) + " is there twice in one object");
  }
  return true;
}

void RowEvents::take_top_key(const std::string& name) {
  key_ = &find_mooncake_key(name);
  if (key_->use == MooncakeKeyUse::dependency) {
    file_.refuse_line("the key " + excerpt(name) +
                      " belongs to a graph of requests, which is not simulated; turns that follow "
                      "one another have a 'session_id'");
  }
  if (key_->use == MooncakeKeyUse::text) {
    throw RowFault("text-prompt", "the key " + excerpt(name) +
                                      " holds text, which is not tokenised here; "
                                      "give 'input_length' instead");
  }
  if (std::find(seen_.begin(), seen_.end(), key_) != seen_.end()) {
    file_.refuse_line("the key " + excerpt(name) + " is there twice in one object");
  }
  if (key_->use == MooncakeKeyUse::ignored) {
    result_.ignored_keys.push_back(key_->name);
  } else if (has(key_->use)) {
    throw RowFault("conflicting-keys",
                   "the key " + excerpt(name) + " repeats another one under its other name");
  }
  seen_.push_back(key_);
}

bool RowEvents::number_unsigned(json::number_unsigned_t value) {
  if (is_among_ids()) {
    std::vector<std::uint64_t>& ids = result_.row.prefix_blocks;
    if (static_cast<std::int64_t>(ids.size()) >= dialect_.most_ids) {
      file_.refuse_line("'hash_ids': more than " + std::to_string(dialect_.most_ids) +
                        " ids, the most that a prompt can have");
    }
    ids.push_back(value);
    return true;
  }
  const bool fits = value <= static_cast<std::uint64_t>(INT64_MAX);
  return take_number({std::to_string(value),
                      fits ? std::optional{static_cast<std::int64_t>(value)} : std::nullopt,
                      static_cast<double>(value)});
}

bool RowEvents::take_number(const JsonNumber& number) {
  if (is_among_ids()) refuse_type(number.text);
  if (!is_at_top()) return true;
  const FieldText field{key_->name, number.text};
  switch (key_->use) {
    case MooncakeKeyUse::timestamp:
      result_.row.time_ns = timestamp_ns(field, number, dialect_.timestamp_unit_ns);
      break;
    case MooncakeKeyUse::input_tokens:
      result_.row.input_tokens = checked_tokens(kBadInputTokens, field, number.whole);
      break;
    case MooncakeKeyUse::output_tokens:
      result_.row.output_tokens =
          checked_output_tokens(field, number.whole, dialect_.on_zero_output);
      break;
    case MooncakeKeyUse::delay:
      result_.delay_s = number.real * dialect_.timestamp_unit_ns / 1e9;
      result_.delay_text = number.text;
      result_.delay_key = key_->name;
      break;
    case MooncakeKeyUse::priority:
      // Dynamo serves the larger number first.
      result_.row.priority = -checked_priority(field, number.whole);
      break;
    case MooncakeKeyUse::session_id:
    case MooncakeKeyUse::request_id:
      if (!number.whole) refuse_type(number.text);
      return take_name(number.text);
    case MooncakeKeyUse::hash_ids:
      refuse_type(number.text);
    case MooncakeKeyUse::ignored:
    case MooncakeKeyUse::text:
    case MooncakeKeyUse::dependency:
      break;
  }
  return true;
}

bool RowEvents::string(std::string& text) {
  const bool is_name = is_at_top() && (key_->use == MooncakeKeyUse::session_id ||
                                       key_->use == MooncakeKeyUse::request_id);
  return is_name && !text.empty() ? take_name(text) : take_other("\"" + text + "\"");
}

bool RowEvents::take_name(const std::string& name) {
  if (key_->use == MooncakeKeyUse::session_id) {
    result_.session = name;
  } else {
    result_.name = name;
  }
  return true;
}

bool RowEvents::take_other(const std::string& text) {
  const bool has_effect = is_at_top() && key_->use != MooncakeKeyUse::ignored;
  if (has_effect || is_among_ids()) refuse_type(text);
  return true;
}

void RowEvents::refuse_type(const std::string& found) const {
  throw bad_value("wrong-type", {key_->name, found}, expected_type(key_->use));
}

bool RowEvents::parse_error(std::size_t position, const std::string& last_token,
                            const json::exception& error) {
  constexpr int kNumberOverflow = 406;
  if (error.id == kNumberOverflow) {
    throw RowFault("invalid-json",
                   "the number " + excerpt(last_token) + " is too large to be read");
  }
  const std::size_t at = std::min(position - 1, line_.size());
  throw RowFault("invalid-json", "expected one JSON object, but at character " +
                                     std::to_string(at + 1) + " it is not valid JSON, found " +
                                     (at == line_.size() ? std::string("the end of the line")
                                                         : excerpt(line_.substr(at))));
}

}  // namespace

MooncakeRow parse_mooncake_json(std::string_view line, const MooncakeDialect& dialect,
                                const TextFile& file) {
  const auto start = line.find_first_not_of(" \t");
  if (start == std::string_view::npos || line[start] != '{') {
    throw RowFault("not-an-object", "expected a JSON object, found " + excerpt(line));
  }
  RowEvents events(line, dialect, file);
  json::sax_parse(line.begin(), line.end(), &events);
  return events.take_row();
}

}  // namespace kvferry::workloads
