#include "codec/files/output_file.hpp"

#include "sim/base/error.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace kvferry::codec {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kUsualMode = 0666;  // the process's umask takes its share
constexpr const char* kOpenFiles = "/proc/self/fd";
constexpr int kAttempts = 100;

fs::path temporary_name(const fs::path& target, int attempt) {
  fs::path name = target;
  name += ".tmp-" + std::to_string(::getpid()) + "-" + std::to_string(attempt);
  return name;
}

}  // namespace

void refuse_same_file(const std::string& input, const std::string& output) {
  std::error_code absent;
  if (fs::equivalent(input, output, absent)) {
    throw InputError(output + ": error: the output is the input itself; use another name");
  }
}

OutputFile::OutputFile(const std::string& path, ExistingFile existing) : existing_(existing) {
  const auto refuse = [&](const std::string& why) { throw InputError(path + ": error: " + why); };
  std::error_code error;
  if (path.empty()) throw InputError("the output has an empty name");
  if (fs::is_symlink(fs::symlink_status(path, error)) && !fs::exists(path, error))
    refuse("this is a link to something that does not exist");
  const fs::path resolved = fs::weakly_canonical(path, error);
  target_ = error ? fs::path(path) : resolved;
  const fs::file_status status = fs::status(target_, error);
  if (fs::exists(status) && !fs::is_regular_file(status)) {
    refuse("this is not a regular file, so it is not replaced");
  }
  if (fs::exists(status) && existing == ExistingFile::refuse) {
    refuse("the file exists; use another name, or --force to replace it");
  }
  const fs::path folder = fs::absolute(target_).parent_path();
  if (!fs::is_directory(folder, error)) refuse("there is no folder '" + folder.string() + "'");
  if (::access(folder.c_str(), W_OK) != 0) {
    refuse("cannot create a file in '" + folder.string() + "'");
  }
}

OutputFile::~OutputFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
  std::error_code ignored;
  if (!temporary_.empty()) fs::remove(temporary_, ignored);
}

void OutputFile::open_temporary() {
  const fs::path folder = fs::absolute(target_).parent_path();
  if (::access(kOpenFiles, X_OK) == 0) {
    descriptor_ = ::open(folder.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, kUsualMode);
  }
  for (int attempt = 0; attempt < kAttempts && descriptor_ < 0; ++attempt) {
    const fs::path candidate = temporary_name(target_, attempt);
    descriptor_ = ::open(candidate.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kUsualMode);
    if (descriptor_ >= 0) temporary_ = candidate;
    if (descriptor_ < 0 && errno != EEXIST) break;
  }
  if (descriptor_ < 0) fail("cannot create a file beside", errno);
}

void OutputFile::write(std::span<const std::byte> bytes) {
  if (descriptor_ < 0) open_temporary();
  size_ += bytes.size();
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail("cannot write", errno);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

void OutputFile::commit() {
  if (descriptor_ < 0) open_temporary();
  // On the disk before it has its name: otherwise a power cut could leave the name without bytes.
  if (::fsync(descriptor_) != 0 && errno != EINVAL) fail("cannot write", errno);
  if (existing_ == ExistingFile::refuse) {
    appear();
  } else {
    replace();
  }
  ::close(descriptor_);
  descriptor_ = -1;
}

// Takes the name only if nobody else has done so while we worked.
void OutputFile::appear() {
  if (!takes_free_name())
    throw RunError("'" + target_.string() + "' has appeared meanwhile: nothing written");
  std::error_code ignored;
  if (!temporary_.empty()) fs::remove(temporary_, ignored);
  temporary_.clear();
}

bool OutputFile::takes_free_name() const {
  if (temporary_.empty()) return link_unnamed(target_);
  if (::link(temporary_.c_str(), target_.c_str()) == 0) return true;
  if (errno == EEXIST || fs::exists(target_)) return false;
  fs::rename(temporary_, target_);  // a file system without hard links
  return true;
}

void OutputFile::replace() {
  struct stat old {};
  if (::stat(target_.c_str(), &old) == 0 && ::fchmod(descriptor_, old.st_mode & 07777) != 0)
    fail("cannot keep the permissions of", errno);
  for (int attempt = 0; attempt < kAttempts && temporary_.empty(); ++attempt) {
    const fs::path candidate = temporary_name(target_, attempt);
    if (link_unnamed(candidate)) temporary_ = candidate;
  }
  std::error_code error;
  fs::rename(temporary_, target_, error);
  if (error) fail("cannot write", error.value());
  temporary_.clear();
}

// Whether the name was free.
bool OutputFile::link_unnamed(const fs::path& name) const {
  const std::string self = std::string(kOpenFiles) + "/" + std::to_string(descriptor_);
  if (::linkat(AT_FDCWD, self.c_str(), AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW) == 0) return true;
  if (errno != EEXIST) fail("cannot write", errno);
  return false;
}

void OutputFile::fail(const std::string& what, int error) const {
  throw RunError(what + " '" + target_.string() + "': " + std::generic_category().message(error));
}

}  // namespace kvferry::codec
