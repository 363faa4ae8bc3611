#include "codec/files/codebook_file.hpp"

#include "tests/codec/files/sample_files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace kvferry::codec {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TensorCodings codings_in(std::string_view text) {
  return read_codebook_file(InputFile("books.json", std::as_bytes(std::span(text))));
}

std::string error_of(std::string_view text) {
  return input_error([&] { codings_in(text); });
}

constexpr std::string_view kEntry =
    R"({"layer": 3, "kind": "V", "dtype": "bf16", "code_bits": 3, "escape_mode": "sentinel",)"
    R"( "exponents": [0, 126, 127]})";

// The file with one valid entry in which `old` is replaced.
std::string file_with(std::string_view old = "", std::string_view replacement = "") {
  std::string text = "{\"kvferry_codebooks\": 1, \"codebooks\": [" + std::string(kEntry) + "]}";
  if (!old.empty()) text.replace(text.find(old), old.size(), replacement);
  return text;
}

TEST(CodebookFile, WhatWasCalibratedComesBack) {
  const FileBytes source = mixed_safetensors(50'000);
  const InputFile file("cache.safetensors", source);
  const Calibration calibration =
      calibrate({{&file, list_tensors(file, {})}}, FrameRule::smallest, {});
  const TensorCodings codings = codings_in(codebook_file_text(calibration, {file.path()}));
  ASSERT_EQ(codings.size(), calibration.size());
  auto expected = calibration.begin();
  for (const auto& [key, coding] : codings) {
    EXPECT_EQ(key.group.label(), expected->first.group.label());
    EXPECT_EQ(key.dtype, expected->first.dtype);
    EXPECT_EQ(coding.format, expected->second.coding.format);
    const auto exponents = coding.codebook.exponents();
    EXPECT_TRUE(std::ranges::equal(exponents, expected->second.coding.codebook.exponents()));
    ++expected;
  }
}

TEST(CodebookFile, AnEntryIsReadAsItSays) {
  const TensorCodings codings = codings_in(file_with());
  ASSERT_EQ(codings.size(), 1U);
  const auto& [key, coding] = *codings.begin();
  EXPECT_EQ(key.group.label(), "layer 3 V");
  EXPECT_EQ(coding.format, (FrameFormat{DType::bf16, 3, EscapeMode::sentinel}));
  EXPECT_THAT(coding.codebook.exponents(), ElementsAre(0, 126, 127));
  const auto named = codings_in(file_with(R"("layer": 3, "kind": "V")", R"("tensor": "x")"));
  EXPECT_EQ(named.begin()->first.group.name, "x");
}

struct Typo {
  const char* old;
  const char* replacement;
  const char* message;
};

TEST(CodebookFile, AMistakeIsAnsweredWithEntryAndKey) {
  for (const auto& [old, replacement, message] :
       {Typo{"exponents", "exponants",
             "books.json: error: codebooks[0]: unknown key 'exponants' (did you mean "
             "'exponents'?)"},
        Typo{"\"kvferry_codebooks\": 1", "\"kvferry_codebooks\": 2",
             "kvferry_codebooks: expected version 1, found '2'"},
        Typo{"\"kvferry_codebooks\": 1,", "", "the key 'kvferry_codebooks' is missing"},
        Typo{"\"codebooks\"", "\"codebook\"", "unknown key 'codebook' (did you mean 'codebooks'?)"},
        Typo{"\"layer\": 3, ", "", "codebooks[0]: the key 'layer' is missing"},
        Typo{"\"layer\": 3", "\"layer\": -3",
             "codebooks[0].layer: expected a whole number from 0 to 999999, found '-3'"},
        Typo{"\"layer\": 3", "\"layer\": 3.5", "found '3.5'"},
        Typo{"\"layer\": 3", "\"layer\": 3e999", "a number is too large"},
        Typo{"\"layer\": 3", "\"tensor\": \"x\"", "an entry has either 'tensor', or 'layer'"},
        Typo{"\"V\"", "\"W\"", "codebooks[0].kind: expected one of K, V, found 'W'"},
        Typo{"bf16", "bf17", "codebooks[0].dtype: expected bf16, e5m2 or e4m3, found 'bf17'"},
        Typo{"\"code_bits\": 3", "\"code_bits\": 5",
             "codebooks[0].code_bits: expected a whole number from 3 to 4, found '5'"},
        Typo{"sentinel", "positional", "3-bit codes need the escape_mode 'sentinel'"},
        Typo{"sentinel", "sentinal", "found 'sentinal' (did you mean 'sentinel'?)"},
        Typo{"[0, 126, 127]", "[]", "expected an array of 1 to 7 exponents, found 0"},
        Typo{"[0, 126, 127]", "7", "expected an array of 1 to 7 exponents, found '7'"},
        Typo{"[0, 126, 127]", "[1,2,3,4,5,6,7,8]", "exponents, found 8"},
        Typo{"[0, 126, 127]", "[0, 127, 126]", "expected ascending numbers, found 126 behind 127"},
        Typo{"[0, 126, 127]", "[0, 256]", "expected whole numbers from 0 to 255, found '256'"},
        Typo{"[0, 126, 127]", "[0, \"1\"]", "expected whole numbers from 0 to 255, found '1'"},
        Typo{"\"layer\": 3", "\"layer\": 3, \"layer\": 4", "the key 'layer' is there twice"},
        Typo{"]}]}", "]}", "not valid JSON at line 1, column "},
        Typo{"\"codebooks\": [", "\"codebooks\": [7, ", "codebooks[0]: expected an object"}}) {
    EXPECT_THAT(error_of(file_with(old, replacement)), HasSubstr(message)) << replacement;
  }
  EXPECT_THAT(error_of("{\n \"a\": x}"), HasSubstr("not valid JSON at line 2, column 7"));
  EXPECT_THAT(error_of(""), HasSubstr("not valid JSON"));
  EXPECT_THAT(error_of("[]"), HasSubstr("expected a JSON object"));
  EXPECT_THAT(error_of("{\"kvferry_codebooks\": 1, \"codebooks\": []}"),
              HasSubstr("codebooks: expected an array with at least one codebook"));
  EXPECT_THAT(error_of("{\"kvferry_codebooks\": 1, \"codebooks\": [" + std::string(kEntry) + "," +
                       std::string(kEntry) + "]}"),
              HasSubstr("codebooks[1]: a codebook for 'layer 3 V' of this dtype is there already"));
}

TEST(CodebookFile, DeepNestingIsAnError) {
  EXPECT_THAT(error_of(std::string(1'000'000, '[')), HasSubstr("not valid JSON"));
}

}  // namespace
}  // namespace kvferry::codec
