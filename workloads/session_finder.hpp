// Which conversation a faulty row of JSON belongs to.
#pragma once

#include <string>
#include <string_view>

namespace kvferry::workloads {

/// The `session_id` of the row, as far as it can be made out; empty when it cannot.
std::string session_named_in(std::string_view line);

}  // namespace kvferry::workloads
