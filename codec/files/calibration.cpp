#include "codec/files/calibration.hpp"

#include "codec/files/kvz_writer.hpp"
#include "codec/files/tensor_slices.hpp"

#include <algorithm>
#include <functional>
#include <span>

namespace kvferry::codec {
namespace {

using Visit = std::function<void(const InputFile&, const TensorInfo&)>;

// Every tensor with values that have frames.
void for_each_tensor(const std::vector<CalibrationFile>& files, const Visit& visit) {
  for (const CalibrationFile& file : files) {
    for (const TensorInfo& tensor : file.contents.tensors) {
      if (tensor.dtype && tensor.bytes > 0) visit(*file.file, tensor);
    }
  }
}

CodingKey key_of(const TensorInfo& tensor) {
  return {group_of(tensor.name), *tensor.dtype};
}

std::uint64_t stored_bytes(const InputFile& file, const TensorInfo& tensor,
                           const TensorCoding& coding, const Execution& execution) {
  FrameFormat format = coding.format;
  format.checksum = ChecksumKind::per_chunk;
  std::vector<std::byte> frame;
  std::uint64_t total = 0;
  for_each_slice(file, range_of(tensor), kPartSourceBytes, [&](std::span<const std::byte> values) {
    const std::uint64_t count = values.size() / bytes_per_value(format.dtype);
    frame.resize(frame_bound(frame_layout(count, format)));
    const std::size_t bytes = encode_into(values, {coding.codebook, format}, frame, execution);
    total += std::min(bytes, values.size());
  });
  return total;
}

// Bytes by three counts, to be added up before they are divided.
struct GroupBytes {
  double raw = 0;
  double predicted = 0;
  double achieved = 0;
  double bound = 0;
};

void add(GroupBytes& sum, const CodingKey& key, const GroupCalibration& group) {
  const auto values = static_cast<double>(group.values);
  sum.raw += values * static_cast<double>(bytes_per_value(key.dtype));
  sum.predicted += values * predicted_bytes_per_value(group.histogram, group.coding.format);
  sum.achieved += static_cast<double>(group.stored_bytes);
  sum.bound += values * entropy_bound_bytes_per_value(group.histogram, key.dtype);
}

GroupRatios ratios_of(const GroupBytes& bytes) {
  const auto ratio = [&](double size) { return size > 0 ? bytes.raw / size : 1; };
  return {ratio(bytes.predicted), ratio(bytes.achieved), ratio(bytes.bound)};
}

}  // namespace

GroupRatios ratios_of(const CodingKey& key, const GroupCalibration& group) {
  GroupBytes bytes;
  add(bytes, key, group);
  return ratios_of(bytes);
}

GroupRatios ratios_of(const Calibration& calibration) {
  GroupBytes bytes;
  for (const auto& [key, group] : calibration) add(bytes, key, group);
  return ratios_of(bytes);
}

Calibration calibrate(const std::vector<CalibrationFile>& files, FrameRule rule,
                      const Execution& execution, const Progress& progress) {
  std::uint64_t all_bytes = 0;
  for_each_tensor(files,
                  [&](const InputFile&, const TensorInfo& tensor) { all_bytes += tensor.bytes; });
  Calibration calibration;
  std::uint64_t done = 0;
  for_each_tensor(files, [&](const InputFile& file, const TensorInfo& tensor) {
    GroupCalibration& group = calibration[key_of(tensor)];
    count_tensor(file, tensor, execution.threads, group.histogram);
    ++group.tensors;
    group.values += tensor.bytes / bytes_per_value(*tensor.dtype);
    progress({"counting exponents", done += tensor.bytes, all_bytes});
  });
  for (auto& [key, group] : calibration)
    group.coding = coding_for(group.histogram, key.dtype, rule);
  done = 0;
  for_each_tensor(files, [&](const InputFile& file, const TensorInfo& tensor) {
    GroupCalibration& group = calibration.at(key_of(tensor));
    group.stored_bytes += stored_bytes(file, tensor, group.coding, execution);
    progress({"encoding", done += tensor.bytes, all_bytes});
  });
  return calibration;
}

}  // namespace kvferry::codec
