// The fields of a transfer engine, in the catalog and in scenarios, and what else says how a cache is
// posted: the keys of `transfer` that are about descriptors.
#pragma once

#include "scenarios/section_reader.hpp"
#include "sim/simulation_config.hpp"
#include "sim/transfer_engine.hpp"

#include <string>

namespace kvferry::scenarios {

/// @param base where fields that are not stated come from; null: efficiency, start, per_descriptor
///   and blend are required, the others have the defaults of an engine that adds nothing
sim::TransferEngine read_transfer_engine_fields(SectionReader& section, const std::string& name,
                                                const sim::TransferEngine* base);

/// The same in the catalog, where `measured` and `assumed` say where each figure comes from.
sim::TransferEngine read_catalog_engine(SectionReader& section, const std::string& name);

/// Reads transfer.engine, .page_layout and .coalesce into the config.
void read_posting(SectionReader& transfer, sim::TransferConfig& config);

}  // namespace kvferry::scenarios
