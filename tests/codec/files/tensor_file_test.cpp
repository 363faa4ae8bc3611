#include "codec/files/tensor_file.hpp"

#include "tests/codec/files/sample_files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kvferry::codec {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

FileBytes text_file(std::string_view text) {
  FileBytes file;
  append(file, text);
  return file;
}

std::string error_of(const FileBytes& file, std::optional<DType> dtype = {},
                     const std::string& name = "file") {
  return input_error([&] { list_tensors(InputFile(name, file), dtype); });
}

TEST(TensorFile, KnowsItsFormatByContentOrName) {
  const auto format_of = [](const FileBytes& file, std::optional<DType> dtype = {}) {
    return list_tensors(InputFile("file", file), dtype).format;
  };
  EXPECT_EQ(format_of(mixed_safetensors()), FileFormat::safetensors);
  EXPECT_EQ(format_of(npy_file(1, "{'descr': '<V2', 'fortran_order': False, 'shape': (0,)}")),
            FileFormat::npy);
  EXPECT_EQ(format_of(FileBytes(10), DType::bf16), FileFormat::raw);
  EXPECT_THAT(error_of(text_file("hello"), {}, "x.safetensors"),
              HasSubstr("begins with 8 bytes of length; this one has 5"));
  EXPECT_THAT(error_of(text_file("hello world"), {}, "x.npy"),
              HasSubstr("this is not a .npy file"));
}

TEST(TensorFile, RawValuesAreOneTensor) {
  const FileBytes bytes(10);
  const auto file = list_tensors(InputFile("dir/key.bin", bytes), DType::bf16);
  ASSERT_EQ(file.tensors.size(), 1U);
  EXPECT_EQ(file.tensors[0].name, "key");
  EXPECT_EQ(file.tensors[0].dtype_name, "BF16");
  EXPECT_THAT(file.tensors[0].shape, ElementsAre(5U));
  EXPECT_THAT(error_of(FileBytes(11), DType::bf16),
              HasSubstr("11 bytes are not whole bf16 values of 2 bytes"));
  EXPECT_EQ(error_of(FileBytes(11), DType::e5m2), "");
}

TEST(TensorFile, ForeignFilesAreNamedForWhatTheyAre) {
  EXPECT_THAT(error_of(FileBytes(100)), HasSubstr("neither a safetensors nor a .npy file"));
  EXPECT_THAT(error_of(FileBytes{}), HasSubstr("neither a safetensors nor a .npy file"));
  EXPECT_THAT(error_of(text_file("PK\x03\x04rest")), HasSubstr("zip archive"));
  EXPECT_THAT(error_of(text_file("version https://git-lfs.github.com/spec/v1")),
              HasSubstr("Git-LFS pointer"));
  EXPECT_THAT(error_of(text_file("GGUF....")), HasSubstr("GGUF"));
  EXPECT_THAT(error_of(text_file("\x89KVZ\r\n\x1a\n")), HasSubstr("encoded already"));
  EXPECT_THAT(error_of(mixed_safetensors(), DType::bf16, "x.safetensors"),
              HasSubstr("says its types itself"));
}

TEST(TensorFile, NamesInMessagesAreShortAndPrintable) {
  EXPECT_EQ(quoted_name("a\nb\x1b"), "'a?b?'");
  EXPECT_EQ(quoted_name(std::string(200, 'x')), "'" + std::string(100, 'x') + "...'");
  EXPECT_EQ(quoted_name(std::string(99, 'x') + "\xc3\xbc"), "'" + std::string(99, 'x') + "...'")
      << "not half a character";
}

}  // namespace
}  // namespace kvferry::codec
