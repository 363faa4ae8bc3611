// The prefill stage as a queue with known answers.
#include "sim/base/portable_math.hpp"
#include "sim/base/random.hpp"
#include "sim/isolated_simulation.hpp"
#include "tests/sim/small_system.hpp"
#include "workloads/arrivals.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <iostream>
#include <numeric>
#include <string>
#include <vector>

namespace kvferry::sim {
namespace {

constexpr std::int64_t kPrompt = 1000;
constexpr std::int64_t kRequests = 120'000;
constexpr std::size_t kWarmup = 2'000;
constexpr std::size_t kBatches = 40;

// One prefill instance that takes one prompt at a time, all prompts alike; hand-offs cost next to
// nothing.
SimulationConfig single_server() {
  SimulationConfig config = small_system();
  config.prefill.max_batch_size = 1;
  two_tier(config).link_bandwidth = {1e15};
  return config;
}

std::vector<workloads::Request> arrivals(double rate, double cv, std::uint64_t seed) {
  const workloads::RenewalArrivals spec{
      workloads::ArrivalProcess::gamma, {rate}, cv, workloads::ArrivalConvention::first_at_zero};
  std::vector<workloads::Request> requests;
  for (const Seconds when : workloads::generate_arrivals(spec, kRequests, seed)) {
    requests.push_back(request(static_cast<std::int64_t>(requests.size()), when.value, kPrompt, 1));
  }
  return requests;
}

struct Estimate {
  double mean;
  double half_width;  ///< of the 99.9 % confidence interval
};

// Batch means: waits of neighbours are correlated, means of long batches hardly are.
Estimate mean_wait(const SimulationResult& result) {
  const std::size_t size = (result.records.size() - kWarmup) / kBatches;
  std::vector<double> means;
  for (std::size_t batch = 0; batch < kBatches; ++batch) {
    double sum = 0;
    for (std::size_t i = 0; i < size; ++i) {
      const RequestRecord& record = result.records[kWarmup + batch * size + i];
      sum += (record.prefill_start - record.arrival).value;
    }
    means.push_back(sum / static_cast<double>(size));
  }
  const double mean = std::accumulate(means.begin(), means.end(), 0.0) / kBatches;
  double variance = 0;
  for (const double x : means) variance += (x - mean) * (x - mean) / (kBatches - 1);
  constexpr double kStudent39 =
      3.558;  // two-sided 99.9 % point of Student's t with 39 degrees of freedom
  return {mean, kStudent39 * std::sqrt(variance / kBatches)};
}

// Pollaczek-Khinchine with constant service: W = rho S / (2 (1 - rho)).
TEST(Queueing, MD1WaitsAreWithinTheirConfidenceInterval) {
  const SimulationConfig config = single_server();
  const double service = prefill_s(config, kPrompt);
  for (const double rho : {0.3, 0.6, 0.8}) {
    const auto requests = arrivals(rho / service, 1, 11);
    const auto result = simulate_isolated(config, requests, *codec::make_raw_transfer());
    const double expected = rho * service / (2 * (1 - rho));
    const Estimate wait = mean_wait(result);
    EXPECT_NEAR(wait.mean, expected, wait.half_width) << "rho " << rho;
    EXPECT_LT(wait.half_width, 0.12 * expected) << "the interval is too wide to tell anything";
    std::cout << "M/D/1 rho " << rho << ": wait " << 1e3 * wait.mean << " +- "
              << 1e3 * wait.half_width << " ms, theory " << 1e3 * expected << " ms\n";
  }
}

/// Prompts whose service lasts as long as wanted, to the nearest token.
class PromptLengths {
 public:
  explicit PromptLengths(const SimulationConfig& config) {
    const IterationTime time = prefill_time(config);
    for (std::int64_t tokens = 1; tokens <= kLongest; ++tokens) {
      const PrefillItem item{tokens, 0};
      service_.push_back(time.prefill({&item, 1}).value);
    }
  }
  std::int64_t tokens_for(double service_s) const {
    const auto longer = std::lower_bound(service_.begin(), service_.end(), service_s);
    return std::min<std::int64_t>(longer - service_.begin() + 1, kLongest);
  }
  double service_s(std::int64_t tokens) const {
    return service_[static_cast<std::size_t>(tokens - 1)];
  }

