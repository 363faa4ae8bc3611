#include "codec/files/input_file.hpp"

#include "tests/codec/files/sample_files.hpp"
#include "tests/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>

namespace kvferry::codec {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

TEST(InputFile, ReadsAtOffsets) {
  const TemporaryFolder folder;
  const std::string path = folder.path() / "file";
  write_text(path, "0123456789");
  const InputFile file(path);
  EXPECT_EQ(file.size(), 10U);
  EXPECT_EQ(as_text(file.read(3, 4)), "3456");
  EXPECT_EQ(as_text(file.read(10, 0)), "");
}

TEST(InputFile, ReadsMemoryTheSameWay) {
  const std::string text = "0123456789";
  const InputFile file("memory", std::as_bytes(std::span(text)));
  EXPECT_EQ(file.size(), 10U);
  EXPECT_EQ(as_text(file.read(3, 4)), "3456");
  EXPECT_EQ(as_text(file.read(10, 0)), "");
}

TEST(InputFile, AFileThatShrinksMeanwhileIsAnError) {
  const TemporaryFolder folder;
  const std::string path = folder.path() / "file";
  write_text(path, "0123456789");
  const InputFile file(path);
  std::filesystem::resize_file(path, 5);
  EXPECT_THAT(input_error([&] { file.read(0, 10); }), HasSubstr("the file has shrunk"));
}

TEST(InputFile, RefusesWhatIsNoRegularFile) {
  const TemporaryFolder folder;
  const std::string path = folder.path();
  EXPECT_THAT(input_error([&] { InputFile(path + "/none"); }),
              EndsWith("/none: error: cannot be opened: No such file or directory"));
  EXPECT_THAT(input_error([&] { InputFile{path}; }),
              EndsWith(": error: is a directory, not a file"));
  ASSERT_EQ(::mkfifo((path + "/fifo").c_str(), 0600), 0);
  EXPECT_THAT(input_error([&] { InputFile(path + "/fifo"); }),
              EndsWith(": error: is not a regular file"))
      << "and does not wait for a writer";
}

}  // namespace
}  // namespace kvferry::codec
