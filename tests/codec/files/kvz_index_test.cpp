// Indexes whose hashes are right and whose contents are not: what a forger writes.
#include "codec/files/kvz_index.hpp"

#include "codec/files/kvz_reader.hpp"
#include "tests/codec/files/sample_files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kvferry::codec {
namespace {

using ::testing::HasSubstr;

constexpr std::uint64_t kIndexOffset = 384;

// Two parts: 100 bytes as they are, and a frame of 64 BF16 values that claims 100 bytes.
KvzIndex sample_index() {
  const KvzSection plain{
      KvzSectionKind::plain, {}, {}, {}, 100, {{KvzStorage::verbatim, 128, 100, 100, 7}}};
  const KvzSection tensor{KvzSectionKind::tensor,
                          "layers.0.k",
                          "BF16",
                          {8, 8},
                          128,
                          {{KvzStorage::frame, 256, 100, 128, 0}}};
  return {FileFormat::safetensors, 228, {plain, tensor}};
}

std::string fault_of(std::span<const std::byte> bytes, std::uint64_t index_offset = kIndexOffset) {
  try {
    parse_kvz_index(bytes, index_offset);
  } catch (const KvzIndexFault& fault) {
    return fault.message;
  }
  return {};
}

std::string fault_of(const KvzIndex& index, std::uint64_t index_offset = kIndexOffset) {
  return fault_of(to_bytes(index), index_offset);
}

TEST(KvzIndexBytes, ComeBackAsTheyWere) {
  const KvzIndex index = sample_index();
  const KvzIndex parsed = parse_kvz_index(to_bytes(index), kIndexOffset);
  EXPECT_EQ(parsed.sections[1].name, "layers.0.k");
  EXPECT_EQ(parsed.sections[1].dtype(), DType::bf16);
  EXPECT_EQ(parsed.sections[1].shape, index.sections[1].shape);
  EXPECT_EQ(to_bytes(parsed), to_bytes(index));
}

TEST(KvzIndexBytes, AreRefusedAtEveryOtherLength) {
  FileBytes bytes = to_bytes(sample_index());
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_NE(fault_of(std::span(bytes).first(length)), "") << length;
  }
  bytes.resize(bytes.size() + 8);
  EXPECT_THAT(fault_of(bytes), HasSubstr("bytes behind the last section"));
}

TEST(KvzIndexBytes, CountsThatPromiseMoreThanThereIsAreRefused) {
  for (const std::size_t offset : {4U, 24U, 28U}) {  // sections, bytes of a name, parts
    FileBytes bytes = to_bytes(sample_index());
    for (std::size_t i = 0; i < 4; ++i) bytes[offset + i] = std::byte{0xff};
    EXPECT_NE(fault_of(bytes), "") << offset;
  }
}

struct Forgery {
  std::function<void(KvzIndex&)> change;
  const char* message;
};

TEST(KvzIndexBytes, WhatDoesNotFitTogetherIsNamedWithItsSection) {
  const auto part = [](KvzIndex& index, std::size_t section) -> KvzPart& {
    return index.sections[section].parts[0];
  };
  const std::vector<Forgery> forgeries{
      {[](KvzIndex& i) { i.source_format = static_cast<FileFormat>(9); }, "unknown source format"},
      {[](KvzIndex& i) { ++i.source_bytes; }, "the sections do not add up to the source"},
      {[](KvzIndex& i) { ++i.sections[0].source_bytes; },
       "section 0: the parts do not add up to the section"},
      {[](KvzIndex& i) {
         i.sections[1].shape = {8, 9};
       },
       "section 1: the shape does not fit the size"},
      {[](KvzIndex& i) {
         i.sections[1].shape = {1ULL << 63, 4};
       },
       "section 1: the shape does not fit the size"},
      {[](KvzIndex& i) { i.sections[1].shape.assign(65, 1); }, "section 1: field too large"},
      {[](KvzIndex& i) { i.sections[1].dtype_name = std::string(65, 'x'); }, "field too large"},
      {[](KvzIndex& i) { i.sections[1].dtype_name = ""; }, "a tensor without a type"},
      {[](KvzIndex& i) { i.sections[1].dtype_name = "F32"; }, "a frame does not fit its tensor"},
      {[](KvzIndex& i) { i.sections[0].name = "x"; }, "a name without a tensor"},
      {[](KvzIndex& i) { i.sections[0].kind = static_cast<KvzSectionKind>(2); },
       "unknown kind of section"},
      {[&](KvzIndex& i) { part(i, 0).storage = static_cast<KvzStorage>(2); },
       "unknown kind of part"},
      {[&](KvzIndex& i) { part(i, 0).stored_bytes = 99; }, "a verbatim part has two sizes"},
      {[&](KvzIndex& i) { part(i, 0).source_bytes = 0; }, "a part has no bytes, or too many"},
      {[&](KvzIndex& i) { part(i, 1).source_bytes = kMaxPartSourceBytes + 1; },
       "a part has no bytes, or too many"},
      {[&](KvzIndex& i) { part(i, 1).source_bytes = 127; }, "a frame does not fit its tensor"},
      {[&](KvzIndex& i) { part(i, 1).hash = 1; }, "a frame does not fit its tensor"},
      {[&](KvzIndex& i) { part(i, 1).offset = 128; }, "a part does not follow the one before it"},
      {[&](KvzIndex& i) { part(i, 1).offset = 384; }, "a part does not follow the one before it"},
      {[&](KvzIndex& i) { part(i, 1).stored_bytes = 200; }, "a part reaches behind the index"},
      {[&](KvzIndex& i) { part(i, 1).stored_bytes = ~0ULL; }, "a part reaches behind the index"},
  };
  for (const Forgery& forgery : forgeries) {
    KvzIndex index = sample_index();
    forgery.change(index);
    EXPECT_THAT(fault_of(index), HasSubstr(forgery.message));
  }
  EXPECT_THAT(fault_of(sample_index(), 512), HasSubstr("the parts do not reach up to the index"));
}

