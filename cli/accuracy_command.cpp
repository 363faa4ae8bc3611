#include "cli/accuracy.hpp"
#include "cli/accuracy_text.hpp"
#include "cli/commands.hpp"
#include "cli/output_folder.hpp"
#include "cli/provenance.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <optional>
#include <thread>

namespace kvferry::cli {

int accuracy(const AccuracyOptions& options) {
  const Selection selection{options.gpu, options.model};
  check(selection);
  std::optional<OutputFolder> folder;
  if (!options.output_folder.empty()) folder.emplace(options.output_folder, options.existing);
  const std::size_t at_once =
      options.at_once > 0 ? options.at_once : std::max(1U, std::thread::hardware_concurrency());
  const Accuracy found = replay(read_measurements(options.measurements), selection, at_once);

  if (folder) {
    folder->write("accuracy.json", json_text(accuracy_json(found)));
    folder->write("rows.csv", accuracy_csv(found));
    for (const ReplayedRow& row : found.replayed)
      folder->write(fmt::format("scenarios/line-{}.yaml", row.measured.line), row.scenario);
    folder->commit();
  }
  if (options.format == Format::json) {
    fmt::print("{}", json_text(accuracy_json(found)));
  } else {
    fmt::print("{}", accuracy_text(found));
  }
  return kSuccess;
}

}  // namespace kvferry::cli
