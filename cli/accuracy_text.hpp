// What `kvferry accuracy` found, as a table for people, JSON and CSV.
#pragma once

#include "cli/accuracy.hpp"

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace kvferry::cli {

std::string accuracy_text(const Accuracy& accuracy);

/// Groups, totals, exclusions and every row that was replayed. Errors are fractions, not per cent.
nlohmann::ordered_json accuracy_json(const Accuracy& accuracy);

/// One line per row of the file, in its order; an excluded one has a reason and no figures.
std::string accuracy_csv(const Accuracy& accuracy);

}  // namespace kvferry::cli