// A file around an index, with every hash right.
FileBytes forged_file(const KvzIndex& index, std::span<const std::byte> parts) {
  FileBytes file;
  append_number(file, make_kvz_header());
  file.resize(128);
  append(file, parts);
  file.resize(aligned(file.size()));
  const auto index_bytes = to_bytes(index);
  KvzFooter footer{
      kKvzFooterMagic, file.size(), index_bytes.size(), kvz_hash(index_bytes), 0, {}, 0};
  footer.file_bytes = file.size() + index_bytes.size() + sizeof footer;
  footer.hash = hash_of(footer);
  append(file, index_bytes);
  append_number(file, footer);
  return file;
}

TEST(KvzIndexBytes, AFrameThatPromisesMoreValuesThanItHoldsIsRefusedBeforeTheyAreAllocated) {
  const KvzSection tensor{KvzSectionKind::tensor,
                          "layers.0.k",
                          "BF16",
                          {kMaxPartSourceBytes / 2},
                          kMaxPartSourceBytes,
                          {{KvzStorage::frame, 128, 128, kMaxPartSourceBytes, 0}}};
  const FileBytes file =
      forged_file({FileFormat::raw, kMaxPartSourceBytes, {tensor}}, FileBytes(128));
  EXPECT_THAT(
      input_error([&] { decode_kvz(InputFile("x.kvz", file), [](std::span<const std::byte>) {}); }),
      HasSubstr("tensor 'layers.0.k' (at byte 128): this is not a SplitZip frame"));
}

TEST(KvzIndexBytes, AFrameOfOtherValuesThanItsTensorIsRefused) {
  const auto error_with = [](DType frame_dtype, std::uint64_t tensor_values) {
    const FrameFormat format{frame_dtype, 4, EscapeMode::positional};
    const auto frame = encode(FileBytes(200), {Codebook::most_frequent({}, 16), format});
    const KvzSection tensor{KvzSectionKind::tensor,
                            "x",
                            "BF16",
                            {tensor_values},
                            2 * tensor_values,
                            {{KvzStorage::frame, 128, frame.size(), 2 * tensor_values, 0}}};
    const FileBytes file = forged_file({FileFormat::raw, 2 * tensor_values, {tensor}}, frame);
    return input_error(
        [&] { decode_kvz(InputFile("x.kvz", file), [](std::span<const std::byte>) {}); });
  };
  EXPECT_EQ(error_with(DType::bf16, 100), "");
  const char* const message = "the frame holds other values than the index says";
  EXPECT_THAT(error_with(DType::bf16, 99), HasSubstr(message));
  EXPECT_THAT(error_with(DType::bf16, 101), HasSubstr(message));
  EXPECT_THAT(error_with(DType::e5m2, 100), HasSubstr(message));
}

TEST(KvzIndexBytes, FootersThatPointAstrayAreRefused) {
  const auto forge = [](const std::function<void(KvzFooter&)>& change) {
    FileBytes file = forged_file({FileFormat::raw, 0, {}}, {});
    KvzFooter footer{};
    std::byte* const place = file.data() + file.size() - sizeof footer;
    std::memcpy(&footer, place, sizeof footer);
    change(footer);
    footer.hash = hash_of(footer);
    std::memcpy(place, &footer, sizeof footer);
    return input_error([&] { KvzReader{InputFile("x.kvz", file)}; });
  };
  EXPECT_EQ(forge([](KvzFooter&) {}), "");
  for (const std::uint64_t offset : {0ULL, 64ULL, 129ULL, 256ULL, ~0ULL, ~0ULL - 127}) {
    EXPECT_THAT(forge([&](KvzFooter& footer) { footer.index_offset = offset; }),
                HasSubstr("the footer has a value that the format does not allow"))
        << offset;
  }
  EXPECT_NE(forge([](KvzFooter& footer) { footer.index_bytes = ~0ULL; }), "");
  EXPECT_THAT(forge([](KvzFooter& footer) { ++footer.file_bytes; }),
              HasSubstr("the file should have"));
  EXPECT_NE(forge([](KvzFooter& footer) { footer.reserved[3] = 1; }), "");
  EXPECT_THAT(forge([](KvzFooter& footer) { ++footer.index_hash; }),
              HasSubstr("the index is damaged"));
}

}  // namespace
}  // namespace kvferry::codec
