// The fields of a model, in the catalog and in scenarios.
#pragma once

#include "scenarios/section_reader.hpp"
#include "sim/model_spec.hpp"

#include <string>

namespace kvferry::scenarios {

/// @param base where fields that are not stated come from; null: all dimensions are required
sim::ModelSpec read_model_fields(SectionReader& section, const std::string& name,
                                 const sim::ModelSpec* base);

}  // namespace kvferry::scenarios
