#include "scenarios/exactly_one.hpp"

#include "sim/base/nearest_name.hpp"

namespace kvferry::scenarios {

std::string exactly_one(SectionReader& section, const std::vector<std::string>& keys) {
  std::vector<std::string> stated;
  for (const std::string& key : keys) {
    section.ignore(key);
    if (section.has(key)) stated.push_back(key);
  }
  if (!section.present()) return {};
  if (stated.size() == 1) return stated.front();
  section.error("expected exactly one of " + join_names(keys));
  return {};
}

}  // namespace kvferry::scenarios
