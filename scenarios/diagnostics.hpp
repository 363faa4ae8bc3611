// Faults of a scenario, collected so that all of them appear together, in the order of the file.
#pragma once

#include <string>
#include <vector>

namespace kvferry::scenarios {

/// Where something stands: a file with line and column (from 1), or an override of the command
/// line.
struct Place {
  std::string origin;  ///< the file's path, or "--set key=value"
  int line = 0;        ///< 0 for an override
  int column = 0;

  bool is_override() const { return line == 0; }
  std::string text() const;
};

class Diagnostics {
 public:
  void error(const Place& place, const std::string& message);
  bool empty() const { return faults_.empty(); }

  /// @throws InputError with all faults, if there are any: "file.yaml:14:9: error: ..."
  void throw_if_any() const;

 private:
  struct Fault {
    Place place;
    std::string message;
  };
  std::vector<Fault> faults_;
};

}  // namespace kvferry::scenarios
