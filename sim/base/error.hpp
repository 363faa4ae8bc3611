// Errors have three kinds and no fourth:
//   the user's input is wrong (a scenario, a trace, a frame, the command line)
//                                  -> InputError, exit status 2
//   the run or the machine fails   -> RunError or std::system_error, exit status 1
//   we are wrong                   -> assert, never reachable from input
// What is merely expected (a full queue, an incompressible chunk) is a return value.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace kvferry {

/// The input cannot be used. One message per fault, each naming place, thing, rule, what was found
/// and the valid choices, in the order of the input.
class InputError : public std::runtime_error {
 public:
  explicit InputError(std::vector<std::string> messages)
      : std::runtime_error(joined(messages)), messages_(std::move(messages)) {}
  explicit InputError(std::string message)
      : InputError(std::vector<std::string>{std::move(message)}) {}

  const std::vector<std::string>& messages() const { return messages_; }

 private:
  static std::string joined(const std::vector<std::string>& messages) {
    std::string text;
    for (const std::string& message : messages) {
      if (!text.empty()) text += '\n';
      text += message;
    }
    return text;
  }

  std::vector<std::string> messages_;
};

/// The input was fine, but the run could not be completed.
class RunError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace kvferry
