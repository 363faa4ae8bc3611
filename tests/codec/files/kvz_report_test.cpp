#include "codec/files/kvz_report.hpp"

#include "codec/files/kvz_writer.hpp"
#include "tests/codec/files/sample_files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kvferry::codec {
namespace {

using ::testing::HasSubstr;

TEST(KvzReport, CountsEscapesRawChunksAndExponents) {
  FileBytes values = draw_tensor(DType::bf16, ValueKind::gaussian, 8192);
  append(values, draw_tensor(DType::bf16, ValueKind::random_bits, 8192));
  append(values, draw_tensor(DType::bf16, ValueKind::gaussian, 100));
  ExponentHistogram histogram{};
  count_exponents(values, DType::bf16, histogram);
  KvzOptions options;
  options.dtype = DType::bf16;
  options.rule = FrameRule::w4_positional;
  FileBytes kvz;
  encode_kvz(InputFile("x.bin", values), options,
             [&](std::span<const std::byte> bytes) { append(kvz, bytes); });
  const InputFile file("x.kvz", kvz);
  const KvzReader reader(file);
  const auto sections = inspect(reader, {});
  ASSERT_EQ(sections.size(), 1U);
  const SectionReport& section = sections[0];
  ASSERT_NE(section.first_frame(), nullptr);
  EXPECT_EQ(section.histogram, histogram);
  EXPECT_EQ(section.escapes.values, values.size() / 2);
  EXPECT_EQ(section.escapes.chunks, 3U);
  EXPECT_EQ(section.escapes.raw_chunks, 1U);
  const auto& chunks = section.parts[0].frame->chunks;
  EXPECT_EQ(section.escapes.escapes, chunks[0].escape_count + chunks[2].escape_count);
  EXPECT_EQ(section.escapes.most_in_a_chunk,
            std::max(chunks[0].escape_count, chunks[2].escape_count));
  EXPECT_EQ(section.stored_bytes, reader.index().sections[0].parts[0].stored_bytes);
}

TEST(KvzReport, DamageIsFoundOnTheWay) {
  FileBytes kvz;
  const FileBytes source = mixed_safetensors();
  encode_kvz(InputFile("x", source), {},
             [&](std::span<const std::byte> bytes) { append(kvz, bytes); });
  kvz[kvz.size() / 2] ^= std::byte{1};
  const InputFile file("x.kvz", kvz);
  EXPECT_THAT(input_error([&] { inspect(KvzReader(file), {}); }), HasSubstr("x.kvz: error: "));
}

}  // namespace
}  // namespace kvferry::codec
