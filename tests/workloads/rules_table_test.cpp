// The table of rules in this folder's README names tests that exist.
#include "tests/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <regex>
#include <set>
#include <string>

namespace kvferry::workloads {
namespace {

std::set<std::string> tests_of_this_program() {
  std::set<std::string> names;
  const auto& program = *::testing::UnitTest::GetInstance();
  for (int i = 0; i < program.total_test_suite_count(); ++i) {
    const auto& suite = *program.GetTestSuite(i);
    for (int j = 0; j < suite.total_test_count(); ++j) {
      names.insert(std::string(suite.name()) + "." + suite.GetTestInfo(j)->name());
    }
  }
  return names;
}

TEST(RulesTable, NamesTestsThatExist) {
  const std::string table = read_text(KVFERRY_TEST_FILES "/workloads/README.md");
  const std::set<std::string> tests = tests_of_this_program();
  const std::regex name("`([A-Z][A-Za-z]+\\.[A-Z][A-Za-z0-9]+)`");
  int named = 0;
  for (std::sregex_iterator match(table.begin(), table.end(), name), end; match != end; ++match) {
    EXPECT_EQ(tests.count((*match)[1]), 1U) << (*match)[1] << " is not a test";
    ++named;
  }
  EXPECT_GT(named, 100);
}

}  // namespace
}  // namespace kvferry::workloads
