#include "analysis/token_gap_distribution.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <utility>
#include <vector>

namespace kvferry::analysis {
namespace {

/// Gaps [begin, end) of a run: an arithmetic progression that never falls.
struct Progression {
  double first;  ///< of the run, where the gaps are counted from
  double step;
  std::int64_t begin;
  std::int64_t end;
  std::int64_t sequences;

  double gap(std::int64_t k) const { return first + static_cast<double>(k) * step; }
  double smallest() const { return gap(begin); }
  double largest() const { return gap(end - 1); }
  double middle() const { return first + static_cast<double>(begin + end - 1) / 2 * step; }
  std::int64_t gaps() const { return end - begin; }
  std::int64_t samples() const { return gaps() * sequences; }
};

Seconds end_of_gap(const TokenGapRun& run, std::int64_t k) {
  const auto n = static_cast<double>(k);
  return run.first_end + run.first_gap * n + run.step * (n * (n + 1) / 2);
}

// The first of the run's gaps that ends at `date` or later; run.gaps if none does.
std::int64_t first_gap_ending_from(const TokenGapRun& run, Seconds date) {
  if (run.first_end >= date) return 0;
  std::int64_t before = 0;
  std::int64_t from = run.gaps;
  while (from - before > 1) {
    const std::int64_t k = std::midpoint(before, from);
    (end_of_gap(run, k) >= date ? from : before) = k;
  }
  return from;
}

template <typename Use>
void for_each_progression(const TokenGapRuns& runs, Seconds warmup, Use use) {
  for (const TokenGapRun& run : runs) {
    if (run.gaps <= 0 || run.sequences <= 0) continue;
    const std::int64_t begin = first_gap_ending_from(run, warmup);
    if (begin == run.gaps) continue;
    use(Progression{run.first_gap.value, run.step.value, begin, run.gaps, run.sequences});
  }
}

// The end of the gaps of at most `value`.
std::int64_t end_of_gaps_up_to(const Progression& all, double value) {
  if (all.smallest() > value) return all.begin;
  if (all.largest() <= value) return all.end;
  std::int64_t inside = all.begin;
  std::int64_t outside = all.end - 1;
  // Division finds the place but for rounding; with it, the bisection has nothing left to do.
  const auto guess = static_cast<std::int64_t>((value - all.first) / all.step);
  for (const std::int64_t k : {guess - 1, guess, guess + 1}) {
    if (k > inside && k < outside) (all.gap(k) <= value ? inside : outside) = k;
  }
  while (outside - inside > 1) {
    const std::int64_t k = std::midpoint(inside, outside);
    (all.gap(k) <= value ? inside : outside) = k;
  }
  return outside;
}

/// A sum that does not lose small terms beside large ones (Neumaier 1974).
class CompensatedSum {
 public:
  void add(double term) {
    const double sum = sum_ + term;
    lost_ += std::abs(sum_) >= std::abs(term) ? (sum_ - sum) + term : (term - sum) + sum_;
    sum_ = sum;
  }
  double value() const { return sum_ + lost_; }

 private:
  double sum_ = 0;
  double lost_ = 0;
};

// sum over k of (gap(k) - mean)^2 = n (middle - mean)^2 + step^2 n (n^2 - 1) / 12: no term is
// negative, so nothing cancels.
double squared_distance(const Progression& all, double mean) {
  const auto n = static_cast<double>(all.gaps());
  const double centre = all.middle() - mean;
  return n * centre * centre + all.step * all.step * n * (n * n - 1) / 12;
}

struct Extent {
  double smallest = std::numeric_limits<double>::infinity();
  double largest = -std::numeric_limits<double>::infinity();

  void include(const Progression& part) {
    smallest = std::min(smallest, part.smallest());
    largest = std::max(largest, part.largest());
  }
};

/// Samples by magnitude, in bins of less than a hundredth of their value.
class Histogram {
 public:
  explicit Histogram(const Extent& extent)
      : lowest_(bin_of(extent.smallest)),
        samples_(static_cast<std::size_t>(bin_of(extent.largest) - lowest_ + 1)) {}

