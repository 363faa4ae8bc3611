// The commands of kvferry: each composes the libraries, prints to stdout and returns the exit
// status.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace kvferry::cli {

inline constexpr int kSuccess = 0;
inline constexpr int kRunFailed = 1;
inline constexpr int kWrongInput = 2;

enum class Format : std::uint8_t { table, json };
/// Of the hand-offs that a device encodes: which are compared bit by bit.
enum class Verify : std::uint8_t { first, all };
enum class ExistingFolder : std::uint8_t { refuse, replace };

/// What run and compare have in common.
struct RunOptions {
  std::string scenario;
  std::vector<std::string> set;  ///< "key.path=value"
  std::string output_folder;     ///< empty: none
  ExistingFolder existing = ExistingFolder::refuse;
  Format format = Format::table;
  Verify verify = Verify::first;
};

struct CompareOptions {
  RunOptions run;
  std::string vary;  ///< "key.path=a,b,..."
};

struct ValidateOptions {
  std::string scenario;
  std::vector<std::string> set;
  bool resolved = false;
};

struct CalibrateOptions {
  std::string timings;  ///< CSV: timings_csv.hpp
  std::string output;   ///< YAML; empty: none
  ExistingFolder existing = ExistingFolder::refuse;
};

struct AccuracyOptions {
  std::string measurements;   ///< CSV: measurements_csv.hpp
  std::string gpu;            ///< of the catalog; empty: all
  std::string model;          ///< likewise
  std::string output_folder;  ///< empty: none
  ExistingFolder existing = ExistingFolder::refuse;
  Format format = Format::table;
  std::size_t at_once = 0;  ///< simulations side by side; 0: as many as there are cores
};

int run(const RunOptions& options);
int compare(const CompareOptions& options);
int validate(const ValidateOptions& options);
int calibrate(const CalibrateOptions& options);
int accuracy(const AccuracyOptions& options);
int list(const std::string& what);

/// What `kvferry list` can show.
const std::vector<std::string>& listable();

}  // namespace kvferry::cli
