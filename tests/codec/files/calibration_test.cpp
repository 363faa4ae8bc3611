#include "codec/files/calibration.hpp"

#include "codec/files/kvz_report.hpp"
#include "codec/files/kvz_writer.hpp"
#include "codec/synthetic_kv.hpp"
#include "tests/codec/files/sample_files.hpp"

#include <gtest/gtest.h>

namespace kvferry::codec {
namespace {

constexpr int kLayers = 3;
constexpr KvShape kShape{kLayers, 8, 128, 64};

// K and V of three layers, as "layers.<l>.<k or v>".
FileBytes cache_file(std::uint64_t text) {
  const KvPreset& preset = *find_kv_preset("qwen3-32b");
  FileBytes values;
  std::string header = "{";
  for (int layer = 0; layer < kLayers; ++layer) {
    for (const KvKind kind : {KvKind::key, KvKind::value}) {
      const auto tensor = synthesize_kv(preset, kShape, kind, layer, 1, text);
      if (header.size() > 1) header += ",";
      header += "\"layers." + std::to_string(layer) + (kind == KvKind::key ? ".k" : ".v") +
                "\":{\"dtype\":\"BF16\",\"shape\":[" + std::to_string(tensor.size()) +
                "],\"data_offsets\":[" + std::to_string(values.size()) + ",";
      append(values, std::as_bytes(std::span(tensor)));
      header += std::to_string(values.size()) + "]}";
    }
  }
  return safetensors_file(header + "}", values);
}

TEST(Calibration, CountsPerLayerAndKindOverAllFiles) {
  const FileBytes first = cache_file(2);
  const FileBytes second = cache_file(3);
  const InputFile a("a", first);
  const InputFile b("b", second);
  const auto once = calibrate({{&a, list_tensors(a, {})}}, FrameRule::smallest, {});
  const auto twice = calibrate({{&a, list_tensors(a, {})}, {&b, list_tensors(b, {})}},
                               FrameRule::smallest, {.threads = 3});
  ASSERT_EQ(once.size(), 6U);
  ASSERT_EQ(twice.size(), 6U);
  const auto& [key, group] = *twice.begin();
  EXPECT_EQ(key.group.label(), "layer 0 K");
  EXPECT_EQ(group.tensors, 2U);
  EXPECT_EQ(group.values, 2U * 64 * 8 * 128);
  ExponentHistogram expected{};
  for (const std::uint64_t text : {2U, 3U}) {
    const auto values =
        synthesize_kv(*find_kv_preset("qwen3-32b"), kShape, KvKind::key, 0, 1, text);
    count_exponents(std::as_bytes(std::span(values)), DType::bf16, expected);
  }
  EXPECT_EQ(group.histogram, expected);
}

TEST(Calibration, ZerosAreCounted) {
  FileBytes zeros(2000);
  const auto values = draw_tensor(DType::bf16, ValueKind::gaussian, 1000);
  append(zeros, values);
  const InputFile file("x", zeros);
  const auto calibration =
      calibrate({{&file, list_tensors(file, DType::bf16)}}, FrameRule::smallest, {});
  const GroupCalibration& group = calibration.begin()->second;
  EXPECT_EQ(group.histogram[0], 1000U);
  EXPECT_NE(group.coding.codebook.code_of(0), Codebook::kEscape);
}

TEST(Calibration, TheAchievedRatioIsThatOfTheFramesAndNeverAboveTheBound) {
  const FileBytes source = cache_file(2);
  const InputFile file("cache", source);
  const auto calibration = calibrate({{&file, list_tensors(file, {})}}, FrameRule::smallest, {});
  const GroupRatios ratios = ratios_of(calibration);
  EXPECT_LT(ratios.achieved, ratios.bound);
  EXPECT_NEAR(ratios.achieved, ratios.predicted, 0.03) << "headers of small frames aside";

  TensorCodings codings;
  for (const auto& [key, group] : calibration) codings.emplace(key, group.coding);
  KvzOptions options;
  options.codings = &codings;
  FileBytes kvz;
  encode_kvz(file, options, [&](std::span<const std::byte> bytes) { append(kvz, bytes); });
  const InputFile encoded("cache.kvz", kvz);
  const KvzReader reader(encoded);
  std::uint64_t frame_bytes = 0;
  for (const SectionReport& section : inspect(reader, {})) {
    if (section.first_frame() != nullptr) frame_bytes += section.stored_bytes;
  }
  std::uint64_t predicted_bytes = 0;
  for (const auto& [key, group] : calibration) predicted_bytes += group.stored_bytes;
  EXPECT_EQ(frame_bytes, predicted_bytes);
}

TEST(Calibration, TheSmallestFormatWinsForEachGroup) {
  const FileBytes source = cache_file(2);
  const InputFile file("cache", source);
  const auto with = [&](FrameRule rule) {
    return calibrate({{&file, list_tensors(file, {})}}, rule, {});
  };
  const auto smallest = with(FrameRule::smallest);
  for (const FrameRule rule :
       {FrameRule::w4_positional, FrameRule::w4_sentinel, FrameRule::w3_sentinel}) {
    for (const auto& [key, group] : with(rule)) {
      EXPECT_LE(smallest.at(key).stored_bytes, group.stored_bytes) << key.group.label();
    }
  }
}

TEST(Calibration, TensorsWithoutFramesAreLeftOut) {
  const FileBytes source = mixed_safetensors();
  const InputFile file("x", source);
  const auto calibration = calibrate({{&file, list_tensors(file, {})}}, FrameRule::smallest, {});
  EXPECT_EQ(calibration.size(), 4U) << "no F32, no empty tensor";
}

}  // namespace
}  // namespace kvferry::codec
