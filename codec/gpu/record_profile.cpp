#include "codec/gpu/record_profile.hpp"

#include "codec/gpu/quartiles.hpp"
#include "sim/base/error.hpp"
#include "sim/base/random.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <optional>
#include <utility>

namespace kvferry::codec {
namespace {

constexpr std::uint64_t kPayloadValues = std::uint64_t{1} << 20;

Codebook codebook_for(const FrameFormat& format) {
  // Around 1.0 for BF16; FP8 has few exponents, and one below the book is left for escapes.
  const std::uint8_t first = format.dtype == DType::bf16 ? 113 : 1;
  const std::size_t exponents = (std::size_t{1} << exponent_bits(format.dtype)) - first;
  std::vector<std::uint8_t> book(std::min(max_codebook_size(format), exponents));
  for (std::size_t i = 0; i < book.size(); ++i) book[i] = static_cast<std::uint8_t>(first + i);
  return Codebook(book);
}

// Whether the value at this place escapes: at a rate r every (1/r)th, none at zero.
bool is_escape(std::uint64_t place, double rate) {
  const auto before = [&](std::uint64_t count) {
    return std::floor(rate * static_cast<double>(count) + 0.5);
  };
  return before(place + 1) > before(place);
}

template <DType kType>
std::vector<std::byte> payload_of(const Codebook& book, double rate) {
  using Bits = typename NumberFormat<kType>::Bits;
  std::vector<Bits> values(kPayloadValues);
  for (std::uint64_t i = 0; i < values.size(); ++i) {
    const std::uint64_t word = mix64(i + 1);
    const auto exponents = book.exponents();
    const std::uint8_t coded = exponents[(word >> 32) % exponents.size()];
    const auto escape = static_cast<std::uint8_t>(exponents.front() - 1);
    constexpr unsigned kMask = (1U << (NumberFormat<kType>::kMantissaBits + 1)) - 1;
    values[i] =
        join<kType>({is_escape(i, rate) ? escape : coded, static_cast<std::uint8_t>(word & kMask)});
  }
  const auto bytes = std::as_bytes(std::span(values));
  return {bytes.begin(), bytes.end()};
}

std::vector<std::byte> payload_of(DType dtype, const Codebook& book, double rate) {
  switch (dtype) {
    case DType::e5m2:
      return payload_of<DType::e5m2>(book, rate);
    case DType::e4m3:
      return payload_of<DType::e4m3>(book, rate);
    case DType::bf16:
      break;
  }
  return payload_of<DType::bf16>(book, rate);
}

/// The values of one format: the device may keep them, so they live as long as the recording.
struct FormatValues {
  FrameFormat format;
  Codebook codebook;
  std::map<double, std::vector<std::byte>> payloads;  ///< by escape rate
};

FormatValues values_for(const FrameFormat& format, const std::vector<double>& rates) {
  FormatValues values{format, codebook_for(format), {}};
  for (const double rate : rates) {
    values.payloads[rate] = payload_of(format.dtype, values.codebook, rate);
  }
  return values;
}

class Recorder {
 public:
  Recorder(GpuCodec& gpu, int repetitions) : gpu_(gpu), repetitions_(repetitions) {}

  /// Nothing where a tensor would be without values, or memory is short.
  std::optional<RecordedLaunch> record(const FormatValues& values, double rate,
                                       std::int64_t tensors, std::int64_t raw_bytes) {
    const auto bytes = static_cast<std::int64_t>(bytes_per_value(values.format.dtype));
    const auto count = static_cast<std::uint64_t>(raw_bytes / tensors / bytes);
    const Bytes needed = load_bytes(values.format, count) * tensors;
    if (count == 0 || needed > usable_memory(gpu_)) return std::nullopt;
    const std::vector<std::byte>& payload = values.payloads.at(rate);
    const std::vector<GpuTensor> list(static_cast<std::size_t>(tensors),
                                      {payload, 0, count, &values.codebook});
    const auto launch = gpu_.load(values.format, list);
    const LaunchShape shape{values.format,
                            tensors,
                            {static_cast<std::int64_t>(count) * tensors * bytes},
                            escape_rate(values, payload, count)};
    return timed(*launch, shape);
  }

