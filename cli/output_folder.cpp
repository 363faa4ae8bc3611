#include "cli/output_folder.hpp"

#include "sim/base/error.hpp"

#include <cerrno>
#include <fstream>
#include <stdlib.h>
#include <system_error>
#include <unistd.h>

namespace kvferry::cli {
namespace {

namespace fs = std::filesystem;

bool holds_something(const fs::path& path) {
  std::error_code error;
  if (!fs::exists(path, error)) return false;
  return !fs::is_directory(path, error) || !fs::is_empty(path, error);
}

fs::path without_trailing_slash(const fs::path& path) {
  return path.has_filename() ? path : path.parent_path();
}

// The nearest folder above `path` that exists: the one that must be writable.
fs::path existing_ancestor(const fs::path& path) {
  fs::path ancestor = fs::absolute(path).parent_path();
  while (!fs::exists(ancestor) && ancestor.has_relative_path()) ancestor = ancestor.parent_path();
  return ancestor;
}

// A new folder beside `target`, on the same file system so that renaming is atomic.
fs::path make_temporary(const fs::path& target) {
  const fs::path parent = fs::absolute(target).parent_path();
  fs::create_directories(parent);
  std::string pattern = (parent / (target.filename().string() + ".tmp-XXXXXX")).string();
  if (::mkdtemp(pattern.data()) == nullptr) {
    throw std::system_error(errno, std::generic_category(),
                            "cannot create a folder in '" + parent.string() + "'");
  }
  fs::permissions(pattern, fs::perms::owner_all | fs::perms::group_read | fs::perms::group_exec |
                               fs::perms::others_read | fs::perms::others_exec);
  return pattern;
}

}  // namespace

OutputFolder::OutputFolder(const std::string& path, ExistingFolder existing)
    : target_(without_trailing_slash(path)), existing_(existing) {
  const auto refuse = [&](const std::string& why) {
    throw InputError("-o " + path + ": error: " + why);
  };
  if (existing == ExistingFolder::refuse && holds_something(target_)) {
    refuse("the folder exists and is not empty; use another one, or --force to replace it");
  }
  if (fs::exists(target_) && !fs::is_directory(target_)) refuse("this is a file, not a folder");
  const fs::path ancestor = existing_ancestor(target_);
  if (!fs::is_directory(ancestor) || ::access(ancestor.c_str(), W_OK) != 0) {
    refuse("cannot create a folder in '" + ancestor.string() + "'");
  }
}

OutputFolder::~OutputFolder() {
  std::error_code ignored;
  if (!temporary_.empty()) fs::remove_all(temporary_, ignored);
}

void OutputFolder::write(const std::string& name, const std::string& text) {
  if (temporary_.empty()) temporary_ = make_temporary(target_);
  const fs::path path = temporary_ / name;
  fs::create_directories(path.parent_path());
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (!file) throw RunError("cannot write '" + (target_ / name).string() + "': is the disk full?");
}

void OutputFolder::commit() {
  // Somebody else may have used the name while we ran.
  if (existing_ == ExistingFolder::refuse && holds_something(target_)) {
    throw RunError("'" + target_.string() + "' has been filled meanwhile: nothing written");
  }
  fs::path aside = temporary_;
  aside += ".old";
  const bool replaces = fs::exists(target_);
  if (replaces) fs::rename(target_, aside);
  fs::rename(temporary_, target_);
  temporary_.clear();
  std::error_code ignored;
  if (replaces) fs::remove_all(aside, ignored);
}

}  // namespace kvferry::cli
