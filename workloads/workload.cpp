#include "workloads/workload.hpp"

#include "sim/base/quantity_text.hpp"
#include "workloads/synthetic_workload.hpp"

#include <utility>

namespace kvferry::workloads {
namespace {

std::string hexadecimal(std::uint64_t word) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (int shift = 60; shift >= 0; shift -= 4) text += kDigits[(word >> shift) & 0xf];
  return text;
}

Workload workload_from(const TraceSpec& spec, std::uint64_t seed) {
  TraceOptions options = spec.options;
  TraceChanges changes = spec.changes;
  if (changes.dequantize) {
    options.expects_equal_dates = true;
    changes.dequantize->interval = changes.dequantize->interval * (1 / options.time_scale);
  }
  Trace trace = read_trace(spec.path, spec.format, options);
  change_trace(trace.requests, changes, seed);
  Workload workload;
  workload.requests = std::move(trace.requests);
  workload.block_tokens = trace.block_tokens;
  workload.source.kind = WorkloadKind::trace;
  workload.source.file = SourceFile{std::move(trace.path), std::string(name_of(trace.format)),
                                    trace.file_bytes, trace.fingerprint, std::move(trace.account)};
  workload.source.description = describe(*workload.source.file);
  if (spec.options.time_scale != 1) {
    workload.source.description +=
        ", replayed " + shortest_decimal(spec.options.time_scale) + " times as fast";
  }
  workload.source.description += describe(changes);
  return workload;
}

Workload workload_from(const SyntheticSpec& spec, std::uint64_t seed) {
  return synthetic_workload(spec, seed);
}

}  // namespace

std::string describe(const SourceFile& file) {
  return file.format + " file '" + file.path + "', " + std::to_string(file.account.emitted) +
         " of " + std::to_string(file.account.rows_read) + " rows, fingerprint " +
         hexadecimal(file.fingerprint);
}

Workload make_workload(const WorkloadSpec& spec, std::uint64_t seed) {
  return std::visit([&](const auto& kind) { return workload_from(kind, seed); }, spec);
}

}  // namespace kvferry::workloads
