#include "cli/output_folder.hpp"

#include "sim/base/error.hpp"

#include <fstream>
#include <stdlib.h>
#include <system_error>

namespace kvferry::cli {
namespace {

namespace fs = std::filesystem;

bool holds_something(const fs::path& path) {
  std::error_code error;
  if (!fs::exists(path, error)) return false;
  return !fs::is_directory(path, error) || !fs::is_empty(path, error);
}

// A new folder beside `target`, on the same file system so that renaming is atomic.
fs::path make_temporary(const fs::path& target) {
  std::error_code error;
  const fs::path parent = fs::absolute(target).parent_path();
  fs::create_directories(parent, error);
  std::string pattern = (parent / (target.filename().string() + ".tmp-XXXXXX")).string();
  if (::mkdtemp(pattern.data()) == nullptr) {
    throw InputError("-o " + target.string() + ": error: cannot create a folder in '" +
                     parent.string() + "': " + std::generic_category().message(errno));
  }
  fs::permissions(pattern,
                  fs::perms::owner_all | fs::perms::group_read | fs::perms::group_exec |
                      fs::perms::others_read | fs::perms::others_exec,
                  error);
  return pattern;
}

fs::path without_trailing_slash(const fs::path& path) {
  return path.has_filename() ? path : path.parent_path();
}

}  // namespace

OutputFolder::OutputFolder(const std::string& path, ExistingFolder existing)
    : target_(without_trailing_slash(path)) {
  if (existing == ExistingFolder::refuse && holds_something(target_)) {
    throw InputError(
        "-o " + path +
        ": error: the folder exists and is not empty; use another one, or --force to replace it");
  }
  temporary_ = make_temporary(target_);
}

OutputFolder::~OutputFolder() {
  std::error_code ignored;
  if (!committed_) fs::remove_all(temporary_, ignored);
}

void OutputFolder::write(const std::string& name, const std::string& text) {
  const fs::path path = temporary_ / name;
  fs::create_directories(path.parent_path());
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (!file) throw RunError("cannot write '" + (target_ / name).string() + "': is the disk full?");
}

void OutputFolder::commit() {
  fs::path aside = temporary_;
  aside += ".old";
  const bool replaces = fs::exists(target_);
  if (replaces) fs::rename(target_, aside);
  fs::rename(temporary_, target_);
  committed_ = true;
  std::error_code ignored;
  if (replaces) fs::remove_all(aside, ignored);
}

}  // namespace kvferry::cli
