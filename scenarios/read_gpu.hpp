// The fields of a GPU, in the catalog and in scenarios.
#pragma once

#include "scenarios/section_reader.hpp"
#include "sim/gpu_spec.hpp"

#include <string>

namespace kvferry::scenarios {

/// @param base where fields that are not stated come from; null: all are required
sim::GpuSpec read_gpu_fields(SectionReader& section, const std::string& name,
                             const sim::GpuSpec* base);

}  // namespace kvferry::scenarios
