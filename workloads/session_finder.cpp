#include "workloads/session_finder.hpp"

#include <nlohmann/json.hpp>

#include <cstddef>

namespace kvferry::workloads {
namespace {

using nlohmann::json;

constexpr std::size_t kDeepestNesting = 64;

// Finds the session's name and understands nothing else.
class SessionFinder : public json::json_sax_t {
 public:
  const std::string& session() const { return session_; }

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(json::number_integer_t value) override { return take(std::to_string(value)); }
  bool number_unsigned(json::number_unsigned_t value) override {
    return take(std::to_string(value));
  }
  bool number_float(json::number_float_t, const std::string& text) override { return take(text); }
  bool string(std::string& text) override { return take(text); }
  bool binary(json::binary_t&) override { return true; }
  bool start_object(std::size_t) override { return ++depth_ <= kDeepestNesting; }
  bool end_object() override { return --depth_ > 0; }
  bool start_array(std::size_t) override { return ++depth_ <= kDeepestNesting; }
  bool end_array() override { return --depth_ > 0; }
  bool key(std::string& name) override {
    is_session_ = depth_ == 1 && name == "session_id";
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const json::exception&) override {
    return false;
  }

 private:
  bool take(const std::string& text) {
    if (depth_ == 1 && is_session_) session_ = text;
    return true;
  }

  std::size_t depth_ = 0;
  bool is_session_ = false;
  std::string session_;
};

}  // namespace

std::string session_named_in(std::string_view line) {
  SessionFinder finder;
  json::sax_parse(line.begin(), line.end(), &finder);
  return finder.session();
}

}  // namespace kvferry::workloads
