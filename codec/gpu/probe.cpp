#include "codec/gpu/probe.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <exception>
#include <sstream>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

namespace kvferry::codec {
namespace {

constexpr const char* kFound = "found";
constexpr const char* kNone = "none";

// The answer as lines: the first says which it is.
std::string answer(const GpuBackend& backend) {
  try {
    const std::string reason = backend.why_none();
    if (!reason.empty()) return std::string(kNone) + "\n" + reason + "\n";
    const GpuDescription gpu = backend.open(0)->description();
    return std::string(kFound) + "\n" + gpu.name + "\n" + gpu.clocks + "\n" + gpu.driver + "\n" +
           std::to_string(gpu.memory.value) + "\n";
  } catch (const std::exception& error) {
    return std::string(kNone) + "\n" + error.what() + "\n";
  }
}

GpuProbe parsed(const std::string& text) {
  std::istringstream lines(text);
  const auto next = [&] {
    std::string line;
    std::getline(lines, line);
    return line;
  };
  const std::string kind = next();
  if (kind == kNone) return {std::nullopt, next()};
  if (kind != kFound) return {std::nullopt, "the driver ended the process that asked for a device"};
  GpuDescription gpu{next(), next(), next(), {}};
  lines >> gpu.memory.value;
  return {gpu, ""};
}

[[noreturn]] void run_child(int pipe, const GpuBackend& backend) {
  const std::string text = answer(backend);
  const ssize_t written = ::write(pipe, text.data(), text.size());
  ::_exit(written == static_cast<ssize_t>(text.size()) ? 0 : 1);
}

std::string read_all(int pipe) {
  std::string text;
  std::array<char, 512> part{};
  for (;;) {
    const ssize_t count = ::read(pipe, part.data(), part.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return text;
    text.append(part.data(), static_cast<std::size_t>(count));
  }
}

}  // namespace

GpuProbe probe_gpu(const GpuBackend& backend) {
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) {
    throw std::system_error(errno, std::generic_category(), "creating a pipe");
  }
  std::fflush(nullptr);  // or the child would print the caller's buffered text again
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    run_child(ends[1], backend);
  }
  const int error = errno;
  ::close(ends[1]);
  const std::string text = child > 0 ? read_all(ends[0]) : "";
  ::close(ends[0]);
  if (child < 0) throw std::system_error(error, std::generic_category(), "starting a process");
  while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  return parsed(text);
}

}  // namespace kvferry::codec
