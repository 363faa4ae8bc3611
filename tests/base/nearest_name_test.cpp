#include "sim/base/nearest_name.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace kvferry {
namespace {

const std::vector<std::string> kKeys{"codec", "router", "topology", "workload"};

TEST(NearestName, FindsASwapOfNeighboursAndAMissingLetter) {
  EXPECT_EQ(nearest_name("rotuer", kKeys), "router");
  EXPECT_EQ(nearest_name("topolgy", kKeys), "topology");
}

TEST(NearestName, IgnoresLetterCase) {
  EXPECT_EQ(nearest_name("CODEC", kKeys), "codec");
}

TEST(NearestName, FindsTheNameThatContainsWhatWasTyped) {
  const std::vector<std::string> names{"none", "splitzip", "h100-sxm"};
  EXPECT_EQ(nearest_name("zip", names), "splitzip");
  EXPECT_EQ(nearest_name("h100", names), "h100-sxm");
}

TEST(NearestName, PrefersAMissingLetterToAWrongOne) {
  const std::vector<std::string> models{"llama-2-7b", "llama-3.1-8b"};
  EXPECT_EQ(nearest_name("llama-3-8b", models), "llama-3.1-8b");
}

TEST(NearestName, DoesNotGuessBetweenSingleCharacters) {
  const std::vector<std::string> degrees{"1", "2", "4", "8"};
  EXPECT_EQ(nearest_name("3", degrees), std::nullopt);
}

TEST(NearestName, StaysSilentWhenNothingIsNear) {
  EXPECT_EQ(nearest_name("banana", kKeys), std::nullopt);
  EXPECT_EQ(nearest_name("", kKeys), std::nullopt);
  EXPECT_EQ(nearest_name(std::string(100'000, 'x'), kKeys), std::nullopt);
}

TEST(NearestName, DidYouMeanIsEmptyOrReadyToAppend) {
  EXPECT_EQ(did_you_mean("rooter", kKeys), " (did you mean 'router'?)");
  EXPECT_EQ(did_you_mean("banana", kKeys), "");
}

}  // namespace
}  // namespace kvferry
