// The tables of codec/README.md are those that the program prints. To write them anew:
//   KVFERRY_WRITE_GOLDEN=1 cli_test --gtest_filter='CodecTables.*'
#include "tests/cli/run_program.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdlib>
#include <stdexcept>
#include <string>

namespace kvferry {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

const std::string kReadme = KVFERRY_TEST_FILES "/../codec/README.md";

// What lies between the line that names the command and the next marker.
struct Table {
  std::size_t begin;
  std::size_t size;
};
Table find_table(const std::string& text, const std::string& command) {
  const std::string marker = "<!-- kvferry " + command + " -->\n";
  const std::size_t begin = text.find(marker);
  if (begin == std::string::npos) throw std::runtime_error("no marker: " + marker);
  const std::size_t end = text.find("<!-- end -->", begin);
  if (end == std::string::npos) throw std::runtime_error("no end after " + marker);
  return {begin + marker.size(), end - begin - marker.size()};
}

void expect_printed_table(const std::string& command) {
  const auto result = run_kvferry(command);
  ASSERT_EQ(result.status, 0) << result.err;
  std::string text = read_text(kReadme);
  const Table table = find_table(text, command);
  if (std::getenv("KVFERRY_WRITE_GOLDEN") != nullptr) {
    write_text(kReadme, text.replace(table.begin, table.size, result.out));
    return;
  }
  EXPECT_EQ(text.substr(table.begin, table.size), result.out);
}

TEST(CodecTables, TheReadmeHasTheRatiosThatTheProgramPrints) {
  expect_printed_table("codec ratios");
}

TEST(CodecTables, TheReadmeHasThePresetsThatTheProgramPrints) {
  expect_printed_table("codec presets");
}

TEST(CodecTables, WrongArgumentsAreRefusedWithWhatIsAllowed) {
  const auto range = run_kvferry("codec ratios --tokens 0");
  EXPECT_EQ(range.status, 2);
  EXPECT_THAT(range.err, AllOf(HasSubstr("--tokens"), HasSubstr("1 to 4096")));
  EXPECT_EQ(run_kvferry("codec presets --tokens many").status, 2);
  const auto option = run_kvferry("codec presets --token 3");
  EXPECT_EQ(option.status, 2);
  EXPECT_THAT(option.err, HasSubstr("unknown option '--token' (did you mean '--tokens'?)"));
  const auto command = run_kvferry("codec preset");
  EXPECT_EQ(command.status, 2);
  EXPECT_THAT(command.err, HasSubstr("unknown command 'preset' (did you mean 'presets'?)"));
  EXPECT_THAT(run_kvferry("codec").err, HasSubstr("a command is missing; commands: "));
}

}  // namespace
}  // namespace kvferry
