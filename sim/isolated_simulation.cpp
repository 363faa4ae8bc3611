#include "sim/isolated_simulation.hpp"

#include "sim/base/error.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <exception>
#include <fcntl.h>
#include <poll.h>
#include <string>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>
#include <vector>

namespace kvferry::sim {
namespace {

constexpr int kPipeBytes = 1 << 20;  // so that the child seldom has to wait for the reader

struct Pipe {
  int reading_end;
  int writing_end;
};

Pipe make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) {
    throw std::system_error(errno, std::generic_category(), "creating a pipe");
  }
  ::fcntl(ends[1], F_SETPIPE_SZ, kPipeBytes);  // where it is refused, the pipe is only smaller
  return {ends[0], ends[1]};
}

// Never returns: the child must not run the caller's destructors or exit handlers.
[[noreturn]] void run_child(int pipe, const SimulationConfig& config,
                            std::span<const workloads::Request> requests,
                            codec::TransferCodec& codec) {
  int status = 0;
  try {
    ResultStreamWriter writer(pipe);
    try {
      writer.finish(simulate(config, requests, codec, writer));
    } catch (const InputError& error) {
      writer.fail({StreamedFailure::Kind::wrong_input, error.what()});
    } catch (const std::exception& error) {
      writer.fail({StreamedFailure::Kind::run_failed, error.what()});
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
                                       codec::TransferCodec& codec, ResultSink& sink)
    : reader_(sink) {
  const Pipe pipe = make_pipe();
  const pid_t parent = ::getpid();
  std::fflush(nullptr);  // or the child would print the caller's buffered text again
  child_ = ::fork();
  if (child_ < 0) {
    const int error = errno;
    ::close(pipe.reading_end);
    ::close(pipe.writing_end);
    throw std::system_error(error, std::generic_category(), "starting a process");
  }
  if (child_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);     // nobody would read the result any more
    if (::getppid() != parent) ::_exit(1);  // it ended before the line above
    ::close(pipe.reading_end);
    run_child(pipe.writing_end, config, requests, codec);
  }
  ::close(pipe.writing_end);
  pipe_ = pipe.reading_end;
}

IsolatedSimulation::~IsolatedSimulation() {
  if (pipe_ >= 0) ::close(pipe_);
  if (child_ > 0) {
    ::kill(child_, SIGKILL);
    wait_for(child_);
  }
}

void IsolatedSimulation::pass_on_what_is_there() {
  if (reader_.read(pipe_)) return;
  status_ = wait_for(child_);
  child_ = -1;
}

SimulationSums IsolatedSimulation::wait() {
  while (!has_ended()) pass_on_what_is_there();
  if (reader_.sums()) return *reader_.sums();
  if (!reader_.failure()) throw RunError(description_of(status_));
  const auto& [kind, message] = *reader_.failure();
  if (kind == StreamedFailure::Kind::wrong_input) throw InputError(message);
  throw RunError(message);
}

void pass_on_from_any(std::span<IsolatedSimulation* const> running) {
  std::vector<pollfd> pipes;
  for (const IsolatedSimulation* run : running) pipes.push_back({run->pipe_, POLLIN, 0});
  if (::poll(pipes.data(), pipes.size(), -1) < 0) {
    if (errno == EINTR) return;
    throw std::system_error(errno, std::generic_category(), "waiting for a simulation");
  }
  for (std::size_t i = 0; i < running.size(); ++i) {
    if (pipes[i].revents != 0) running[i]->pass_on_what_is_there();
  }
}

SimulationSums simulate_isolated(const SimulationConfig& config,
                                 std::span<const workloads::Request> requests,
                                 codec::TransferCodec& codec, ResultSink& sink) {
  return IsolatedSimulation(config, requests, codec, sink).wait();
}

SimulationResult simulate_isolated(const SimulationConfig& config,
                                   std::span<const workloads::Request> requests,
                                   codec::TransferCodec& codec) {
  CollectingSink sink;
  return sink.take(simulate_isolated(config, requests, codec, sink));
}

}  // namespace kvferry::sim
