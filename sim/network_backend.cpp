#include "sim/network_backend.hpp"

namespace kvferry::sim {
namespace {

#ifdef KVFERRY_HAS_DIRECT_NETWORK
constexpr bool kHasDirect = true;
#else
constexpr bool kHasDirect = false;
#endif

}  // namespace

bool is_built(NetworkBackend backend) {
  return backend != NetworkBackend::direct || kHasDirect;
}

NetworkBackend resolved(NetworkBackend backend) {
  if (backend != NetworkBackend::automatic) return backend;
  return kHasDirect ? NetworkBackend::direct : NetworkBackend::comm;
}

}  // namespace kvferry::sim
