#include "codec/files/safetensors.hpp"

#include "tests/codec/files/sample_files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kvferry::codec {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::vector<TensorInfo> tensors_in(const FileBytes& file) {
  return read_safetensors_header(InputFile("x.safetensors", file));
}

std::string error_of(const FileBytes& file) {
  return input_error([&] { tensors_in(file); });
}

std::string error_of(std::string_view header, std::size_t values = 0) {
  return error_of(safetensors_file(header, FileBytes(values)));
}

TEST(Safetensors, ListsTensorsByOffsetWithTheirTypes) {
  const FileBytes file = mixed_safetensors();
  const auto tensors = tensors_in(file);
  std::vector<std::string> names;
  for (const TensorInfo& tensor : tensors) names.push_back(tensor.name);
  EXPECT_THAT(names, ElementsAre("layers.0.k", "nothing", "layers.0.v", "layers.1.k", "scales",
                                 "z\xc3\xbc"));
  EXPECT_EQ(tensors[0].dtype, DType::bf16);
  EXPECT_THAT(tensors[0].shape, ElementsAre(10'000U, 1U));
  EXPECT_EQ(tensors[1].bytes, 0U);
  EXPECT_EQ(tensors[2].dtype, DType::e5m2);
  EXPECT_EQ(tensors[3].dtype, DType::e4m3);
  EXPECT_EQ(tensors[4].dtype, std::nullopt);
  EXPECT_EQ(tensors[4].dtype_name, "F32");
  EXPECT_EQ(tensors[5].offset, tensors[4].offset + tensors[4].bytes + 3) << "behind the gap";
}

TEST(Safetensors, AFileWithoutTensorsIsValid) {
  EXPECT_TRUE(tensors_in(safetensors_file("{}")).empty());
  EXPECT_TRUE(tensors_in(safetensors_file(R"({"__metadata__":{"a":"b"}})")).empty());
}

TEST(Safetensors, TypesItDoesNotKnowAreTakenAsTheyAre) {
  const auto tensors = tensors_in(
      safetensors_file(R"({"a":{"dtype":"X7","shape":[5],"data_offsets":[0,4]}})", FileBytes(4)));
  ASSERT_EQ(tensors.size(), 1U);
  EXPECT_EQ(tensors[0].dtype_name, "X7");
  EXPECT_EQ(tensors[0].dtype, std::nullopt);
}

TEST(Safetensors, TypesBelowAByteHaveTheirSize) {
  EXPECT_EQ(error_of(R"({"a":{"dtype":"F4","shape":[3,2],"data_offsets":[0,3]}})", 3), "");
  EXPECT_THAT(error_of(R"({"a":{"dtype":"F4","shape":[3],"data_offsets":[0,2]}})", 2),
              HasSubstr("do not give the 2 bytes"));
}

TEST(Safetensors, TruncationAtEveryLengthIsRefused) {
  FileBytes file = mixed_safetensors(100);
  file.pop_back();  // the byte behind the last tensor is no tensor's
  for (std::size_t length = 0; length < file.size(); ++length) {
    const FileBytes cut(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(length));
    EXPECT_THAT(error_of(cut), StartsWith("x.safetensors: error: ")) << length;
  }
}

TEST(Safetensors, HugeDeclaredSizesAreRefusedBeforeAnythingIsAllocated) {
  FileBytes file;
  append_number<std::uint64_t>(file, ~std::uint64_t{0});
  append(file, "{}");
  EXPECT_THAT(error_of(file), HasSubstr("should have 18446744073709551615 bytes, but the file "
                                        "ends after 2"));
  EXPECT_THAT(
      error_of(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,9000000000000000000]}})"),
      HasSubstr("do not fit the 0 bytes behind the header"));
  EXPECT_THAT(error_of(R"({"a":{"dtype":"BF16","shape":[4294967296,4294967296,2],)"
                       R"("data_offsets":[0,0]}})"),
              HasSubstr("do not give the 0 bytes of its data_offsets"))
      << "the product wraps to zero in 64 bits";
}

struct BadHeader {
  const char* header;
  const char* message;
};

TEST(Safetensors, AWrongHeaderIsAnsweredWithTensorAndKey) {
  constexpr std::size_t kValues = 8;
  for (const auto& [header, message] :
       {BadHeader{"{", "not valid JSON at byte 9"},
        BadHeader{"{]", "not valid JSON at byte 9"},
        BadHeader{"{\"a\xff\":{}}", "not valid JSON"},
        BadHeader{"{} x", "not valid JSON"},
        BadHeader{"[]", "does not begin with '{'"},
        BadHeader{R"({"a":1})", "tensor 'a': expected an object, found 1"},
        BadHeader{R"({"a":{}})", "tensor 'a': the key 'dtype' is missing"},
        BadHeader{R"({"a":{"dtype":"U8","data_offsets":[0,8]}})", "the key 'shape' is missing"},
        BadHeader{R"({"a":{"dtype":"U8","shape":[8]}})", "the key 'data_offsets' is missing"},
        BadHeader{R"({"a":{"dtpye":"U8"}})",
                  "tensor 'a': unknown key 'dtpye' (did you mean 'dtype'?); keys: dtype, shape"},
        BadHeader{R"({"a":{"dtype":"U8","dtype":"U8"}})", "the key 'dtype' is there twice"},
        BadHeader{R"({"a":{"dtype":7}})", "'dtype': expected a string, found 7"},
        BadHeader{R"({"a":{"shape":"8"}})", "'shape': expected an array of whole numbers"},
        BadHeader{R"({"a":{"shape":[-1]}})", "expected whole numbers of at least 0, found -1"},
        BadHeader{R"({"a":{"shape":[1.5]}})", "found 1.5"},
        BadHeader{R"({"a":{"shape":[1e999]}})", "not valid JSON at byte"},
        BadHeader{R"({"a":{"shape":[[1]]}})", "found an array"},
        BadHeader{R"({"a":{"shape":[99999999999999999999]}})", "found 99999999999999999999"},
        BadHeader{R"({"a":{"dtype":"U8","shape":[8],"data_offsets":[0]}})",
                  "expected a begin and an end"},
        BadHeader{R"({"a":{"dtype":"U8","shape":[8],"data_offsets":[0,1,2]}})",
                  "more than 2 numbers"},
        BadHeader{R"({"a":{"dtype":"U8","shape":[8],"data_offsets":[5,3]}})",
                  "data_offsets [5, 3] do not fit"},
        BadHeader{R"({"a":{"dtype":"U8","shape":[9],"data_offsets":[0,9]}})",
                  "do not fit the 8 bytes"},
        BadHeader{R"({"a":{"dtype":"BF16","shape":[3],"data_offsets":[0,8]}})",
                  "its shape and dtype BF16 do not give the 8 bytes"},
        BadHeader{R"({"a":{"dtype":"","shape":[8],"data_offsets":[0,8]}})",
                  "is not the name of a type"},
        BadHeader{R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},)"
                  R"("a":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}})",
                  "tensor 'a': the name is there twice"},
        BadHeader{R"({"a":{"dtype":"U8","shape":[5],"data_offsets":[0,5]},)"
                  R"("b":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}})",
                  "tensor 'b': it overlaps the tensor before it"},
        BadHeader{R"({"__metadata__":{"a":1}})", "'__metadata__': key 'a': expected a string"},
        BadHeader{R"({"__metadata__":5})", "tensor '__metadata__': expected an object, found 5"}}) {
    EXPECT_THAT(error_of(header, kValues), HasSubstr(message)) << header;
  }
}

}  // namespace
}  // namespace kvferry::codec
