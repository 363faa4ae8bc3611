#include "cli/execution.hpp"
#include "cli/placed_workload.hpp"
#include "cli/trace_commands.hpp"
#include "scenarios/load_workload.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <span>

namespace kvferry::cli {
namespace {

using workloads::Request;
using workloads::Workload;

void warn_of_losses(const Workload& workload, workloads::TraceForm form) {
  if (form != workloads::TraceForm::csv) return;
  const auto named = std::ranges::count_if(
      workload.requests, [](const Request& request) { return !request.prefix_blocks.empty(); });
  if (named == 0) return;
  spdlog::warn("csv has no block ids: {} requests lose theirs (--to mooncake keeps them)", named);
}

// Readers take 512 unless they are told.
void tell_block_size(const Workload& workload, workloads::TraceForm form) {
  if (form != workloads::TraceForm::mooncake || workload.block_tokens == 0) return;
  spdlog::info("block ids are of {} tokens: read the file with block_tokens: {}",
               workload.block_tokens, workload.block_tokens);
}

}  // namespace

Workload workload_of(const TraceInput& input) {
  const bool generates = input.format == kFromScenario;
  const scenarios::SeededWorkload source =
      generates ? scenarios::load_workload(input.path, overrides_from(input.set))
                : scenarios::trace_workload(input.path, input.format, overrides_from(input.set));
  spdlog::info("seed: {}", source.seed);
  Workload workload = placed_workload(source.spec, source.seed, source.place);
  log_workload(workload);
  return workload;
}

int trace_write(const TraceWriteOptions& options) {
  codec::refuse_same_file(options.input.path, options.output);
  codec::OutputFile file(options.output, options.existing);
  const Workload workload = workload_of(options.input);
  warn_of_losses(workload, options.form);
  tell_block_size(workload, options.form);
  workloads::write_trace(workload, options.form, [&](std::string_view text) {
    file.write(std::as_bytes(std::span(text.data(), text.size())));
  });
  file.commit();
  fmt::print("{}: {} requests, {} bytes\n", options.output, workload.requests.size(), file.size());
  return kSuccess;
}

}  // namespace kvferry::cli
