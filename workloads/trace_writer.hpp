// Writing a workload as a trace that can be read again. Start here: write_trace(workload, form,
// write).
#pragma once

#include "workloads/workload.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <string_view>

namespace kvferry::workloads {

enum class TraceForm : std::uint8_t {
  /// `arrival_s,input_tokens,output_tokens` and, where some request needs them, `session_id,think_s`
  /// and `priority`. A request is sent at its arrival, but not before think_s after the end of the
  /// row above of the same session. Decimals are the shortest that read back as the same double.
  /// Block ids are not written.
  csv,
  /// Mooncake's JSON Lines with `hash_ids`, `session_id`, `delay` and `priority` where some request
  /// has them. Dates are in milliseconds, rounded to nanoseconds, which is how they are read.
  mooncake,
};
inline constexpr std::array<std::string_view, 2> kTraceFormNames{"csv", "mooncake"};

/// Calls `write` with pieces of the text, in order.
/// @throws InputError when the form cannot say what a request waits for
void write_trace(const Workload& workload, TraceForm form,
                 const std::function<void(std::string_view)>& write);

}  // namespace kvferry::workloads
