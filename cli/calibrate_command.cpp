#include "analysis/distribution.hpp"
#include "cli/commands.hpp"
#include "cli/text_table.hpp"
#include "cli/timings_csv.hpp"
#include "codec/files/output_file.hpp"

#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace kvferry::cli {
namespace {

using analysis::StackCoefficients;

// In the order of analysis::StackCoefficients.
struct Coefficient {
  const char* key;
  double unit;  ///< in seconds, or 1
  const char* suffix;
};
constexpr std::array<Coefficient, analysis::kStackCoefficients> kCoefficients{
    Coefficient{"gemm_factor", 1, ""},         Coefficient{"attention_factor", 1, ""},
    Coefficient{"all_reduce_factor", 1, ""},   Coefficient{"per_kernel", 1e-6, " us"},
    Coefficient{"per_iteration", 1e-3, " ms"}, Coefficient{"per_sequence", 1e-6, " us"},
    Coefficient{"elementwise_factor", 1, ""}};

std::string value_text(const StackCoefficients& theta, std::size_t i) {
  return fmt::format("{:.4g}{}", theta[i] / kCoefficients[i].unit, kCoefficients[i].suffix);
}

std::string error_text(std::vector<double> errors) {
  const auto distribution = analysis::distribution_of(std::move(errors));
  return fmt::format("{:.1f} % (p50 {:.1f} %, p90 {:.1f} %)", 100 * distribution->mean,
                     100 * distribution->median, 100 * distribution->p90);
}

struct Calibration {
  std::size_t timings;
  std::size_t groups;
  StackCoefficients theta;
  std::string in_sample;
  std::string held_out;
  std::string prior;
};

Calibration calibrate_on(const std::vector<analysis::StackTiming>& timings) {
  std::set<std::string> groups;
  for (const analysis::StackTiming& timing : timings) groups.insert(timing.group);
  const StackCoefficients theta = fit_stack(timings);
  const auto held_out = held_out_errors(timings);
  return {timings.size(),
          groups.size(),
          theta,
          error_text(relative_errors(timings, theta)),
          held_out ? error_text(*held_out) : "unknown: it takes two groups",
          error_text(relative_errors(timings, analysis::stack_prior()))};
}

std::string report_text(const Calibration& fit) {
  TextTable table({"coefficient", "fitted", "before"}, {Align::left, Align::right, Align::right});
  for (std::size_t i = 0; i < kCoefficients.size(); ++i)
    table.add(
        {kCoefficients[i].key, value_text(fit.theta, i), value_text(analysis::stack_prior(), i)});
  return table.text() + fmt::format(
                            "\n{} timings in {} groups; mean error of a time:\n"
                            "  fitted to all        {}\n"
                            "  group left out       {}\n"
                            "  before (no timings)  {}\n",
                            fit.timings, fit.groups, fit.in_sample, fit.held_out, fit.prior);
}

// Names of files may hold what YAML would read otherwise.
std::string quoted(const std::string& text) {
  std::string result = "'";
  for (const char c : text) result += c == '\'' ? "''" : std::string(1, c);
  return result + "'";
}

std::string stack_yaml(const Calibration& fit, const std::string& timings,
                       const std::string& name) {
  std::string text =
      "# Written by kvferry calibrate; use it as `stack: FILE.yaml` in a scenario.\n";
  text += "name: " + quoted(name) + "\n";
  text += "source: " +
          quoted(fmt::format("fitted to {} timings of {}; mean error {}, with groups left out {}",
                             fit.timings, timings, fit.in_sample, fit.held_out)) +
          "\n";
  for (std::size_t i = 0; i < kCoefficients.size(); ++i)
    text += fmt::format("{}: {}\n", kCoefficients[i].key, value_text(fit.theta, i));
  return text;
}

}  // namespace

int calibrate(const CalibrateOptions& options) {
  std::optional<codec::OutputFile> output;
  if (!options.output.empty()) {
    codec::refuse_same_file(options.timings, options.output);
    output.emplace(options.output, options.existing == ExistingFolder::replace
                                       ? codec::ExistingFile::replace
                                       : codec::ExistingFile::refuse);
  }
  const Calibration fit = calibrate_on(read_timings(options.timings));
  if (output) {
    const std::string name = std::filesystem::path(options.output).stem().string();
    const std::string file = std::filesystem::path(options.timings).filename().string();
    const std::string text = stack_yaml(fit, file, name);
    output->write(std::as_bytes(std::span(text)));
    output->commit();
  }
  fmt::print("{}", report_text(fit));
  if (output) fmt::print("\nstack: {}\n", options.output);
  return kSuccess;
}

}  // namespace kvferry::cli
