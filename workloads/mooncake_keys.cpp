#include "workloads/mooncake_keys.hpp"

#include "sim/base/nearest_name.hpp"
#include "workloads/row_fault.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace kvferry::workloads {
namespace {

// The first four are the published format; AIPerf and Dynamo added the others.
constexpr std::array kKeys{
    MooncakeKey{"timestamp", MooncakeKeyUse::timestamp},
    MooncakeKey{"input_length", MooncakeKeyUse::input_tokens},
    MooncakeKey{"output_length", MooncakeKeyUse::output_tokens},
    MooncakeKey{"hash_ids", MooncakeKeyUse::hash_ids},
    MooncakeKey{"created_time", MooncakeKeyUse::timestamp},
    MooncakeKey{"input_tokens", MooncakeKeyUse::input_tokens},
    MooncakeKey{"output_tokens", MooncakeKeyUse::output_tokens},
    MooncakeKey{"session_id", MooncakeKeyUse::session_id},
    MooncakeKey{"delay", MooncakeKeyUse::delay},
    MooncakeKey{"delay_ms", MooncakeKeyUse::delay},
    MooncakeKey{"request_id", MooncakeKeyUse::request_id},
    MooncakeKey{"priority", MooncakeKeyUse::priority},
    MooncakeKey{"strict_priority", MooncakeKeyUse::ignored},
    MooncakeKey{"policy_class", MooncakeKeyUse::ignored},
    MooncakeKey{"group_id", MooncakeKeyUse::ignored},
    MooncakeKey{"extra", MooncakeKeyUse::ignored},
    MooncakeKey{"tools", MooncakeKeyUse::ignored},
    MooncakeKey{"message_mode", MooncakeKeyUse::ignored},
    MooncakeKey{"text_input", MooncakeKeyUse::text},
    MooncakeKey{"messages", MooncakeKeyUse::text},
    MooncakeKey{"payload", MooncakeKeyUse::text},
    MooncakeKey{"wait_for", MooncakeKeyUse::dependency},
    MooncakeKey{"branches", MooncakeKeyUse::dependency},
    MooncakeKey{"prefix_reset", MooncakeKeyUse::dependency},
    MooncakeKey{"tool_wait_ms", MooncakeKeyUse::dependency},
    MooncakeKey{"tool_events", MooncakeKeyUse::dependency},
};

std::vector<std::string> usable_keys() {
  std::vector<std::string> names;
  for (const MooncakeKey& key : kKeys) {
    const bool refused = key.use == MooncakeKeyUse::text || key.use == MooncakeKeyUse::dependency;
    if (!refused) names.emplace_back(key.name);
  }
  return names;
}

}  // namespace

const MooncakeKey& find_mooncake_key(std::string_view name) {
  const auto* const key = std::find_if(kKeys.begin(), kKeys.end(),
                                       [&](const MooncakeKey& k) { return k.name == name; });
  if (key != kKeys.end()) return *key;
  const std::vector<std::string> valid = usable_keys();
  throw RowFault("unknown-key", "unknown key " + excerpt(name) + did_you_mean(name, valid) +
                                    "; valid keys: " + join_names(valid));
}

}  // namespace kvferry::workloads
