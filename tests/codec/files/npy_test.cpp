#include "codec/files/npy.hpp"

#include "tests/codec/files/sample_files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kvferry::codec {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TensorInfo tensor_in(const FileBytes& file, std::optional<DType> dtype = {}) {
  return read_npy_header(InputFile("x.npy", file), "x", dtype);
}

std::string error_of(const FileBytes& file, std::optional<DType> dtype = {}) {
  return input_error([&] { tensor_in(file, dtype); });
}

std::string error_of(const char* dictionary, std::size_t values = 0) {
  return error_of(npy_file(1, dictionary, FileBytes(values)));
}

TEST(Npy, ReadsAllVersions) {
  const char* dictionary = "{'descr': '<V2', 'fortran_order': False, 'shape': (3, 4), }  \n";
  for (const unsigned version : {1U, 2U, 3U}) {
    const auto tensor = tensor_in(npy_file(version, dictionary, FileBytes(24)));
    EXPECT_EQ(tensor.dtype, DType::bf16) << version;
    EXPECT_THAT(tensor.shape, ElementsAre(3U, 4U));
    EXPECT_EQ(tensor.bytes, 24U);
    EXPECT_EQ(tensor.offset, (version == 1 ? 10 : 12) + std::string_view(dictionary).size());
  }
  EXPECT_THAT(error_of(npy_file(4, dictionary, FileBytes(24))),
              HasSubstr("version 4.0 of the .npy format is not supported"));
}

TEST(Npy, FortranOrderIsTakenAsItLies) {
  EXPECT_EQ(error_of("{'descr': '<V2', 'fortran_order': True, 'shape': (3, 4)}", 24), "");
}

TEST(Npy, ScalarsAndEmptyArraysHaveTheirSize) {
  EXPECT_EQ(error_of("{'descr': '<u2', 'fortran_order': False, 'shape': ()}", 2), "");
  EXPECT_EQ(error_of("{'descr': '<u2', 'fortran_order': False, 'shape': (5L, 0,)}", 0), "");
}

TEST(Npy, OneByteNeedsToBeToldItsType) {
  const FileBytes file =
      npy_file(1, "{\"descr\": \"|u1\", 'fortran_order': False, 'shape': (5,)}", FileBytes(5));
  EXPECT_EQ(tensor_in(file, DType::e4m3).dtype, DType::e4m3);
  EXPECT_EQ(tensor_in(file, DType::e5m2).dtype, DType::e5m2);
  EXPECT_THAT(error_of(file), HasSubstr("may be E5M2 or E4M3: say which with --dtype"));
  EXPECT_THAT(error_of(file, DType::bf16), HasSubstr("may be E5M2 or E4M3"));
  const FileBytes named = npy_file(
      1, "{'descr': 'float8_e4m3fn', 'fortran_order': False, 'shape': (5,)}", FileBytes(5));
  EXPECT_EQ(tensor_in(named).dtype, DType::e4m3);
  EXPECT_THAT(error_of(named, DType::e5m2), HasSubstr("the file holds e4m3 values"));
}

TEST(Npy, TruncationAtEveryLengthIsRefused) {
  const FileBytes file =
      npy_file(2, "{'descr': '<V2', 'fortran_order': False, 'shape': (3, 4), }\n", FileBytes(24));
  for (std::size_t length = 0; length < file.size(); ++length) {
    const FileBytes cut(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(length));
    EXPECT_THAT(error_of(cut), StartsWith("x.npy: error: ")) << length;
  }
  FileBytes longer = file;
  longer.push_back(std::byte{0});
  EXPECT_THAT(error_of(longer), HasSubstr("the shape asks for 12 values of 2 bytes, but 25 bytes"));
}

TEST(Npy, HugeDeclaredSizesAreRefusedBeforeAnythingIsAllocated) {
  FileBytes file;
  append(file, "\x93NUMPY\x02");
  file.push_back(std::byte{0});
  append_number<std::uint32_t>(file, 0xffffffff);
  append(file, "{}");
  EXPECT_THAT(error_of(file), HasSubstr("the .npy header has 4294967295 bytes; the limit is"));
  EXPECT_THAT(error_of("{'descr': '<V2', 'fortran_order': False, 'shape': (4294967296, "
                       "4294967296)}"),
              HasSubstr("asks for more than 2^63 values"));
}

struct BadDictionary {
  const char* dictionary;
  const char* message;
};

TEST(Npy, AWrongHeaderIsAnsweredWithPlaceAndKey) {
  for (const auto& [dictionary, message] :
       {BadDictionary{"", "byte 0 of its dictionary: expected '{'"},
        BadDictionary{"{}", "the key 'descr' is missing"},
        BadDictionary{"{'descr': '<V2'}", "the key 'fortran_order' is missing"},
        BadDictionary{"{'descr': '<V2', 'fortran_order': False}", "the key 'shape' is missing"},
        BadDictionary{"{'descr': '<V2', 'descr': '<V2'}", "unexpected key 'descr'"},
        BadDictionary{"{'dscr': '<V2'}", "unexpected key 'dscr'; keys: descr, fortran_order"},
        BadDictionary{"{'descr': [('a', '<f4')]", "structured types are not supported"},
        BadDictionary{"{'descr': '<V2", "a string without its closing quote"},
        BadDictionary{"{'fortran_order': 0", "expected True or False"},
        BadDictionary{"{'shape': (-1,)", "expected a whole number of at least 0"},
        BadDictionary{"{'shape': (99999999999999999999,)", "expected a whole number"},
        BadDictionary{"{'shape': (1 2)", "expected ')'"},
        BadDictionary{"{'descr': '<V2', 'fortran_order': False, 'shape': (0,)} x",
                      "expected nothing behind the dictionary"},
        BadDictionary{"{'descr': '>u2', 'fortran_order': False, 'shape': (0,)}",
                      "values of type '>u2' are not supported"},
        BadDictionary{"{'descr': '<f2', 'fortran_order': False, 'shape': (0,)}",
                      "values of type '<f2' are not supported"},
        BadDictionary{"{'descr': '|O', 'fortran_order': False, 'shape': (0,)}",
                      "values of type '|O' are not supported"}}) {
    EXPECT_THAT(error_of(dictionary), HasSubstr(message)) << dictionary;
  }
}

}  // namespace
}  // namespace kvferry::codec
