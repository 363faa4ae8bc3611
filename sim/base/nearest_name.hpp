// "Did you mean ...?": the valid name that is closest to what was found.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace kvferry {

/// The candidate with the smallest edit distance to `found` (a swap of neighbours counts as one
/// edit, letter case as none) among those that differ in about a third of their letters or contain
/// `found`; or nothing.
std::optional<std::string> nearest_name(std::string_view found,
                                        std::span<const std::string> candidates);

/// " (did you mean 'x'?)" or an empty string, ready to be appended to a message.
std::string did_you_mean(std::string_view found, std::span<const std::string> candidates);

/// "a, b, c" in the order given.
std::string join_names(std::span<const std::string> names);

}  // namespace kvferry
