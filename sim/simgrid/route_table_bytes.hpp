// Routes as bytes, on their way from one process to another on the same machine.
#pragma once

#include "topologies/route_table.hpp"

#include <string>
#include <string_view>

namespace kvferry::sim {

std::string to_bytes(const topologies::RouteTable& table);

/// @pre bytes are those of to_bytes()
topologies::RouteTable route_table_from(std::string_view bytes);

}  // namespace kvferry::sim
