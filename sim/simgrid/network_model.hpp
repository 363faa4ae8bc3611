// SimGrid 3.32's network model. Its header is not installed, so the class is declared here once more:
// the same bases, and the first virtual functions in the same order, which gives communicate() the
// same place in the table of virtual functions. Other versions order them differently: see
// direct_network.hpp for what is then built instead.
#pragma once

#include <simgrid/kernel/resource/Action.hpp>
#include <simgrid/kernel/resource/Model.hpp>
#include <simgrid/kernel/resource/NetworkModelIntf.hpp>
#include <simgrid/s4u.hpp>
#include <simgrid/version.h>

#include <string>
#include <vector>

static_assert(SIMGRID_VERSION_MAJOR == 3 && SIMGRID_VERSION_MINOR == 32,
              "this declaration is that of SimGrid 3.32");

namespace simgrid::kernel::resource {

class StandardLinkImpl;

class NetworkModel : public Model, public NetworkModelIntf {
 public:
  virtual StandardLinkImpl* create_link(const std::string& name,
                                        const std::vector<double>& bandwidths) = 0;
  virtual StandardLinkImpl* create_wifi_link(const std::string& name,
                                             const std::vector<double>& bandwidths) = 0;
  /// Starts a flow. @param rate that it does not exceed, in bytes per second; -1: none
  virtual Action* communicate(s4u::Host* from, s4u::Host* to, double bytes, double rate) = 0;
};

}  // namespace simgrid::kernel::resource
