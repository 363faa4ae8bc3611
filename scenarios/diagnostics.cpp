#include "scenarios/diagnostics.hpp"

#include "sim/base/error.hpp"

#include <algorithm>
#include <tuple>

namespace kvferry::scenarios {

std::string Place::text() const {
  if (is_override()) return origin;
  return origin + ":" + std::to_string(line) + ":" + std::to_string(column);
}

void Diagnostics::error(const Place& place, const std::string& message) {
  faults_.push_back({place, message});
}

void Diagnostics::throw_if_any() const {
  if (faults_.empty()) return;
  std::vector<Fault> ordered = faults_;
  const auto position = [](const Fault& fault) {
    return std::tuple(fault.place.is_override(), fault.place.line, fault.place.column);
  };
  std::stable_sort(ordered.begin(), ordered.end(),
                   [&](const Fault& a, const Fault& b) { return position(a) < position(b); });
  std::vector<std::string> messages;
  for (const Fault& fault : ordered) {
    messages.push_back(fault.place.text() + ": error: " + fault.message);
  }
  throw InputError(std::move(messages));
}

}  // namespace kvferry::scenarios
