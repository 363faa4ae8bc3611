// Loads a platform into SimGrid's engine and asks it for routes.
#pragma once

#include "topologies/route_table.hpp"

#include <stdexcept>
#include <string>

namespace kvferry::sim {

/// A platform that SimGrid reads and we cannot use.
class PlatformFault : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// In a process where no engine has been: it starts one. See platform_file.hpp
/// @throws PlatformFault, and whatever SimGrid throws
topologies::RouteTable load_platform(const std::string& path, const topologies::RoutedPairs& pairs);

}  // namespace kvferry::sim
