#include "codec/files/output_file.hpp"

#include "tests/codec/files/sample_files.hpp"
#include "tests/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <fcntl.h>
#include <iterator>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace kvferry::codec {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

std::ptrdiff_t entries(const fs::path& folder) {
  return std::distance(fs::directory_iterator(folder), {});
}

TEST(OutputFile, AppearsWholeOrNotAtAll) {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "out";
  {
    OutputFile file(path, ExistingFile::refuse);
    file.write(bytes_of("half"));
    EXPECT_FALSE(fs::exists(path)) << "not before it is committed";
  }
  EXPECT_EQ(entries(folder.path()), 0) << "nothing is left of what was not committed";
  OutputFile file(path, ExistingFile::refuse);
  file.write(bytes_of("who"));
  file.write(bytes_of("le"));
  EXPECT_EQ(file.size(), 5U);
  file.commit();
  EXPECT_EQ(read_text(path), "whole");
  EXPECT_EQ(entries(folder.path()), 1) << "no temporary file";
}

TEST(OutputFile, TheProcessesMaskDecidesWhoMayRead) {
  const TemporaryFolder folder;
  const mode_t mask = ::umask(0027);
  OutputFile file(folder.path() / "out", ExistingFile::refuse);
  file.commit();
  ::umask(mask);
  EXPECT_EQ(fs::status(folder.path() / "out").permissions(), fs::perms{0640});
}

TEST(OutputFile, AKilledProcessLeavesNothing) {
  const TemporaryFolder folder;
  const int probe = ::open(folder.path().c_str(), O_TMPFILE | O_WRONLY, 0600);
  if (probe < 0) GTEST_SKIP() << "NOT CHECKED: the file system knows no files without a name";
  ::close(probe);
  const pid_t child = ::fork();
  if (child == 0) {
    OutputFile file(folder.path() / "out", ExistingFile::refuse);
    file.write(bytes_of("half"));
    ::raise(SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(entries(folder.path()), 0);
}

TEST(OutputFile, AnEmptyFileIsAFile) {
  const TemporaryFolder folder;
  OutputFile file(folder.path() / "out", ExistingFile::refuse);
  file.commit();
  EXPECT_EQ(read_text(folder.path() / "out"), "");
}

TEST(OutputFile, ReplacesOnlyWhenToldTo) {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "out";
  write_text(path, "precious");
  EXPECT_THAT(input_error([&] { OutputFile(path, ExistingFile::refuse); }),
              HasSubstr("the file exists; use another name, or --force to replace it"));
  OutputFile file(path, ExistingFile::replace);
  file.write(bytes_of("new"));
  EXPECT_EQ(read_text(path), "precious") << "until it is complete";
  file.commit();
  EXPECT_EQ(read_text(path), "new");
}

TEST(OutputFile, WhatAppearsMeanwhileIsNotReplaced) {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "out";
  {
    OutputFile file(path, ExistingFile::refuse);
    file.write(bytes_of("mine"));
    write_text(path, "theirs");
    EXPECT_THROW(file.commit(), RunError);
  }
  EXPECT_EQ(read_text(path), "theirs");
  EXPECT_EQ(entries(folder.path()), 1);
}

TEST(OutputFile, WhatIsReplacedKeepsItsPermissions) {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "out";
  write_text(path, "secret");
  fs::permissions(path, fs::perms{0600});
  OutputFile file(path, ExistingFile::replace);
  file.write(bytes_of("new secret"));
  file.commit();
  EXPECT_EQ(fs::status(path).permissions(), fs::perms{0600});
  EXPECT_EQ(read_text(path), "new secret");
}

TEST(OutputFile, RefusesPlacesWhereNoFileCanBe) {
  const TemporaryFolder folder;
  EXPECT_THAT(input_error([&] { OutputFile(folder.path() / "no" / "out", ExistingFile::refuse); }),
              HasSubstr("there is no folder"));
  EXPECT_THAT(input_error([&] { OutputFile(folder.path(), ExistingFile::replace); }),
              HasSubstr("this is not a regular file"));
  fs::create_symlink("nowhere", folder.path() / "link");
  EXPECT_THAT(input_error([&] { OutputFile(folder.path() / "link", ExistingFile::replace); }),
              HasSubstr("this is a link to something that does not exist"));
  EXPECT_THAT(input_error([] { OutputFile("", ExistingFile::replace); }),
              HasSubstr("the output has an empty name"));
}

TEST(OutputFile, ASymbolicLinkStaysOne) {
  const TemporaryFolder folder;
  write_text(folder.path() / "target", "old");
  fs::create_symlink("target", folder.path() / "link");
  OutputFile file(folder.path() / "link", ExistingFile::replace);
  file.write(bytes_of("new"));
  file.commit();
  EXPECT_TRUE(fs::is_symlink(folder.path() / "link"));
  EXPECT_EQ(read_text(folder.path() / "target"), "new");
}

TEST(OutputFile, TheInputIsNotReplacedByItsOutput) {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "in";
  write_text(path, "values");
  fs::create_hard_link(path, folder.path() / "other-name");
  for (const char* name : {"in", "other-name"}) {
    EXPECT_THAT(input_error([&] { refuse_same_file(path, folder.path() / name); }),
                HasSubstr("the output is the input itself; use another name"))
        << name;
  }
  EXPECT_EQ(input_error([&] { refuse_same_file(path, folder.path() / "new"); }), "");
}

}  // namespace
}  // namespace kvferry::codec
