#include "analysis/comparison.hpp"

#include "analysis/block_bootstrap.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <unordered_set>
#include <utility>

namespace kvferry::analysis {
namespace {

constexpr std::size_t kFewestPairs = 30;

/// One figure of both variants, pair by pair.
struct Pairs {
  std::vector<double> baseline;
  std::vector<double> variant;
  std::size_t size() const { return baseline.size(); }
};

std::optional<Speedup> speedup(const Statistic& baseline, const Statistic& variant,
                               std::size_t pairs, std::uint64_t seed) {
  if (pairs == 0) return std::nullopt;
  const Resample all(pairs);
  Speedup result{baseline(all) / variant(all), std::nullopt};
  if (!std::isfinite(result.value)) return std::nullopt;
  if (pairs >= kFewestPairs) result.interval = bootstrap_ratio(baseline, variant, pairs, seed);
  return result;
}

std::optional<Speedup> mean_speedup(const Pairs& pairs, std::uint64_t seed) {
  const ResampledMean baseline(pairs.baseline);
  const ResampledMean variant(pairs.variant);
  return speedup(std::cref(baseline), std::cref(variant), pairs.size(), seed);
}

/// Of several percentiles of the same pairs.
class PercentileSpeedups {
 public:
  PercentileSpeedups(const Pairs& pairs, std::uint64_t seed)
      : baseline_(pairs.baseline), variant_(pairs.variant), seed_(seed) {}

  std::optional<Speedup> operator()(double p) const {
    if (baseline_.size() == 0) return std::nullopt;
    const ResampledPercentile baseline(baseline_, p);
    const ResampledPercentile variant(variant_, p);
    return speedup(std::cref(baseline), std::cref(variant), baseline_.size(), seed_);
  }

 private:
  SortedSamples baseline_;
  SortedSamples variant_;
  std::uint64_t seed_;
};

using Rows = std::vector<std::size_t>;

// The rows by the requests' ids.
Rows rows_by_id(const RequestColumns& requests) {
  Rows rows(requests.size());
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  std::ranges::sort(rows, {}, [&](std::size_t row) { return requests.id(row); });
  return rows;
}

bool same_request(const RequestColumns& a, std::size_t i, const RequestColumns& b, std::size_t j) {
  return a.id(i) == b.id(j) && a.session(i) == b.session(j) &&
         a.input_tokens(i) == b.input_tokens(j) && a.output_tokens(i) == b.output_tokens(j);
}

// When a turn after the first of its session is due may depend on the run.
bool same_requests(const RequestColumns& a, const Rows& rows_of_a, const RequestColumns& b,
                   const Rows& rows_of_b) {
  if (rows_of_a.size() != rows_of_b.size()) return false;
  std::unordered_set<std::int64_t> sessions;
  for (std::size_t k = 0; k < rows_of_a.size(); ++k) {
    const std::size_t i = rows_of_a[k];
    const std::size_t j = rows_of_b[k];
    if (!same_request(a, i, b, j)) return false;
    const bool is_later_turn = a.session(i) >= 0 && !sessions.insert(a.session(i)).second;
    if (!is_later_turn && a.scheduled(i) != b.scheduled(j)) return false;
  }
  return true;
}

// For every row of the baseline the variant's row of the same request; nothing when they served
// other requests. Clients that wait for answers send in an order of their own in each run.
std::optional<Rows> counterparts(const RequestColumns& baseline, const RequestColumns& variant) {
  const Rows a = rows_by_id(baseline);
  const Rows b = rows_by_id(variant);
  if (!same_requests(baseline, a, variant, b)) return std::nullopt;
  Rows rows(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) rows[a[i]] = b[i];
  return rows;
}

struct RowPair {
  std::size_t baseline;
  std::size_t variant;
};

// In order of arrival in the baseline.
std::vector<RowPair> finished_pairs(const RequestColumns& baseline, const RequestColumns& variant,
                                    const Rows& counterparts, Seconds warmup) {
  std::vector<RowPair> pairs;
  for (std::size_t i = 0; i < baseline.size(); ++i) {
    const std::size_t j = counterparts[i];
    const bool both = baseline.has_finished(i) && variant.has_finished(j);
    if (both && baseline.arrival(i) >= warmup) pairs.push_back({i, j});
  }
  return pairs;
}

/// Takes a figure from both variants, where both have it.
class PairsOf {
 public:
  PairsOf(const RequestColumns& baseline, const RequestColumns& variant,
          const std::vector<RowPair>& rows)
      : baseline_(baseline), variant_(variant), rows_(rows) {}

  Pairs operator()(RequestColumns::Time (RequestColumns::*figure)(std::size_t) const) const {
    Pairs pairs;
    for (const RowPair& rows : rows_) {
      const auto a = (baseline_.*figure)(rows.baseline);
      const auto b = (variant_.*figure)(rows.variant);
      if (!a || !b) continue;
      pairs.baseline.push_back(a->value);
      pairs.variant.push_back(b->value);
    }
    return pairs;
  }

 private:
  const RequestColumns& baseline_;
  const RequestColumns& variant_;
  const std::vector<RowPair>& rows_;
};

// Gaps between completions, the first one counted from the first arrival: their mean is 1 /
// throughput.
std::vector<double> completion_gaps(const RequestColumns& requests) {
  std::vector<double> dates;
  for (std::size_t row = 0; row < requests.size(); ++row) {
    if (requests.has_finished(row)) dates.push_back(requests.finish(row).value);
  }
  std::sort(dates.begin(), dates.end());
  double previous = requests.size() == 0 ? 0 : requests.arrival(0).value;
  for (double& date : dates) previous = std::exchange(date, date - previous);
  return dates;
}

}  // namespace

Comparison compare(const RequestColumns& baseline, const RequestColumns& variant, Seconds warmup,
                   std::uint64_t seed) {
  Comparison comparison;
  const auto rows = counterparts(baseline, variant);
  comparison.paired = rows.has_value();
  if (!rows) return comparison;
  const auto finished = finished_pairs(baseline, variant, *rows, warmup);
  comparison.pairs = static_cast<std::int64_t>(finished.size());

  const PairsOf pairs_of(baseline, variant, finished);
  const Pairs ttft = pairs_of(&RequestColumns::ttft);
  const PercentileSpeedups ttft_speedup_at(ttft, seed);
  comparison.ttft_mean = mean_speedup(ttft, seed);
  comparison.ttft_p50 = ttft_speedup_at(50);
  comparison.ttft_p99 = ttft_speedup_at(99);
  comparison.transfer_mean = mean_speedup(pairs_of(&RequestColumns::transfer), seed);
  comparison.tpot_mean = mean_speedup(pairs_of(&RequestColumns::tpot), seed);

  const Pairs gaps{completion_gaps(baseline), completion_gaps(variant)};
  if (gaps.baseline.size() == gaps.variant.size())
    comparison.request_throughput = mean_speedup(gaps, seed);
  return comparison;
}

}  // namespace kvferry::analysis
