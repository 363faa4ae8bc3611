// `kvferry topology show`: the network of a scenario as a picture or a table.
#pragma once

#include "cli/commands.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace kvferry::cli {

struct TopologyShowOptions {
  enum class Form : std::uint8_t { dot, table };
  enum class Detail : std::uint8_t { some, all };

  std::string scenario;
  std::vector<std::string> set;  ///< "key.path=value"
  std::string result_folder;     ///< of a run, for the utilisation of the links; empty: none
  std::string output;            ///< empty: standard output
  ExistingFolder existing = ExistingFolder::refuse;
  Form form = Form::dot;
  Detail detail = Detail::some;  ///< of pictures of large networks
};

int topology_show(const TopologyShowOptions& options);

}  // namespace kvferry::cli
