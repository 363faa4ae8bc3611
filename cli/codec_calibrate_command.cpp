#include "cli/codec_commands.hpp"
#include "cli/codec_text.hpp"
#include "cli/commands.hpp"
#include "cli/progress_bar.hpp"
#include "cli/text_table.hpp"
#include "codec/files/calibration.hpp"
#include "codec/files/codebook_file.hpp"
#include "codec/files/output_file.hpp"
#include "sim/base/error.hpp"

#include <fmt/format.h>

#include <deque>
#include <optional>
#include <span>

namespace kvferry::cli {
namespace {

std::vector<std::string> row_of(const codec::CodingKey& key, const codec::GroupCalibration& group) {
  const codec::GroupRatios ratios = ratios_of(key, group);
  const std::string quoted = codec::quoted_name(key.group.label());
  return {quoted.substr(1, quoted.size() - 2),
          std::string(name_of(key.dtype)),
          std::to_string(group.values),
          fmt::format("{:.3f}", codec::exponent_entropy_bits(group.histogram)),
          fmt::format("{:.3f} %", 100 * codec::coverage(group.histogram, 8)),
          fmt::format("{:.3f} %", 100 * codec::coverage(group.histogram, 16)),
          format_text(group.coding.format),
          ratio_text(ratios.predicted),
          ratio_text(ratios.achieved),
          ratio_text(ratios.bound),
          exponents_text(group.coding.codebook.exponents())};
}

std::string report_text(const codec::Calibration& calibration) {
  TextTable table({"tensors", "dtype", "values", "entropy (bit)", "top-8", "top-16", "format",
                   "predicted", "achieved", "bound", "codebook"},
                  {Align::left, Align::left, Align::right, Align::right, Align::right, Align::right,
                   Align::left, Align::right, Align::right, Align::right, Align::left});
  std::uint64_t values = 0;
  for (const auto& [key, group] : calibration) {
    table.add(row_of(key, group));
    values += group.values;
  }
  const codec::GroupRatios ratios = ratios_of(calibration);
  table.add({"all", "", std::to_string(values), "", "", "", "", ratio_text(ratios.predicted),
             ratio_text(ratios.achieved), ratio_text(ratios.bound)});
  return table.text();
}

}  // namespace

int codec_calibrate(const CodecCalibrateOptions& options) {
  std::optional<codec::OutputFile> output;
  if (!options.output.empty()) {
    for (const std::string& input : options.inputs) {
      codec::refuse_same_file(input, options.output);
    }
    output.emplace(options.output, options.existing);
  }
  std::deque<codec::InputFile> opened;
  std::vector<codec::CalibrationFile> files;
  for (const std::string& input : options.inputs) {
    const codec::InputFile& file = opened.emplace_back(input);
    files.push_back({&file, codec::list_tensors(file, options.dtype)});
  }
  codec::Calibration calibration;
  {
    ProgressBar bar(options.work.progress);
    calibration =
        codec::calibrate(files, options.rule, {.threads = options.work.threads}, bar.callback());
  }
  if (calibration.empty()) {
    throw InputError(options.inputs.front() +
                     ": error: no tensor of BF16 or FP8 values to calibrate on" +
                     (options.inputs.size() > 1 ? ", nor in the other files" : ""));
  }
  if (output) {
    const std::string text = codec::codebook_file_text(calibration, options.inputs);
    output->write(std::as_bytes(std::span(text)));
    output->commit();
  }
  fmt::print("{}", report_text(calibration));
  if (output) fmt::print("\n{} codebooks in {}\n", calibration.size(), options.output);
  return kSuccess;
}

}  // namespace kvferry::cli
