#include "cli/output_folder.hpp"

#include "sim/base/error.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace kvferry::cli {
namespace {

namespace fs = std::filesystem;

bool is_non_empty_folder(const fs::path& path) {
  std::error_code error;
  return fs::is_directory(path, error) && !fs::is_empty(path, error);
}

// --force must not cost anyone a folder of their own.
bool holds_results(const fs::path& path) {
  return std::ranges::any_of(std::array{"summary.json", "compare.json", "accuracy.json"},
                             [&](const char* name) { return fs::is_regular_file(path / name); });
}

bool is_or_holds_current_folder(const fs::path& path) {
  const fs::path current = fs::current_path();
  return std::mismatch(path.begin(), path.end(), current.begin(), current.end()).first ==
         path.end();
}

// The nearest folder above `path` that exists: the one that must be writable.
fs::path existing_ancestor(const fs::path& path) {
  fs::path ancestor = path.parent_path();
  while (!fs::exists(ancestor) && ancestor.has_relative_path()) ancestor = ancestor.parent_path();
  return ancestor;
}

// Links are followed: the folder behind one is replaced, and the link stays.
fs::path real_path(const std::string& path) {
  const fs::path real = fs::weakly_canonical(fs::absolute(path));
  return real.has_filename() ? real : real.parent_path();
}

// Why a run may not write there; empty when it may.
std::string objection(const std::string& stated, const fs::path& path, ExistingFolder existing) {
  if (fs::is_symlink(fs::symlink_status(stated)) && !fs::exists(stated))
    return "this is a link to something that does not exist";
  if (fs::exists(path) && !fs::is_directory(path)) return "this is a file, not a folder";
  if (is_or_holds_current_folder(path)) return "this is the current folder, or holds it";
  if (is_non_empty_folder(path)) {
    if (existing == ExistingFolder::refuse)
      return "the folder exists and is not empty; use another one, or --force to replace it";
    if (!holds_results(path))
      return "the folder holds other things than results of kvferry: not replaced, even by --force";
  }
  const fs::path ancestor = existing_ancestor(path);
  if (!fs::is_directory(ancestor) || ::access(ancestor.c_str(), W_OK) != 0)
    return "cannot create a folder in '" + ancestor.string() + "'";
  return {};
}

// A new folder beside `target`, on the same file system so that renaming is atomic.
fs::path make_temporary(const fs::path& target) {
  fs::create_directories(target.parent_path());
  const std::string stem = target.string() + ".tmp-" + std::to_string(::getpid()) + "-";
  for (int attempt = 0;; ++attempt) {
    fs::path candidate = stem + std::to_string(attempt);
    if (fs::create_directory(candidate)) return candidate;
  }
}

RunError cannot_write(const fs::path& path) {
  return RunError("cannot write '" + path.string() + "': is the disk full?");
}

}  // namespace

OutputFolder::OutputFolder(const std::string& path, ExistingFolder existing)
    : target_(real_path(path)), existing_(existing) {
  const std::string why = objection(path, target_, existing);
  if (!why.empty()) throw InputError("-o " + path + ": error: " + why);
}

OutputFolder::~OutputFolder() {
  std::error_code ignored;
  if (!temporary_.empty()) fs::remove_all(temporary_, ignored);
}

fs::path OutputFolder::place_for(const std::string& name) {
  if (temporary_.empty()) {
    interruption_noted_.emplace();
    temporary_ = make_temporary(target_);
  }
  const fs::path path = temporary_ / name;
  fs::create_directories(path.parent_path());
  return path;
}

void OutputFolder::write(const std::string& name, const std::string& text) {
  std::ofstream file(place_for(name), std::ios::binary);
  file << text;
  file.close();
  if (!file) throw cannot_write(target_ / name);
}

void OutputFolder::append(const std::string& name, std::string_view text) {
  std::ofstream& file = growing_[name];
  if (!file.is_open()) file.open(place_for(name), std::ios::binary);
  file << text;
  if (!file) throw cannot_write(target_ / name);
}

void OutputFolder::close_growing_files() {
  for (auto& [name, file] : growing_) {
    file.close();
    if (!file) throw cannot_write(target_ / name);
  }
  growing_.clear();
}

void OutputFolder::commit() {
  close_growing_files();
  const bool replaces = existing_ == ExistingFolder::replace && is_non_empty_folder(target_);
  if (replaces) {
    replace();
  } else {
    move_into_place();
  }
  interruption_noted_.reset();
}

// A folder that somebody filled meanwhile makes the renaming fail.
void OutputFolder::move_into_place() {
  std::error_code error;
  fs::rename(temporary_, target_, error);
  if (error) {
    throw RunError("cannot move the results to '" + target_.string() + "': " + error.message() +
                   "; nothing written");
  }
  temporary_.clear();
}

void OutputFolder::replace() {
  const fs::path aside = temporary_.string() + ".old";
  fs::rename(target_, aside);
  try {
    move_into_place();
  } catch (...) {
    std::error_code ignored;
    fs::rename(aside, target_, ignored);
    throw;
  }
  std::error_code ignored;
  fs::remove_all(aside, ignored);
}

}  // namespace kvferry::cli
