// On a GPU: the library's frames are those of the CPU codec and decode to the values, per call and
// replayed in a graph, beside what the emulated device cannot show. Compiled wherever there is nvcc,
// run where there is a GPU.
#include "codec/cuda/splitzip_cuda.hpp"
#include "tests/codec/cuda/gpu_formats.hpp"
#include "tests/codec/formats.hpp"
#include "tests/codec/value_kinds.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace kvferry::codec::cuda {
namespace {

using Bytes = std::vector<std::byte>;

class OnDevice : public testing::Test {
 protected:
  void SetUp() override {
    if (devices().empty()) GTEST_SKIP() << "NOT CHECKED: compiled, but " << why_no_device();
  }
};

/// Tensors of one batch, on the host and on the device.
struct DeviceBatch {
  FrameFormat format;
  std::vector<Codebook> books;
  std::vector<Bytes> tensors;
  std::vector<DeviceMemory> values;
  std::vector<DeviceMemory> frames;
  std::vector<DeviceMemory> outputs;

  explicit DeviceBatch(const FrameFormat& frame_format) : format(frame_format) {}

  void add(Bytes tensor) {
    books.push_back(tensor.empty() ? Codebook(std::array<std::uint8_t, 1>{1})
                                   : best_codebook(tensor, format));
    values.emplace_back(tensor.size());
    copy_to_device(tensor, values.back().data_dev());
    outputs.emplace_back(tensor.size());
    frames.emplace_back(
        frame_bound(frame_layout(tensor.size() / bytes_per_value(format.dtype), format)));
    tensors.push_back(std::move(tensor));
  }

  std::uint64_t count(std::size_t i) const {
    return tensors[i].size() / bytes_per_value(format.dtype);
  }

  std::vector<EncodeTask> encode_tasks() const {
    std::vector<EncodeTask> tasks;
    for (std::size_t i = 0; i < tensors.size(); ++i) {
      tasks.push_back(
          {values[i].data_dev(), count(i), frames[i].data_dev(), frames[i].size(), books[i], i});
    }
    return tasks;
  }

  std::vector<DecodeTask> decode_tasks(const EncodeBatch& encoder) const {
    std::vector<DecodeTask> tasks;
    for (std::size_t i = 0; i < tensors.size(); ++i) {
      tasks.push_back({frames[i].data_dev(), frames[i].size(), outputs[i].data_dev(), count(i),
                       encoder.frame_bytes_dev() + i});
    }
    return tasks;
  }

  void expect_frames(const EncodeBatch& encoder) const {
    for (std::size_t i = 0; i < tensors.size(); ++i) {
      const Bytes expected = encode(tensors[i], {books[i], format, i});
      ASSERT_EQ(encoder.frame_bytes(i), expected.size()) << "tensor " << i;
      Bytes found(expected.size());
      copy_to_host(frames[i].data_dev(), found);
      ASSERT_TRUE(found == expected) << "tensor " << i;
    }
  }

  void expect_values(const DecodeBatch& decoder) const {
    const std::vector<DecodeResult> results = decoder.results();
    for (std::size_t i = 0; i < tensors.size(); ++i) {
      ASSERT_EQ(text_of(results[i].fault), text_of(FrameFault::none)) << "tensor " << i;
      Bytes found(tensors[i].size());
      copy_to_host(outputs[i].data_dev(), found);
      ASSERT_TRUE(found == tensors[i]) << "tensor " << i;
    }
  }
};

DeviceBatch batch_of_all_kinds(const FrameFormat& format) {
  DeviceBatch batch(format);
  std::size_t count = 0;
  for (const ValueKind kind : kAllValueKinds) {
    batch.add(draw_tensor(format.dtype, kind, count));
    batch.add(draw_tensor(format.dtype, kind, 3'000'001));
    count = count * 3 + 8191;
  }
  return batch;
}

TEST_F(OnDevice, FramesAreTheCpusAndDecodeToTheValues) {
  for (const FrameFormat& format : kGpuFormats) {
    const DeviceBatch batch = batch_of_all_kinds(format);
    Stream stream;
    EncodeBatch encoder(format, batch.encode_tasks());
    DecodeBatch decoder(format, batch.decode_tasks(encoder));
    encoder.encode_async(stream);
    decoder.decode_async(stream);
    stream.wait();
    batch.expect_frames(encoder);
    batch.expect_values(decoder);
    ASSERT_FALSE(HasFatalFailure());
  }
}

TEST_F(OnDevice, AGraphOfBothCanBeReplayed) {
  const FrameFormat format{};
  const DeviceBatch batch = batch_of_all_kinds(format);
  Stream stream;
  EncodeBatch encoder(format, batch.encode_tasks());
  DecodeBatch decoder(format, batch.decode_tasks(encoder));
  const Graph graph(stream, [&] {
    encoder.encode_async(stream);
    decoder.decode_async(stream);
  });
  EXPECT_EQ(encoder.newest_frame_size(0).run, 0U) << "recording does not run anything";
  for (std::uint32_t run = 1; run <= 20; ++run) {
    graph.launch_async(stream);
    stream.wait();
    ASSERT_EQ(encoder.newest_frame_size(0).run, run);
  }
  batch.expect_frames(encoder);
  batch.expect_values(decoder);
}

TEST_F(OnDevice, ADamagedFrameIsRefusedInItsChunkAndTheNextRunIsFine) {
  const FrameFormat format{};
  DeviceBatch batch(format);
  batch.add(draw_tensor(format.dtype, ValueKind::gaussian_with_strays, 50'000));
  Stream stream;
  EncodeBatch encoder(format, batch.encode_tasks());
  DecodeBatch decoder(format, batch.decode_tasks(encoder));
  encoder.encode_async(stream);
  stream.wait();
  const Bytes flags{std::byte{2}};
  copy_to_device(flags, batch.frames[0].data_dev() + sizeof(FrameHeader) + 8 * 3 + 6);
  decoder.decode_async(stream);
  stream.wait();
  const DecodeResult result = decoder.results()[0];
  EXPECT_EQ(text_of(result.fault), text_of(FrameFault::corrupt_directory));
  EXPECT_EQ(result.chunk, 3U);
  encoder.encode_async(stream);
  decoder.decode_async(stream);
  stream.wait();
  batch.expect_values(decoder);
}

TEST_F(OnDevice, AFailedCallOfTheRuntimeNamesItself) {
  try {
    use_device(-1);
    FAIL() << "no device has the number -1";
  } catch (const CudaError& error) {
    EXPECT_NE(std::string(error.what()).find("device.cpp:"), std::string::npos) << error.what();
  }
}

TEST(WithoutDevice, EitherThereIsADeviceOrAReasonWhyNot) {
  EXPECT_EQ(devices().empty(), !why_no_device().empty());
}

}  // namespace
}  // namespace kvferry::codec::cuda
