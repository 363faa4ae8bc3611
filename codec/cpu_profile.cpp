#include "codec/cpu_profile.hpp"

#include "codec/splitzip.hpp"
#include "sim/base/error.hpp"
#include "sim/base/quantity_text.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

namespace kvferry::codec {
namespace {

constexpr std::array<std::size_t, 6> kValueCounts{std::size_t{1} << 15, std::size_t{1} << 17,
                                                  std::size_t{1} << 19, std::size_t{1} << 21,
                                                  std::size_t{1} << 23, std::size_t{1} << 25};
constexpr int kRepetitions = 3;

template <typename Work>
Seconds median_time(Work work) {
  std::array<double, kRepetitions> seconds{};
  for (double& elapsed : seconds) {
    const auto start = std::chrono::steady_clock::now();
    work();
    elapsed = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }
  std::nth_element(seconds.begin(), seconds.begin() + kRepetitions / 2, seconds.end());
  return {seconds[kRepetitions / 2]};
}

std::string rate_text(const TimePoint& point) {
  const double gb_per_s = static_cast<double>(point.raw.value) / point.time.value / 1e9;
  return shortest_decimal(std::round(100 * gb_per_s) / 100) + " GB/s";
}

}  // namespace

CodecProfile measure_cpu_profile(std::span<const std::uint16_t> values,
                                 const EncodeParameters& parameters) {
  std::vector<std::uint16_t> tensor(kValueCounts.back());
  for (std::size_t i = 0; i < tensor.size(); ++i) tensor[i] = values[i % values.size()];
  std::vector<std::byte> frame(frame_bound(frame_layout(tensor.size(), parameters.format)));
  std::vector<std::uint16_t> decoded(tensor.size());

  TimeTable encode_table;
  TimeTable decode_table;
  for (const std::size_t count : kValueCounts) {
    const Bytes raw{2 * static_cast<std::int64_t>(count)};
    const auto part = std::span(tensor).first(count);
    std::size_t size = 0;
    FrameFault fault = FrameFault::none;
    encode_table.points.push_back(
        {raw, median_time([&] { size = encode_into(std::as_bytes(part), parameters, frame); })});
    decode_table.points.push_back(
        {raw, median_time([&] { fault = decode(std::span(frame).first(size), decoded).fault; })});
    if (fault != FrameFault::none || !std::equal(part.begin(), part.end(), decoded.begin())) {
      throw RunError("the CPU codec did not return the values unchanged");
    }
  }
  return {"cpu",
          Provenance::measured_live,
          "this host, one core, " + std::string(name_of(best_instruction_set())) + " code",
          "median of " + std::to_string(kRepetitions) +
              " runs per size from 64 KiB to 64 MiB, the largest at " +
              rate_text(encode_table.points.back()) + " (encode) and " +
              rate_text(decode_table.points.back()) + " (decode)",
          encode_table,
          decode_table};
}

}  // namespace kvferry::codec
