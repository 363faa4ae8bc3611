#include "workloads/trace_copies.hpp"

#include "sim/base/error.hpp"
#include "sim/base/quantity_text.hpp"
#include "sim/base/random.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace kvferry::workloads {
namespace {

constexpr std::int64_t kMostRequests = 1'000'000'000;

void check(const TraceCopies& copies, std::size_t requests) {
  const std::int64_t most = kMostRequests / static_cast<std::int64_t>(requests);
  if (copies.count < 1 || copies.count > most) {
    throw InputError("trace: the number of " + copies.name + " must be from 1 to " +
                     std::to_string(most) + ", found " + std::to_string(copies.count));
  }
  if (!(copies.shift.value >= 0 && copies.shift.value <= 1e9)) {
    throw InputError("trace: the shift must be from 0 to 1e9 s, found " +
                     shortest_decimal(copies.shift.value) + " s");
  }
  if (copies.shared_blocks < 0) {
    throw InputError("trace: the number of shared blocks must not be negative, found " +
                     std::to_string(copies.shared_blocks));
  }
}

// Other ids for a copy: a bijection of 64-bit words that depends on the copy.
void rename_blocks(std::vector<std::uint64_t>& blocks, std::int64_t shared, std::uint64_t salt) {
  const auto first = std::min(blocks.size(), static_cast<std::size_t>(shared));
  for (std::size_t i = first; i < blocks.size(); ++i) blocks[i] = mix64(blocks[i] ^ salt);
}

std::int64_t count_of_sessions(const std::vector<Request>& requests) {
  std::int64_t largest = -1;
  for (const Request& request : requests) largest = std::max(largest, request.session);
  return largest + 1;
}

struct Place {
  Seconds arrival;
  std::int64_t copy{};
  std::size_t rank{};  // within the original
};

std::vector<Place> merged_places(const std::vector<Request>& requests, const TraceCopies& copies) {
  std::vector<Place> places;
  places.reserve(requests.size() * static_cast<std::size_t>(copies.count));
  for (std::int64_t copy = 0; copy < copies.count; ++copy) {
    const Seconds shift = copies.shift * static_cast<double>(copy);
    for (std::size_t rank = 0; rank < requests.size(); ++rank) {
      places.push_back({requests[rank].arrival + shift, copy, rank});
    }
  }
  std::stable_sort(places.begin(), places.end(),
                   [](const Place& a, const Place& b) { return a.arrival < b.arrival; });
  return places;
}

}  // namespace

void copy_trace(std::vector<Request>& requests, const TraceCopies& copies) {
  check(copies, requests.size());
  const std::int64_t sessions = count_of_sessions(requests);
  std::vector<std::int64_t> new_ids(requests.size() * static_cast<std::size_t>(copies.count));
  const auto new_id = [&](std::int64_t copy, std::size_t rank) -> std::int64_t& {
    return new_ids[static_cast<std::size_t>(copy) * requests.size() + rank];
  };
  std::vector<Request> merged;
  merged.reserve(new_ids.size());
  for (const Place& place : merged_places(requests, copies)) {
    Request request = requests[place.rank];
    request.id = static_cast<std::int64_t>(merged.size());
    request.arrival = place.arrival;
    if (request.session >= 0) request.session += place.copy * sessions;
    if (request.after >= 0)
      request.after = new_id(place.copy, static_cast<std::size_t>(request.after));
    if (place.copy > 0) {
      const std::uint64_t salt = mix64(fnv1a(copies.name) + static_cast<std::uint64_t>(place.copy));
      rename_blocks(request.prefix_blocks, copies.shared_blocks, salt);
    }
    new_id(place.copy, place.rank) = request.id;
    merged.push_back(std::move(request));
  }
  requests = std::move(merged);
}

}  // namespace kvferry::workloads
