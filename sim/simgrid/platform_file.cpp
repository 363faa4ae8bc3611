#include "sim/platform_file.hpp"

#include "sim/base/error.hpp"
#include "sim/simgrid/platform.hpp"
#include "sim/simgrid/route_table_bytes.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <exception>
#include <memory>
#include <string>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

namespace kvferry::sim {
namespace {

using topologies::RoutedPairs;
using topologies::RouteTable;

struct Closer {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, Closer>;

// Removed when it is closed.
File temporary_file() {
  File file(std::tmpfile());
  if (!file) throw std::system_error(errno, std::generic_category(), "creating a temporary file");
  return file;
}

std::string content_of(std::FILE* file) {
  std::rewind(file);
  std::string text;
  std::array<char, 65'536> part{};
  while (const std::size_t size = std::fread(part.data(), 1, part.size(), file))
    text.append(part.data(), size);
  return text;
}

void write(std::FILE* file, const std::string& text) {
  const bool is_written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  if (!is_written || std::fflush(file) != 0) throw std::runtime_error("the disk is full");
}

/// Of the child, as its exit status: none that a library, or a sanitizer, ends a process with.
enum Ending : int { kLoaded = 81, kRefused, kFailed };

// Never returns: the child must not run the caller's destructors or exit handlers.
[[noreturn]] void run_child(const std::string& path, const RoutedPairs& pairs, std::FILE* result,
                            std::FILE* said) {
  int ending = kFailed;
  ::dup2(::fileno(said), STDOUT_FILENO);
  ::dup2(::fileno(said), STDERR_FILENO);
  try {
    try {
      write(result, to_bytes(load_platform(path, pairs)));
      ending = kLoaded;
    } catch (const std::exception& fault) {
      write(result, fault.what());
      ending = kRefused;
    }
  } catch (...) {
    ending = kFailed;
  }
  std::fflush(nullptr);
  ::_exit(ending);
}

pid_t start_child(const std::string& path, const RoutedPairs& pairs, std::FILE* result,
                  std::FILE* said) {
  const pid_t parent = ::getpid();
  std::fflush(nullptr);  // or the child would print the caller's buffered text again
  const pid_t child = ::fork();
  if (child < 0) throw std::system_error(errno, std::generic_category(), "starting a process");
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);           // nobody would read the result any more
    if (::getppid() != parent) ::_exit(kFailed);  // it ended before the line above
    run_child(path, pairs, result, said);
  }
  return child;
}

int wait_for(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

// A list of all hosts may follow what matters.
std::string on_one_line(std::string text) {
  constexpr std::size_t kEnough = 300;
  std::ranges::replace(text, '\n', ' ');
  if (text.size() > kEnough) text = text.substr(0, kEnough) + " ...";
  return text;
}

// SimGrid puts the place first: "Parse error at FILE:LINE: ..."; what its XML reader finds is then
// "Invalid XML (XML input line LINE, state NUMBER): ...".
std::string in_our_words(const std::string& path, const std::string& message) {
  const std::string place = "Parse error at ";
  if (!message.starts_with(place)) return path + ": " + on_one_line(message);
  std::string text = on_one_line(message.substr(place.size()));
  const std::size_t state = text.find(": Invalid XML (XML input line ");
  const std::size_t state_end = text.find("): ", state);
  if (state != std::string::npos && state_end != std::string::npos)
    text.erase(state, state_end + 1 - state);
  return text;
}

// Where SimGrid ends the process, its last words are all there is.
std::string in_our_words(const std::string& path, int status, const std::string& said) {
  std::string words = first_line(said);
  if (words.empty() && WIFSIGNALED(status)) words = ::strsignal(WTERMSIG(status));
  if (words.empty() && WIFEXITED(status))
    words = "exit status " + std::to_string(WEXITSTATUS(status));
  return path + ": SimGrid broke off over it (" + words +
         "), as it does where no route joins two zones or hosts";
}

}  // namespace

RouteTable read_platform_file(const std::string& path, const RoutedPairs& pairs) {
  const File result = temporary_file();
  const File said = temporary_file();
  const int status = wait_for(start_child(path, pairs, result.get(), said.get()));
  if (WIFEXITED(status) && WEXITSTATUS(status) == kLoaded)
    return route_table_from(content_of(result.get()));
  if (WIFEXITED(status) && WEXITSTATUS(status) == kRefused)
    throw InputError(in_our_words(path, content_of(result.get())));
  throw InputError(in_our_words(path, status, content_of(said.get())));
}

}  // namespace kvferry::sim
