#include "workloads/trace_changes.hpp"

#include "sim/base/error.hpp"
#include "sim/base/quantity_text.hpp"
#include "sim/base/random.hpp"
#include "workloads/trace_copies.hpp"

#include <algorithm>
#include <cstddef>
#include <map>
#include <utility>

namespace kvferry::workloads {
namespace {

void require(bool ok, const std::string& rule, const std::string& found) {
  if (!ok) throw InputError("trace: " + rule + ", found " + found);
}

void check(const Dequantize& dequantize) {
  require(dequantize.interval.value > 0 && dequantize.interval.value <= 1e9,
          "the interval of dequantize must be above 0 and at most 1e9 s",
          shortest_decimal(dequantize.interval.value) + " s");
}

// Whether the request's date says only that the one it waits for has been sent.
bool has_no_date(const std::vector<Request>& requests, const Request& request) {
  return request.after >= 0 &&
         request.arrival == requests[static_cast<std::size_t>(request.after)].arrival;
}

std::vector<double> offsets_within(double width, std::size_t count, Spread spread,
                                   RandomStream& random) {
  std::vector<double> offsets(count);
  for (std::size_t i = 0; i < count; ++i) {
    offsets[i] = spread == Spread::even
                     ? width * static_cast<double>(i) / static_cast<double>(count)
                     : width * random.uniform();
  }
  std::sort(offsets.begin(), offsets.end());
  return offsets;
}

void dequantize(std::vector<Request>& requests, const Dequantize& how, std::uint64_t seed) {
  check(how);
  RandomStream random(seed, "dequantize");
  const std::vector<Request> before = requests;
  for (std::size_t begin = 0, end = 0; begin < requests.size(); begin = end) {
    const Seconds date = before[begin].arrival;
    std::size_t dated = 0;
    for (end = begin; end < before.size() && before[end].arrival == date; ++end) {
      if (!has_no_date(before, before[end])) ++dated;
    }
    const bool is_last = end == before.size();
    const double width = is_last ? how.interval.value
                                 : std::min(how.interval.value, (before[end].arrival - date).value);
    const std::vector<double> offsets = offsets_within(width, dated, how.spread, random);
    std::size_t next = 0;
    double offset = 0;
    for (std::size_t i = begin; i < end; ++i) {
      if (!has_no_date(before, before[i])) offset = offsets[next++];
      requests[i].arrival = {date.value + offset};
    }
  }
}

// One decision per session or lone request; whoever waits for another one shares its fate.
void thin(std::vector<Request>& requests, double keep, std::uint64_t seed) {
  require(keep > 0 && keep <= 1, "the share to keep must be above 0 and at most 1",
          shortest_decimal(keep));
  RandomStream random(seed, "thinning");
  std::map<std::int64_t, bool> sessions;
  std::vector<std::int64_t> new_ids(requests.size(), -1);
  std::vector<Request> kept;
  const auto decide = [&](const Request& request) {
    if (request.after >= 0) return new_ids[static_cast<std::size_t>(request.after)] >= 0;
    if (request.session < 0) return random.uniform() < keep;
    const auto [place, is_new] = sessions.try_emplace(request.session, false);
    if (is_new) place->second = random.uniform() < keep;
    return place->second;
  };
  for (Request& request : requests) {
    if (!decide(request)) continue;
    const auto id = static_cast<std::int64_t>(kept.size());
    new_ids[static_cast<std::size_t>(request.id)] = id;
    request.id = id;
    if (request.after >= 0) request.after = new_ids[static_cast<std::size_t>(request.after)];
    kept.push_back(std::move(request));
  }
  require(!kept.empty(), "thinning must leave a request",
          "none of " + std::to_string(requests.size()));
  requests = std::move(kept);
}

// The lap's length: from the first request to the last one and a mean gap more.
Seconds lap_time(const std::vector<Request>& requests) {
  const double span = (requests.back().arrival - requests.front().arrival).value;
  require(requests.size() > 1 && span > 0, "a loop needs requests at two dates at least",
          std::to_string(requests.size()) + " requests within " + shortest_decimal(span) + " s");
  const auto count = static_cast<double>(requests.size());
  return {span * (count / (count - 1))};
}

}  // namespace

void change_trace(std::vector<Request>& requests, const TraceChanges& changes, std::uint64_t seed) {
  if (changes.dequantize) dequantize(requests, *changes.dequantize, seed);
  if (changes.keep) thin(requests, *changes.keep, seed);
  if (changes.loop) {
    const Looping& loop = *changes.loop;
    copy_trace(requests, {"laps", loop.laps, lap_time(requests), loop.shared_blocks});
  }
  if (changes.superpose) {
    const Superposition& superpose = *changes.superpose;
    copy_trace(requests, {"copies", superpose.copies, superpose.shift, superpose.shared_blocks});
  }
}

std::string describe(const TraceChanges& changes) {
  const auto shared = [](std::int64_t blocks) {
    return blocks == 0 ? " with blocks of their own"
                       : " that share the first " + std::to_string(blocks) + " blocks";
  };
  std::string text;
  if (changes.dequantize) {
    text += std::string(", equal dates spread ") +
            (changes.dequantize->spread == Spread::even ? "evenly" : "uniformly") + " over " +
            to_text(changes.dequantize->interval);
  }
  if (changes.keep) text += ", thinned to " + shortest_decimal(100 * *changes.keep) + " %";
  if (changes.loop) {
    text += ", looped: " + std::to_string(changes.loop->laps) + " laps" +
            shared(changes.loop->shared_blocks);
  }
  if (changes.superpose) {
    text += ", superposed: " + std::to_string(changes.superpose->copies) + " copies " +
            to_text(changes.superpose->shift) + " apart" + shared(changes.superpose->shared_blocks);
  }
  return text;
}

}  // namespace kvferry::workloads
