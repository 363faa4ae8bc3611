// What the simulator is asked to serve. Start here: make_workload(spec, seed).
//
// A workload is a list of requests in order of arrival, replayed from a trace or generated from an
// arrival process and lengths, with a record of where it came from. Equal specs and seeds give
// equal workloads on every machine.
#pragma once

#include "sim/base/units.hpp"
#include "workloads/arrivals.hpp"
#include "workloads/conversations.hpp"
#include "workloads/lengths.hpp"
#include "workloads/request.hpp"
#include "workloads/trace.hpp"
#include "workloads/trace_changes.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace kvferry::workloads {

struct TraceSpec {
  std::string path;
  TraceFormat format{};
  TraceOptions options;
  TraceChanges
      changes{};  ///< intervals of dequantize are in the trace's own time, before time_scale
  /// New starts for the conversations, in the order of their own; requests without a conversation
  /// are one each. The trace's own starts when absent.
  std::optional<ArrivalSpec> starts{};
  std::optional<std::int64_t> max_concurrency{};  ///< see Workload
};

/// Lengths from a recorded table; see read_length_table.
struct EmpiricalLengths {
  std::string path;
  OnBadRow on_bad_row = OnBadRow::reject;
};

struct SyntheticSpec {
  ArrivalSpec arrivals;  ///< of requests, or of sessions where there are any
  std::variant<IndependentLengths, PairMix, EmpiricalLengths> lengths;
  ConversationSpec conversations;
  LengthLimits limits;
  std::int64_t requests{};          ///< at most this many
  std::optional<Seconds> duration;  ///< what arrives at this date or later is left out
  std::optional<std::int64_t> max_concurrency{};  ///< see Workload
};

using WorkloadSpec = std::variant<SyntheticSpec, TraceSpec>;

enum class WorkloadKind : std::uint8_t { synthetic, trace };
inline constexpr std::array<std::string_view, 2> kWorkloadKindNames{"synthetic", "trace"};
constexpr std::string_view name_of(WorkloadKind kind) {
  return kWorkloadKindNames[static_cast<std::size_t>(kind)];
}

/// A file that requests were read from: a trace, or a table of lengths.
struct SourceFile {
  std::string path;
  std::string format;           ///< that of the trace, or "length-table"
  std::int64_t file_bytes{};    ///< of the part that was read
  std::uint64_t fingerprint{};  ///< FNV-1a of that part
  TraceAccount account;
};

/// "mooncake file 'x.jsonl', 3 of 3 rows, fingerprint 6b023792e6539376".
std::string describe(const SourceFile& file);

/// Where a workload came from, for the results' provenance.
struct WorkloadSource {
  WorkloadKind kind{};
  std::string description;         ///< one line: the file, or the generator and its parameters
  std::optional<SourceFile> file;  ///< absent when nothing was read
  std::int64_t cut_inputs{};       ///< synthetic prompts and answers cut to their limit,
  std::int64_t cut_outputs{};      ///< see SampledLengths
  std::int64_t raised_inputs{};
  std::int64_t raised_outputs{};
  std::int64_t left_out_turns{};  ///< of synthetic sessions, beyond the limit of the input
};

struct Workload {
  std::vector<Request> requests;
  std::int64_t block_tokens{};  ///< tokens per prefix block; 0 when requests name no blocks
  /// At most this many sessions are in progress at a time, where the workload has sessions, and
  /// this many requests elsewhere; the others wait at the client for one to end. At least 1.
  std::optional<std::int64_t> max_concurrency;
  WorkloadSource source;
};

/// @throws InputError when the specification or a file it names cannot be used.
Workload make_workload(const WorkloadSpec& spec, std::uint64_t seed);

}  // namespace kvferry::workloads
