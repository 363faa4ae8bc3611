// Which of the network's back-ends this build has.
#pragma once

#include "sim/simulation_config.hpp"

namespace kvferry::sim {

/// `direct` needs the version of SimGrid that it was written for; the others always exist.
bool is_built(NetworkBackend backend);

/// What `automatic` stands for in this build; others stand for themselves.
NetworkBackend resolved(NetworkBackend backend);

}  // namespace kvferry::sim