 private:
  static constexpr std::int64_t kLongest = 60'000;
  std::vector<double> service_;
};

/// Services as they were drawn, in seconds, and their first two moments.
struct Services {
  std::vector<std::int64_t> prompts;
  double mean = 0;
  double second_moment = 0;
};

Services draw_services(const SimulationConfig& config,
                       const std::function<double(RandomStream&)>& service_s) {
  const PromptLengths lengths(config);
  RandomStream random(3, "services");
  Services services;
  for (std::int64_t i = 0; i < kRequests; ++i) {
    services.prompts.push_back(lengths.tokens_for(service_s(random)));
    const double service = lengths.service_s(services.prompts.back());
    services.mean += service / kRequests;
    services.second_moment += service * service / kRequests;
  }
  return services;
}

// Pollaczek-Khinchine: W = lambda E[S^2] / (2 (1 - rho)).
void expect_pollaczek_khinchine(const std::string& name, const Services& services, double rho) {
  const SimulationConfig config = single_server();
  const double rate = rho / services.mean;
  auto requests = arrivals(rate, 1, 11);
  for (std::size_t i = 0; i < requests.size(); ++i) requests[i].input_tokens = services.prompts[i];
  const auto result = simulate_isolated(config, requests, *codec::make_raw_transfer());
  const double expected = rate * services.second_moment / (2 * (1 - rho));
  const Estimate wait = mean_wait(result);
  EXPECT_NEAR(wait.mean, expected, wait.half_width) << name << " rho " << rho;
  EXPECT_LT(wait.half_width, 0.25 * expected) << "the interval is too wide to tell anything";
  std::cout << name << " rho " << rho << ": wait " << 1e3 * wait.mean << " +- "
            << 1e3 * wait.half_width << " ms, theory " << 1e3 * expected << " ms\n";
}

// No prompt takes less than one token's iteration, so that 2 % of the exponential services are
// longer than drawn; by that little the moments differ from mean^2 and 2 mean^2.
TEST(Queueing, MM1WaitsAreWithinTheirConfidenceInterval) {
  constexpr double kMean_s = 0.4;
  const Services services = draw_services(
      single_server(), [](RandomStream& random) { return kMean_s * random.exponential(); });
  EXPECT_NEAR(services.mean / kMean_s, 1, 0.02);
  EXPECT_NEAR(services.second_moment / (2 * kMean_s * kMean_s), 1, 0.04);
  for (const double rho : {0.3, 0.6, 0.8}) expect_pollaczek_khinchine("M/M/1", services, rho);
}

TEST(Queueing, MG1WaitsOfTwoServicesAreWithinTheirConfidenceInterval) {
  const Services services = draw_services(
      single_server(), [](RandomStream& random) { return random.below(10) == 0 ? 0.5 : 0.02; });
  for (const double rho : {0.3, 0.6, 0.8})
    expect_pollaczek_khinchine("M/G/1, two services,", services, rho);
}

// Median 100 ms; the logarithm's deviation of 0.8 makes the squared coefficient of variation 0.9.
TEST(Queueing, MG1WaitsOfLognormalServicesAreWithinTheirConfidenceInterval) {
  const Services services = draw_services(single_server(), [](RandomStream& random) {
    return 0.1 * portable_exp(0.8 * random.gaussian());
  });
  EXPECT_NEAR(services.second_moment / (services.mean * services.mean), 1.9, 0.1);
  for (const double rho : {0.3, 0.6, 0.8})
    expect_pollaczek_khinchine("M/G/1, lognormal,", services, rho);
}

// Equal gaps longer than the service: nobody ever waits.
TEST(Queueing, DD1NeverWaits) {
  const SimulationConfig config = single_server();
  const auto requests = arrivals(0.99 / prefill_s(config, kPrompt), 0, 11);
  const auto result = simulate_isolated(config, requests, *codec::make_raw_transfer());
  for (const RequestRecord& record : result.records) {
    ASSERT_NEAR((record.prefill_start - record.arrival).value, 0, 1e-9);
  }
}

// Little's law, L = lambda W, on the prefill stage: time-average of requests in it against rate
// times mean stay.
TEST(Queueing, LittlesLawHolds) {
  const SimulationConfig config = single_server();
  const auto requests = arrivals(0.7 / prefill_s(config, kPrompt), 2, 5);
  const auto result = simulate_isolated(config, requests, *codec::make_raw_transfer());
  double stay = 0;
  double area = 0;  // integral of the number of requests in the stage, summed event by event
  std::vector<std::pair<double, int>> changes;
  double end = 0;
  for (const RequestRecord& record : result.records) {
    stay += (record.prefill_end - record.arrival).value;
    changes.emplace_back(record.arrival.value, 1);
    changes.emplace_back(record.prefill_end.value, -1);
    end = std::max(end, record.prefill_end.value);
  }
  std::sort(changes.begin(), changes.end());
  double previous = 0;
  int inside = 0;
  for (const auto& [when, change] : changes) {
    area += inside * (when - previous);
    inside += change;
    previous = when;
  }
  const double rate = static_cast<double>(kRequests) / end;
  EXPECT_NEAR(area / end, rate * stay / static_cast<double>(kRequests), 1e-6 * area / end);
}

}  // namespace
}  // namespace kvferry::sim
