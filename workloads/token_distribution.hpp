// How often each number of tokens occurs, as ServeGen publishes it: the text of a Python dictionary,
// {45: 0.0096, 46: 1.2e-05, ...}.
#pragma once

#include "sim/base/random.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace kvferry::workloads {

class TokenDistribution {
 public:
  /// An empty dictionary gives an empty distribution.
  /// @throws RowFault unless it is {whole number: probability, ...}, keys from 0 on, none twice, with
  /// a sum within 1e-6 of 1.
  explicit TokenDistribution(std::string_view dictionary);

  bool is_empty() const { return tokens_.empty(); }

  /// Must not be called when empty.
  std::int64_t draw(RandomStream& random) const;

 private:
  std::vector<std::int64_t> tokens_;
  std::vector<double> cumulative_;  // probability of this number of tokens or one listed before it
};

}  // namespace kvferry::workloads
