// The measured times of expert layers (sim/catalog/moe.yaml, built in).
#pragma once

#include "sim/gpu_spec.hpp"

#include <string>
#include <vector>

namespace kvferry::scenarios {

/// Of one GPU of the catalog; empty where none was measured.
std::vector<sim::MoeMeasurement> moe_measurements(const std::string& gpu);

}  // namespace kvferry::scenarios
