// Lengths of generated requests, and what their prompts share.
#pragma once

#include "scenarios/section_reader.hpp"
#include "workloads/workload.hpp"

namespace kvferry::scenarios {

/// Input and output, or a mix of pairs, or a recorded table.
decltype(workloads::SyntheticSpec::lengths) read_lengths(SectionReader&& lengths);

/// `max_input_tokens` and `max_output_tokens` of the workload.
workloads::LengthLimits read_limits(SectionReader& workload);

/// `shared_prefix`, `sessions` and `block_tokens` of the workload.
workloads::ConversationSpec read_conversations(SectionReader& workload);

}  // namespace kvferry::scenarios
