// The table of rules in this folder's README names tests that exist.
#include "tests/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <set>
#include <sstream>
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

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// `Suite.Test`, and not a file's name or a key of a scenario.
bool is_test_name(const std::string& word) {
  const std::size_t dot = word.find('.');
  return dot != std::string::npos && dot + 1 < word.size() && is_letter(word.front()) &&
         word.front() <= 'Z' && is_letter(word[dot + 1]) && word[dot + 1] <= 'Z';
}

TEST(RulesTable, NamesTestsThatExist) {
  std::istringstream table(read_text(KVFERRY_TEST_FILES "/workloads/README.md"));
  const std::set<std::string> tests = tests_of_this_program();
  int named = 0;
  std::string word;
  // Words between backquotes are every second one.
  for (bool quoted = false; std::getline(table, word, '`'); quoted = !quoted) {
    if (!quoted || !is_test_name(word)) continue;
    EXPECT_EQ(tests.count(word), 1U) << word << " is not a test";
    ++named;
  }
  EXPECT_GT(named, 100);
}

}  // namespace
}  // namespace kvferry::workloads
