// Runs kvferry as a user does and collects what it prints.
#pragma once

#include "tests/temporary_folder.hpp"

#include <cstdlib>
#include <string>
#include <sys/wait.h>

namespace kvferry {

struct ProgramOutput {
  int status;
  std::string out;
  std::string err;
};

/// `arguments` as a shell reads them; `environment` is put before the command.
inline ProgramOutput run_kvferry(const std::string& arguments,
                                 const std::string& environment = "") {
  const TemporaryFolder folder;
  const auto out = folder.path() / "out";
  const auto err = folder.path() / "err";
  const std::string command = environment + " " + KVFERRY_BINARY + " " + arguments + " >" +
                              out.string() + " 2>" + err.string() + " </dev/null";
  const int status = std::system(command.c_str());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, read_text(out), read_text(err)};
}

}  // namespace kvferry
