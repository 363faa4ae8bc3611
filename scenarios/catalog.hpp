// The GPUs, models, serving stacks and transfer engines that kvferry knows by name (sim/catalog/*.yaml, built in).
#pragma once

#include "scenarios/section_reader.hpp"
#include "sim/gpu_spec.hpp"
#include "sim/model_spec.hpp"
#include "sim/transfer_engine.hpp"

#include <string>
#include <vector>

namespace kvferry::scenarios {

const std::vector<sim::GpuSpec>& known_gpus();
const std::vector<sim::ModelSpec>& known_models();
const std::vector<sim::StackProfile>& known_stacks();
const std::vector<sim::TransferEngine>& known_transfer_engines();

/// Reads the value of `key`: a name from the catalog, or a mapping with all fields. A mapping with
/// `base: NAME` takes the fields that it does not state from that entry.
sim::GpuSpec read_gpu(SectionReader& parent, const std::string& key);
sim::ModelSpec read_model(SectionReader& parent, const std::string& key);
/// A stack may also stand in a file of its own, named with .yaml, as `kvferry calibrate` writes it.
sim::StackProfile read_stack(SectionReader& parent, const std::string& key,
                             const std::string& fallback);
sim::TransferEngine read_transfer_engine(SectionReader& parent, const std::string& key,
                                         const std::string& fallback);

}  // namespace kvferry::scenarios
