#include "sim/isolated_simulation.hpp"

#include "sim/base/error.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <string>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <system_error>
#include <type_traits>
#include <unistd.h>
#include <vector>

namespace kvferry::sim {
namespace {

// What travels through the pipe: one of these, then the result's parts or the message.
enum class Reply : char { result = 'R', wrong_input = 'I', failure = 'F' };

class PipeWriter {
 public:
  explicit PipeWriter(int descriptor) : descriptor_(descriptor) {}

  template <typename Value>
  void put(const Value& value) {
    static_assert(std::is_trivially_copyable_v<Value>);
    put_bytes(&value, sizeof value);
  }

  template <typename Value>
  void put_all(std::span<const Value> values) {
    static_assert(std::is_trivially_copyable_v<Value>);
    put(static_cast<std::uint64_t>(values.size()));
    put_bytes(values.data(), values.size_bytes());
  }

 private:
  void put_bytes(const void* data, std::size_t size) {
    const auto* next = static_cast<const char*>(data);
    while (size > 0) {
      const ssize_t written = ::write(descriptor_, next, size);
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0)
        throw std::system_error(errno, std::generic_category(), "writing the result");
      next += written;
      size -= static_cast<std::size_t>(written);
    }
  }
  int descriptor_;
};

class PipeReader {
 public:
  explicit PipeReader(int descriptor) : descriptor_(descriptor) {}

  /// False when the child ended before it wrote the whole value.
  template <typename Value>
  [[nodiscard]] bool get(Value& value) {
    return get_bytes(&value, sizeof value);
  }

  template <typename Container>
  [[nodiscard]] bool get_all(Container& values) {
    std::uint64_t count = 0;
    if (!get(count)) return false;
    values.resize(count);
    return get_bytes(values.data(), count * sizeof values[0]);
  }

 private:
  bool get_bytes(void* data, std::size_t size) {
    auto* next = static_cast<char*>(data);
    while (size > 0) {
      const ssize_t count = ::read(descriptor_, next, size);
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) return false;
      next += count;
      size -= static_cast<std::size_t>(count);
    }
    return true;
  }
  int descriptor_;
};

void send_result(PipeWriter& writer, const SimulationResult& result) {
  writer.put(Reply::result);
  writer.put(result.totals);
  writer.put_all(std::span(result.records));
  writer.put_all(std::span(result.token_gaps));
  writer.put_all(std::span(result.link_bytes));
}

void send_message(PipeWriter& writer, Reply reply, const std::string& message) {
  writer.put(reply);
  writer.put_all(std::span<const char>(message));
}

bool receive_result(PipeReader& reader, SimulationResult& result) {
  return reader.get(result.totals) && reader.get_all(result.records) &&
         reader.get_all(result.token_gaps) && reader.get_all(result.link_bytes);
}

// Never returns: the child must not run the caller's destructors or exit handlers.
[[noreturn]] void run_child(int pipe, const SimulationConfig& config,
                            std::span<const workloads::Request> requests,
                            codec::TransferCodec& codec) {
  int status = 0;
  try {
    PipeWriter writer(pipe);
    try {
      send_result(writer, simulate(config, requests, codec));
    } catch (const InputError& error) {
      send_message(writer, Reply::wrong_input, error.what());
    } catch (const std::exception& error) {
      send_message(writer, Reply::failure, error.what());
    }
  } catch (...) {
    status = 1;
  }
  std::fflush(nullptr);
  ::_exit(status);
}

std::string description_of(int status) {
  if (WIFSIGNALED(status)) {
    return std::string("the simulation process was ended by signal ") +
           std::to_string(WTERMSIG(status)) + " (" + ::strsignal(WTERMSIG(status)) + ")";
  }
  return "the simulation process ended without a result (status " +
         std::to_string(WEXITSTATUS(status)) + ")";
}

int wait_for(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

}  // namespace

IsolatedSimulation::IsolatedSimulation(const SimulationConfig& config,
                                       std::span<const workloads::Request> requests,
                                       codec::TransferCodec& codec) {
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) {
    throw std::system_error(errno, std::generic_category(), "creating a pipe");
  }
  const pid_t parent = ::getpid();
  std::fflush(nullptr);  // or the child would print the caller's buffered text again
  child_ = ::fork();
  if (child_ < 0) {
    const int error = errno;
    ::close(ends[0]);
    ::close(ends[1]);
    throw std::system_error(error, std::generic_category(), "starting a process");
  }
  if (child_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);     // nobody would read the result any more
    if (::getppid() != parent) ::_exit(1);  // it ended before the line above
    ::close(ends[0]);
    run_child(ends[1], config, requests, codec);
  }
  ::close(ends[1]);
  pipe_ = ends[0];
}

IsolatedSimulation::~IsolatedSimulation() {
  if (pipe_ >= 0) ::close(pipe_);
  if (child_ > 0) {
    ::kill(child_, SIGKILL);
    wait_for(child_);
  }
}

SimulationResult IsolatedSimulation::wait() {
  PipeReader reader(pipe_);
  Reply reply{};
  SimulationResult result;
  std::string message;
  const bool replied = reader.get(reply);
  const bool succeeded = replied && reply == Reply::result && receive_result(reader, result);
  const bool explained = replied && reply != Reply::result && reader.get_all(message);
  const int status = wait_for(child_);
  child_ = -1;
  if (succeeded) return result;
  if (explained && reply == Reply::wrong_input) throw InputError(message);
  throw RunError(explained ? message : description_of(status));
}

SimulationResult simulate_isolated(const SimulationConfig& config,
                                   std::span<const workloads::Request> requests,
                                   codec::TransferCodec& codec) {
  return IsolatedSimulation(config, requests, codec).wait();
}

}  // namespace kvferry::sim
