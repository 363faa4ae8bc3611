// Runs something in a process of its own: SimGrid allows one run per process, and a test that compares
// two runs needs two.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdio>
#include <functional>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace kvferry::sim {

/// The numbers that `run` returns there.
inline std::vector<double> in_a_child(const std::function<std::vector<double>()>& run) {
  std::FILE* const file = std::tmpfile();
  const pid_t child = ::fork();
  if (child == 0) {
    const std::vector<double> numbers = run();
    const bool is_written =
        std::fwrite(numbers.data(), sizeof(double), numbers.size(), file) == numbers.size();
    ::_exit(is_written && std::fflush(file) == 0 && !testing::Test::HasFailure() ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0) << "the child did not end well";
  std::vector<double> numbers(static_cast<std::size_t>(std::ftell(file)) / sizeof(double));
  std::rewind(file);
  EXPECT_EQ(std::fread(numbers.data(), sizeof(double), numbers.size(), file), numbers.size());
  std::fclose(file);
  return numbers;
}

}  // namespace kvferry::sim
