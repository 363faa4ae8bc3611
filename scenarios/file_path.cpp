#include "scenarios/file_path.hpp"

#include <filesystem>
#include <system_error>

namespace kvferry::scenarios {

std::string resolve_path(const std::string& path, const Place& place) {
  const std::filesystem::path given(path);
  if (given.is_absolute() || place.is_override()) return path;
  return (std::filesystem::path(place.origin).parent_path() / given).lexically_normal().string();
}

std::string read_file_path(SectionReader& section, const std::string& key) {
  const std::string stated = section.required(key, Path{});
  if (stated.empty()) return stated;
  const std::string path = resolve_path(stated, section.place_of(key));
  std::error_code unreadable;
  if (!std::filesystem::exists(path, unreadable)) {
    const bool home = stated.starts_with('~');
    section.error(key, "no such file: '" + path + "'" +
                           (home ? " (a ~ is not replaced here: write the path out)" : ""));
  }
  return path;
}

}  // namespace kvferry::scenarios
