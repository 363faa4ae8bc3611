#include "cli/placed_workload.hpp"

#include "sim/base/error.hpp"

#include <vector>

namespace kvferry::cli {

workloads::Workload placed_workload(const workloads::WorkloadSpec& spec, std::uint64_t seed,
                                    const std::string& place) {
  try {
    return workloads::make_workload(spec, seed);
  } catch (const InputError& error) {
    std::vector<std::string> messages = error.messages();
    for (std::string& message : messages) {
      const bool has_place = message.find(": error: ") != std::string::npos;
      if (!has_place) message.insert(0, place + ": error: key 'workload': ");
    }
    throw InputError(std::move(messages));
  }
}

}  // namespace kvferry::cli
