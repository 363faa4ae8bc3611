#include "analysis/comparison.hpp"

#include "analysis/distribution.hpp"
#include "analysis/run_summary.hpp"
#include "sim/base/random.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <utility>

namespace kvferry::analysis {
namespace {

constexpr std::size_t kFewestPairs = 30;
constexpr std::size_t kMostResamples = 1000;
constexpr std::size_t kFewestResamples = 100;
constexpr std::size_t kSamplesDrawn = 20'000'000;  // bounds the time on long traces

/// One figure of both variants, pair by pair.
struct Pairs {
  std::vector<double> baseline;
  std::vector<double> variant;
  std::size_t size() const { return baseline.size(); }
};

using Statistic = std::function<double(std::vector<double>&)>;

double mean(std::vector<double>& samples) {
  return std::accumulate(samples.begin(), samples.end(), 0.0) / static_cast<double>(samples.size());
}
double median(std::vector<double>& samples) {
  return percentile(samples, 50);
}
double p99(std::vector<double>& samples) {
  return percentile(samples, 99);
}

double ratio(std::vector<double> baseline, std::vector<double> variant,
             const Statistic& statistic) {
  return statistic(baseline) / statistic(variant);
}

class BlockBootstrap {
 public:
  BlockBootstrap(const Pairs& pairs, std::uint64_t seed)
      : pairs_(pairs),
        block_(static_cast<std::size_t>(std::ceil(std::sqrt(static_cast<double>(pairs.size()))))),
        random_(seed, "bootstrap") {}

  Speedup::Interval interval(const Statistic& statistic) {
    const std::size_t resamples =
        std::clamp(kSamplesDrawn / pairs_.size(), kFewestResamples, kMostResamples);
    std::vector<double> ratios(resamples);
    for (double& value : ratios) {
      resample();
      value = statistic(baseline_) / statistic(variant_);
    }
    return {percentile(ratios, 2.5), percentile(ratios, 97.5)};
  }

 private:
  // Blocks start anywhere and wrap around, so that every pair is drawn equally often.
  void resample() {
    const std::size_t n = pairs_.size();
    baseline_.clear();
    variant_.clear();
    while (baseline_.size() < n) {
      const std::size_t start = random_.below(n);
      for (std::size_t k = 0; k < block_ && baseline_.size() < n; ++k) {
        const std::size_t i = (start + k) % n;
        baseline_.push_back(pairs_.baseline[i]);
        variant_.push_back(pairs_.variant[i]);
      }
    }
  }

  const Pairs& pairs_;
  std::size_t block_;
  RandomStream random_;
  std::vector<double> baseline_;
  std::vector<double> variant_;
};

std::optional<Speedup> speedup(const Pairs& pairs, const Statistic& statistic, std::uint64_t seed) {
  if (pairs.size() == 0) return std::nullopt;
  const double value = ratio(pairs.baseline, pairs.variant, statistic);
  if (!std::isfinite(value)) return std::nullopt;
  Speedup result{value, std::nullopt};
  if (pairs.size() >= kFewestPairs)
    result.interval = BlockBootstrap(pairs, seed).interval(statistic);
  return result;
}

bool same_requests(const SimulationResult& a, const SimulationResult& b) {
  return std::equal(a.records.begin(), a.records.end(), b.records.begin(), b.records.end(),
                    [](const RequestRecord& x, const RequestRecord& y) {
                      return x.arrival == y.arrival && x.input_tokens == y.input_tokens &&
                             x.output_tokens == y.output_tokens;
                    });
}

struct RecordPair {
  const RequestRecord* baseline;
  const RequestRecord* variant;
};

std::vector<RecordPair> finished_pairs(const SimulationResult& baseline,
                                       const SimulationResult& variant, Seconds warmup) {
  std::vector<RecordPair> pairs;
  for (std::size_t i = 0; i < baseline.records.size(); ++i) {
    const RequestRecord& a = baseline.records[i];
    const RequestRecord& b = variant.records[i];
    const bool both = a.outcome == Outcome::finished && b.outcome == Outcome::finished;
    if (both && a.arrival >= warmup) pairs.push_back({&a, &b});
  }
  return pairs;
}

template <typename Figure>
Pairs figures(const std::vector<RecordPair>& records, Figure figure) {
  Pairs pairs;
  for (const RecordPair& pair : records) {
    pairs.baseline.push_back(figure(*pair.baseline).value);
    pairs.variant.push_back(figure(*pair.variant).value);
  }
  return pairs;
}

// Gaps between completions, the first one counted from the first arrival: their mean is 1 /
// throughput.
std::vector<double> completion_gaps(const std::vector<RequestRecord>& records) {
  std::vector<double> dates;
  for (const RequestRecord& record : records) {
    if (record.outcome == Outcome::finished) dates.push_back(record.finish.value);
  }
  std::sort(dates.begin(), dates.end());
  double previous = records.empty() ? 0 : records.front().arrival.value;
  for (double& date : dates) previous = std::exchange(date, date - previous);
  return dates;
}

}  // namespace

Comparison compare(const SimulationResult& baseline, const SimulationResult& variant,
                   Seconds warmup, std::uint64_t seed) {
  Comparison comparison;
  comparison.paired = same_requests(baseline, variant);
  if (!comparison.paired) return comparison;
  const auto records = finished_pairs(baseline, variant, warmup);
  comparison.pairs = static_cast<std::int64_t>(records.size());

  const Pairs ttft = figures(records, ttft_of);
  comparison.ttft_mean = speedup(ttft, mean, seed);
  comparison.ttft_p50 = speedup(ttft, median, seed);
  comparison.ttft_p99 = speedup(ttft, p99, seed);
  comparison.transfer_mean = speedup(figures(records, transfer_of), mean, seed);
  std::vector<RecordPair> several_tokens = records;
  std::erase_if(several_tokens,
                [](const RecordPair& pair) { return pair.baseline->output_tokens < 2; });
  comparison.tpot_mean =
      speedup(figures(several_tokens, [](const RequestRecord& record) { return *tpot_of(record); }),
              mean, seed);

  Pairs gaps{completion_gaps(baseline.records), completion_gaps(variant.records)};
  if (gaps.baseline.size() == gaps.variant.size()) {
    comparison.request_throughput = speedup(gaps, mean, seed);
  }
  return comparison;
}

}  // namespace kvferry::analysis
