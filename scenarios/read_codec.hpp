// The part of a scenario that says which codec compresses hand-offs and where its times and sizes
// come from.
#pragma once

#include "scenarios/scenario.hpp"
#include "scenarios/section_reader.hpp"

#include <cstdint>

namespace kvferry::scenarios {

/// Reads `transfer.codec` and the `codec` section.
/// @param seed of the scenario; the synthetic payload derives from it
CodecConfig read_codec(SectionReader& transfer, SectionReader& codec, const sim::ModelSpec& model,
                       std::uint64_t seed);

}  // namespace kvferry::scenarios