  void add(double value, std::int64_t samples) {
    samples_[static_cast<std::size_t>(bin_of(value) - lowest_)] += samples;
  }
  // The bin with which `rank` samples are reached.
  std::int64_t bin_at_rank(std::int64_t rank) const {
    std::int64_t seen = 0;
    std::size_t bin = 0;
    while (bin + 1 < samples_.size() && (seen += samples_[bin]) < rank) ++bin;
    return lowest_ + static_cast<std::int64_t>(bin);
  }

  // Doubles from zero on are ordered as their bits are: here the exponent and seven bits more.
  static std::int64_t bin_of(double value) {
    constexpr int kDropped = 52 - 7;
    return std::bit_cast<std::int64_t>(std::max(value, 0.0)) >> kDropped;
  }

 private:
  std::int64_t lowest_;
  std::vector<std::int64_t> samples_;
};

/// Where a percentile can lie: no lower than if each run had all its gaps at its smallest, no
/// higher than if it had them at its largest.
struct Brackets {
  Histogram at_smallest;
  Histogram at_largest;
};

Extent extent_of(const std::vector<Progression>& all) {
  Extent extent;
  for (const Progression& part : all) extent.include(part);
  return extent;
}

// Bisects the values between the smallest and the largest that are left. Both sides of each cut
// hold a gap, so it ends, and what it ends with is the value of one.
double value_at_rank(std::vector<Progression> all, std::int64_t rank) {
  std::vector<std::int64_t> ends(all.size());  // of the gaps below the cut, by progression
  for (Extent left = extent_of(all); left.smallest < left.largest; left = extent_of(all)) {
    double cut = std::midpoint(left.smallest, left.largest);
    if (cut >= left.largest) cut = left.smallest;
    std::int64_t lower = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
      ends[i] = end_of_gaps_up_to(all[i], cut);
      lower += (ends[i] - all[i].begin) * all[i].sequences;
    }
    const bool keeps_lower = rank <= lower;
    if (!keeps_lower) rank -= lower;
    for (std::size_t i = 0; i < all.size(); ++i)
      (keeps_lower ? all[i].end : all[i].begin) = ends[i];
    std::erase_if(all, [](const Progression& part) { return part.gaps() == 0; });
  }
  return all.front().smallest();
}

double value_at_rank(const TokenGapRuns& runs, Seconds warmup, const Brackets& brackets,
                     std::int64_t rank) {
  const std::int64_t lowest = brackets.at_smallest.bin_at_rank(rank);
  const std::int64_t highest = brackets.at_largest.bin_at_rank(rank);
  std::vector<Progression> candidates;
  for_each_progression(runs, warmup, [&](const Progression& part) {
    if (Histogram::bin_of(part.largest()) < lowest) {
      rank -= part.samples();
    } else if (Histogram::bin_of(part.smallest()) <= highest) {
      candidates.push_back(part);
    }
  });
  return value_at_rank(std::move(candidates), rank);
}

}  // namespace

std::optional<Distribution> distribution_of(const TokenGapRuns& runs, Seconds warmup) {
  Distribution result;
  CompensatedSum sum;
  Extent extent;
  for_each_progression(runs, warmup, [&](const Progression& part) {
    result.count += part.samples();
    sum.add(part.middle() * static_cast<double>(part.samples()));
    extent.include(part);
  });
  if (result.count == 0) return std::nullopt;
  result.mean = sum.value() / static_cast<double>(result.count);

  CompensatedSum squares;
  Brackets brackets{Histogram(extent), Histogram(extent)};
  for_each_progression(runs, warmup, [&](const Progression& part) {
    squares.add(squared_distance(part, result.mean) * static_cast<double>(part.sequences));
    brackets.at_smallest.add(part.smallest(), part.samples());
    brackets.at_largest.add(part.largest(), part.samples());
  });
  result.deviation = std::sqrt(squares.value() / static_cast<double>(result.count));
  const auto at = [&](double p) {
    return value_at_rank(runs, warmup, brackets, nearest_rank(result.count, p));
  };
  result.median = at(50);
  result.p90 = at(90);
  result.p95 = at(95);
  result.p99 = at(99);
  return result;
}

}  // namespace kvferry::analysis