 private:
  static double escape_rate(const FormatValues& values, std::span<const std::byte> payload,
                            std::uint64_t count) {
    const std::size_t bytes = bytes_per_value(values.format.dtype);
    const auto escapes_in = [&](std::uint64_t part) {
      ExponentHistogram histogram{};
      count_exponents(payload.first(part * bytes), values.format.dtype, histogram);
      return escape_count(histogram, values.codebook);
    };
    const std::uint64_t laps = count / kPayloadValues;
    const std::uint64_t escapes =
        (laps > 0 ? laps * escapes_in(kPayloadValues) : 0) + escapes_in(count % kPayloadValues);
    return static_cast<double>(escapes) / static_cast<double>(count);
  }

  // The first round warms up and is checked; what is wrong is not worth timing.
  RecordedLaunch timed(LoadedLaunch& launch, const LaunchShape& shape) const {
    launch.encode(Issue::call);
    launch.decode(Issue::call);
    if (!launch.is_exact()) {
      throw RunError("the device did not return the values of " + text_of(shape) + " unchanged");
    }
    std::vector<Seconds> encode;
    std::vector<Seconds> decode;
    for (int i = 0; i < repetitions_; ++i) {
      encode.push_back(launch.encode(Issue::call));
      decode.push_back(launch.decode(Issue::call));
    }
    const Quartiles of_encode = quartiles_of(encode);
    const Quartiles of_decode = quartiles_of(decode);
    return {shape, {of_encode.median, of_decode.median}, {of_encode.spread, of_decode.spread}};
  }

  GpuCodec& gpu_;
  int repetitions_;
};

// Few values may have the same escapes at two rates: the same launch again.
bool is_new(const std::vector<RecordedLaunch>& launches, const LaunchShape& shape) {
  return std::ranges::none_of(launches, [&](const RecordedLaunch& launch) {
    return launch.shape.format == shape.format && launch.shape.tensors == shape.tensors &&
           launch.shape.raw == shape.raw && launch.shape.escape_rate == shape.escape_rate;
  });
}

}  // namespace

ProfilePlan default_profile_plan() {
  ProfilePlan plan;
  for (const DType dtype : {DType::bf16, DType::e5m2, DType::e4m3}) {
    plan.formats.push_back({dtype, 4, EscapeMode::positional});
    plan.formats.push_back({dtype, 4, EscapeMode::sentinel});
    plan.formats.push_back({dtype, 3, EscapeMode::sentinel});
  }
  plan.tensors = {2, 8, 16, 64, 160};
  for (std::int64_t raw = std::int64_t{16} << 10; raw <= std::int64_t{1} << 30; raw *= 4) {
    plan.raw_bytes.push_back(raw);
  }
  plan.escape_rates = {0, 0.001, 0.01, 0.05, 0.25};
  return plan;
}

Recording record_profile(GpuCodec& gpu, const ProfilePlan& plan, const ProfileProgress& progress) {
  const GpuDescription description = gpu.description();
  Recording recording;
  recording.name = "recorded";
  recording.device = description.name;
  recording.source =
      "made values: exponents of one codebook, equally frequent, escapes evenly spread; one launch "
      "by its own call on an idle device, medians";
  recording.clocks = description.clocks;
  recording.driver = description.driver;
  recording.repetitions = plan.repetitions;
  Recorder recorder(gpu, plan.repetitions);
  const std::size_t all =
      plan.formats.size() * plan.tensors.size() * plan.raw_bytes.size() * plan.escape_rates.size();
  std::size_t done = 0;
  std::vector<FormatValues> formats;
  for (const FrameFormat& format : plan.formats) {
    formats.push_back(values_for(format, plan.escape_rates));
  }
  for (const FormatValues& values : formats) {
    for (const std::int64_t tensors : plan.tensors) {
      for (const std::int64_t raw : plan.raw_bytes) {
        for (const double rate : plan.escape_rates) {
          progress(done++, all);
          const auto launch = recorder.record(values, rate, tensors, raw);
          if (launch && is_new(recording.launches, launch->shape)) {
            recording.launches.push_back(*launch);
          }
        }
      }
    }
  }
  if (recording.launches.empty()) throw RunError("no launch fits in the device's memory");
  return recording;
}

}  // namespace kvferry::codec
