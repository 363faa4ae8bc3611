#include "scenarios/file_path.hpp"

#include <filesystem>

namespace kvferry::scenarios {

std::string resolve_path(const std::string& path, const Place& place) {
  const std::filesystem::path given(path);
  if (given.is_absolute() || place.is_override()) return path;
  return (std::filesystem::path(place.origin).parent_path() / given).lexically_normal().string();
}

}  // namespace kvferry::scenarios
