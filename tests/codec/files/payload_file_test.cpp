// Payloads from files: which values calibrate, which are encoded, for which layer.
#include "codec/files/payload_file.hpp"

#include "tests/codec/files/sample_files.hpp"
#include "tests/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

namespace kvferry::codec {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

constexpr std::size_t kChunk = std::size_t{1} << kDefaultChunkLog2;

struct NamedValues {
  std::string name;
  std::vector<std::uint16_t> values;
};

std::vector<std::uint16_t> counting_from(std::uint16_t first, std::size_t count) {
  std::vector<std::uint16_t> values(count);
  std::iota(values.begin(), values.end(), first);
  return values;
}

class PayloadFile : public ::testing::Test {
 protected:
  std::string write(const std::vector<NamedValues>& tensors, const std::string& dtype = "BF16") {
    std::string header = "{";
    FileBytes bytes;
    for (const auto& [name, values] : tensors) {
      const std::size_t begin = bytes.size();
      append(bytes, std::as_bytes(std::span(values)));
      const std::size_t shape = (bytes.size() - begin) / (dtype == "BF16" ? 2 : 1);
      header += (header.size() > 1 ? ",\"" : "\"") + name + "\":{\"dtype\":\"" + dtype +
                "\",\"shape\":[" + std::to_string(shape) + "],\"data_offsets\":[" +
                std::to_string(begin) + "," + std::to_string(bytes.size()) + "]}";
    }
    const FileBytes file = safetensors_file(header + "}", bytes);
    const auto path = folder_.path() / "cache.safetensors";
    write_text(path, std::string(as_text(file)));
    return path.string();
  }

  std::string error_of(const std::string& path) {
    try {
      read_payload(path, 2);
    } catch (const InputError& error) {
      return error.what();
    }
    return "no error";
  }

  TemporaryFolder folder_;
};

TEST_F(PayloadFile, TheFirstQuarterCalibratesAndWholeChunksOfTheRestAreEncoded) {
  const auto key = counting_from(0, 4 * kChunk);
  const auto value = counting_from(7, 4 * kChunk + 100);
  const FilePayload payload = read_payload(write({{"layers.0.v", value}, {"layers.0.k", key}}), 1);
  ASSERT_EQ(payload.tensors.size(), 2U);
  const PayloadTensor& k = payload.tensors[0];
  EXPECT_EQ(k.calibration, counting_from(0, kChunk));
  EXPECT_EQ(k.evaluation, counting_from(kChunk, 3 * kChunk));
  EXPECT_EQ(payload.tensors[1].calibration, counting_from(7, kChunk + 25));
  EXPECT_EQ(payload.tensors[1].evaluation.size(), 3 * kChunk) << "the rest fills no chunk";
  EXPECT_EQ(payload.description, "KV tensors of cache.safetensors, 1 layers");
}

TEST_F(PayloadFile, LayersAreSpreadOverTheModel) {
  std::vector<NamedValues> tensors;
  for (std::uint16_t layer = 0; layer < 2; ++layer) {
    for (const char* kind : {".k", ".v"}) {
      tensors.push_back({"layers." + std::to_string(layer) + kind,
                         std::vector<std::uint16_t>(2 * kChunk, layer)});
    }
  }
  const FilePayload payload = read_payload(write(tensors), 4);
  ASSERT_EQ(payload.tensors.size(), 8U);
  for (std::size_t i = 0; i < 8; ++i) EXPECT_EQ(payload.tensors[i].evaluation.front(), i / 4) << i;
  EXPECT_THAT(payload.description, EndsWith("2 layers spread over the model's 4"));
}

TEST_F(PayloadFile, TensorsOfOneLayerAreJoined) {
  const std::vector<NamedValues> tensors{{"request.0.layers.0.k", counting_from(0, kChunk)},
                                         {"request.1.layers.0.k", counting_from(kChunk, kChunk)},
                                         {"layers.0.v", counting_from(0, 2 * kChunk)}};
  const FilePayload payload = read_payload(write(tensors), 1);
  EXPECT_EQ(payload.tensors[0].calibration, counting_from(0, kChunk / 2));
  EXPECT_EQ(payload.tensors[0].evaluation, counting_from(kChunk / 2, kChunk)) << "across the seam";
}

TEST_F(PayloadFile, LongTensorsAreSampledOverTheirWholeLength) {
  const std::size_t chunks = 200;
  std::vector<std::uint16_t> values;
  for (std::uint16_t chunk = 0; chunk < chunks; ++chunk) values.insert(values.end(), kChunk, chunk);
  const FilePayload payload =
      read_payload(write({{"layers.0.k", values}, {"layers.0.v", values}}), 1);
  const auto& sampled = payload.tensors[0].evaluation;
  EXPECT_EQ(sampled.size(), 64 * kChunk);
  EXPECT_EQ(sampled.front(), 50) << "behind the quarter that calibrates";
  EXPECT_EQ(sampled.back(), 50 + 63 * 150 / 64);
  EXPECT_EQ(payload.tensors[0].calibration.size(), 50 * kChunk);
}

TEST_F(PayloadFile, NamesThatTellNothingServeEveryLayer) {
  const FilePayload payload = read_payload(write({{"x", counting_from(0, 2 * kChunk)}}), 3);
  EXPECT_EQ(payload.tensors.size(), 6U);
  EXPECT_THAT(payload.description, HasSubstr("every layer alike"));
}

TEST_F(PayloadFile, RawValuesAreBf16) {
  const auto path = folder_.path() / "cache.raw";
  const auto values = counting_from(0, 2 * kChunk);
  write_text(path, std::string(as_text(std::as_bytes(std::span(values)))));
  EXPECT_EQ(read_payload(path.string(), 1).tensors[0].evaluation,
            counting_from(kChunk / 2, kChunk));
}

TEST_F(PayloadFile, WhatCannotServeIsRefusedByName) {
  EXPECT_THAT(error_of(write({{"layers.3.k", counting_from(0, 2 * kChunk)}})),
              HasSubstr("cache.safetensors: error: layer 3 has no V"));
  EXPECT_THAT(error_of(write({{"layers.0.k", counting_from(0, kChunk)},
                              {"layers.0.v", counting_from(0, kChunk)}})),
              EndsWith("layer 0 K has 8192 values, too few: three quarters of them must fill a "
                       "chunk of 8192"));
  EXPECT_THAT(error_of(write({{"layers.0.k", counting_from(0, kChunk)}}, "F8_E5M2")),
              EndsWith("no BF16 tensors here: the KV caches that are handed off are BF16"));
  write_text(folder_.path() / "cache.pt", "values");
  EXPECT_THAT(error_of((folder_.path() / "cache.pt").string()),
              HasSubstr("expected a .safetensors or .npy file"));
  EXPECT_THAT(error_of("/nowhere/cache.safetensors"), HasSubstr("/nowhere/cache.safetensors"));
}

}  // namespace
}  // namespace kvferry::codec
