// kvferry codec from outside: files in and out, exit status, what is left on disk.
#include "tests/cli/run_program.hpp"
#include "tests/codec/files/sample_files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <iterator>
#include <string>
#include <vector>

namespace kvferry {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

std::string as_string(const codec::FileBytes& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// A folder with a safetensors file, in which commands run.
class CodecCommand : public ::testing::Test {
 protected:
  CodecCommand() { write_text(path("cache.safetensors"), source_); }

  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }
  std::ptrdiff_t entries() const {
    return std::distance(fs::directory_iterator(folder_.path()), {});
  }
  ProgramOutput codec(const std::string& arguments) const {
    return run_kvferry(arguments, "cd " + folder_.path().string() + " &&");
  }

  const std::string source_ = as_string(codec::mixed_safetensors(20'000));
  const TemporaryFolder folder_;
};

TEST_F(CodecCommand, EncodedFilesComeBackBitForBit) {
  const auto encoded = codec("codec encode cache.safetensors -o cache.kvz");
  ASSERT_EQ(encoded.status, 0) << encoded.err;
  EXPECT_THAT(encoded.out,
              AllOf(StartsWith("cache.kvz: 70."), HasSubstr("3 tensors in frames: 70.00 kB -> ")));
  EXPECT_THAT(encoded.err, IsEmpty()) << "no progress bar without a terminal";
  EXPECT_LT(fs::file_size(path("cache.kvz")), source_.size());
  const auto decoded = codec("codec decode cache.kvz -o back.safetensors");
  ASSERT_EQ(decoded.status, 0) << decoded.err;
  EXPECT_EQ(read_text(path("back.safetensors")), source_);
  EXPECT_EQ(entries(), 3) << "no temporary files";
}

TEST_F(CodecCommand, RawValuesNeedTheirType) {
  write_text(path("key.bin"), std::string(4096, 'k'));
  const auto refused = codec("codec encode key.bin -o key.kvz");
  EXPECT_EQ(refused.status, 2);
  EXPECT_THAT(refused.err, HasSubstr("say their dtype: --dtype bf16, e5m2 or e4m3"));
  for (const std::string dtype : {"bf16", "e5m2", "e4m3"}) {
    EXPECT_EQ(codec("codec encode key.bin --force -o key.kvz --dtype " + dtype).status, 0);
    EXPECT_EQ(codec("codec decode key.kvz --force -o back.bin").status, 0);
    EXPECT_EQ(read_text(path("back.bin")), read_text(path("key.bin"))) << dtype;
  }
}

TEST_F(CodecCommand, TheFormatAndTheChecksumsCanBeChosen) {
  for (const std::string format : {"w4-positional", "w4-sentinel", "w3-sentinel"}) {
    ASSERT_EQ(codec("codec encode cache.safetensors --force --no-checksum -o cache.kvz --format " +
                    format)
                  .status,
              0);
    EXPECT_THAT(codec("codec inspect cache.kvz").out,
                AllOf(HasSubstr(format), HasSubstr("checksums: none")));
    ASSERT_EQ(codec("codec decode cache.kvz --force -o back").status, 0);
    EXPECT_EQ(read_text(path("back")), source_);
  }
}

TEST_F(CodecCommand, InspectShowsFormatsCodebooksEscapesAndTheBound) {
  ASSERT_EQ(codec("codec encode cache.safetensors -o cache.kvz").status, 0);
  const auto table = codec("codec inspect cache.kvz --chunks");
  ASSERT_EQ(table.status, 0) << table.err;
  EXPECT_THAT(table.out, AllOf(HasSubstr("of a safetensors file; every hash and checksum matches"),
                               HasSubstr("checksums: one per chunk"), HasSubstr("entropy bound"),
                               HasSubstr("layers.0.k"), HasSubstr("(outside the tensors)"),
                               HasSubstr("as it is"), HasSubstr("record")));
  write_text(path("zeros.bin"), std::string(4096, '\0'));
  ASSERT_EQ(codec("codec encode zeros.bin --dtype bf16 -o zeros.kvz").status, 0);
  EXPECT_THAT(codec("codec inspect zeros.kvz").out,
              HasSubstr("zeros   BF16  2048   4096 B  3200 B  1.2800  2.0000  w3-sentinel  0-6"));
  const json report = json::parse(codec("codec inspect --json --chunks cache.kvz").out);
  EXPECT_EQ(report["source_bytes"], source_.size());
  EXPECT_EQ(report["file_bytes"], fs::file_size(path("cache.kvz")));
  std::size_t source_bytes = 0;
  for (const json& section : report["sections"]) {
    source_bytes += section["source_bytes"].get<std::size_t>();
    if (section.value("name", "") != "layers.0.k") continue;
    EXPECT_EQ(section["shape"], (std::vector<int>{20'000, 1}));
    const json& frame = section["parts"][0]["frame"];
    EXPECT_EQ(frame["chunks"], 3);
    EXPECT_EQ(frame["escapes_by_chunk"].size(), 3U);
    EXPECT_EQ(frame["checksum_kind"], 1);
    EXPECT_GT(section["bound_ratio"], 20'000 * 2.0 / section["stored_bytes"].get<double>());
  }
  EXPECT_EQ(source_bytes, source_.size());
}

TEST_F(CodecCommand, CalibratedCodebooksAreUsed) {
  const auto calibrated = codec("codec calibrate cache.safetensors -o books.json");
  ASSERT_EQ(calibrated.status, 0) << calibrated.err;
  EXPECT_THAT(calibrated.out,
              AllOf(HasSubstr("entropy"), HasSubstr("top-16"), HasSubstr("predicted"),
                    HasSubstr("achieved"), HasSubstr("bound"), HasSubstr("layer 0 K"),
                    HasSubstr("layer 1 K"), HasSubstr("4 codebooks in books.json")));
  ASSERT_EQ(codec("codec encode cache.safetensors -o a.kvz").status, 0);
  const auto encoded = codec("codec encode cache.safetensors --codebook books.json -o b.kvz");
  ASSERT_EQ(encoded.status, 0) << encoded.err;
  EXPECT_EQ(read_text(path("a.kvz")), read_text(path("b.kvz")))
      << "calibrated on the same values, one tensor per group";
}

TEST_F(CodecCommand, CodebooksOfOtherTensorsAreNoticed) {
  write_text(path("layers.9.v.bin"), std::string(4096, 'v'));
  ASSERT_EQ(codec("codec calibrate layers.9.v.bin --dtype bf16 -o books.json").status, 0);
  const auto refused = codec("codec encode cache.safetensors --codebook books.json -o x.kvz");
  EXPECT_EQ(refused.status, 2);
  EXPECT_THAT(refused.err,
              StartsWith("books.json: error: it has no codebook for any tensor of the input; the "
                         "first tensor is 'layers.0.k' (layer 0 K, bf16), the first codebook that "
                         "of layer 9 V, bf16"));
  ASSERT_EQ(codec("codec calibrate layers.9.v.bin --dtype e5m2 -o e5m2.json").status, 0);
  std::string partly = read_text(path("e5m2.json"));
  partly.replace(partly.find("\"layer\":9"), 9, "\"layer\":0");
  write_text(path("partly.json"), partly);
  const auto warned = codec("codec encode cache.safetensors --codebook partly.json -o x.kvz");
  EXPECT_EQ(warned.status, 0) << warned.err;
  EXPECT_THAT(warned.err, HasSubstr("warning: partly.json: no codebook for 3 of 4 tensors"));
}

TEST_F(CodecCommand, DamageLeavesNoOutput) {
  ASSERT_EQ(codec("codec encode cache.safetensors -o cache.kvz").status, 0);
  const std::string kvz = read_text(path("cache.kvz"));
  std::string flipped = kvz;
  flipped[kvz.size() / 2] = static_cast<char>(flipped[kvz.size() / 2] ^ 4);
  write_text(path("flipped.kvz"), flipped);
  write_text(path("cut.kvz"), kvz.substr(0, kvz.size() - 100));
  write_text(path("foreign.kvz"), source_);
  const auto before = entries();
  for (const std::string name : {"flipped.kvz", "cut.kvz", "foreign.kvz"}) {
    for (const std::string& command :
         {"codec decode " + name + " -o out", "codec inspect " + name}) {
      const auto result = codec(command);
      EXPECT_EQ(result.status, 2) << command;
      EXPECT_THAT(result.err, StartsWith(name + ": error: ")) << command;
      EXPECT_THAT(result.out, IsEmpty()) << command;
    }
  }
  write_text(path("cut.safetensors"), source_.substr(0, source_.size() - 30));
  EXPECT_EQ(codec("codec encode cut.safetensors -o out").status, 2);
  EXPECT_EQ(codec("codec calibrate cache.safetensors cut.safetensors -o out").status, 2);
  EXPECT_EQ(entries(), before + 1) << "nothing but cut.safetensors is new";
}

TEST_F(CodecCommand, AnOutputIsReplacedOnlyWhenForcedAndNeverItsInput) {
  write_text(path("cache.kvz"), "precious");
  const auto refused = codec("codec encode cache.safetensors -o cache.kvz");
  EXPECT_EQ(refused.status, 2);
  EXPECT_EQ(refused.err,
            "cache.kvz: error: the file exists; use another name, or --force to replace it\n");
  EXPECT_EQ(read_text(path("cache.kvz")), "precious");
  EXPECT_EQ(codec("codec encode cache.safetensors --force -o cache.kvz").status, 0);
  for (const std::string& command :
       {std::string("codec encode cache.safetensors --force -o cache.safetensors"),
        std::string("codec decode cache.kvz --force -o ./cache.kvz"),
        std::string("codec calibrate cache.safetensors --force -o cache.safetensors")}) {
    const auto same = codec(command);
    EXPECT_EQ(same.status, 2) << command;
    EXPECT_THAT(same.err, HasSubstr("the output is the input itself")) << command;
  }
  EXPECT_EQ(read_text(path("cache.safetensors")), source_);
}

TEST_F(CodecCommand, AFullDiskFailsTheRunAndLeavesNothing) {
  // As little room as a full disk has: files may not grow beyond 8 blocks of 512 bytes.
  const auto result =
      run_kvferry("codec encode cache.safetensors -o cache.kvz",
                  "cd " + folder_.path().string() + " && ulimit -f 8; trap '' XFSZ;");
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.err, HasSubstr("kvferry: error: cannot write"));
  EXPECT_EQ(entries(), 1);
}

struct WrongUse {
  std::string arguments;
  std::string message;
};

TEST_F(CodecCommand, WrongUseExitsWithTwoAndSaysWhatWasMeant) {
  for (const auto& [arguments, message] :
       {WrongUse{"codec",
                 "kvferry: error: a command is missing; commands: encode, decode, inspect, "
                 "calibrate, bench, profile, ratios, presets\n"},
        WrongUse{"codec encdoe x",
                 "kvferry: error: unknown command 'encdoe' (did you mean 'encode'?); commands: "
                 "encode, decode, inspect, calibrate, bench, profile, ratios, presets\n"},
        WrongUse{"codec inspect x.kvz --chunk",
                 "kvferry: error: unknown option '--chunk' (did you mean '--chunks'?); options: "
                 "--help, --chunks, --json, --threads, --quiet\n"},
        WrongUse{"codec encode cache.safetensors", "kvferry: error: --output is required\n"},
        WrongUse{"codec encode x -o y --dtype bf17",
                 "kvferry: error: --dtype: bf17 not in {bf16,e5m2,e4m3}\n"},
        WrongUse{"codec decode x -o y --threads 0",
                 "kvferry: error: --threads: Value 0 not in range 1 to 1024\n"},
        WrongUse{"codec encode x -o y --codebook z --format auto",
                 "kvferry: error: --codebook excludes --format\n"},
        WrongUse{"codec decode nowhere.kvz -o y",
                 "nowhere.kvz: error: cannot be opened: No such file or directory\n"},
        WrongUse{"codec encode cache.safetensors -o y --codebook nowhere.json",
                 "nowhere.json: error: cannot be opened: No such file or directory\n"},
        WrongUse{"codec encode cache.safetensors -o y --codebook cache.safetensors",
                 "cache.safetensors: error: not valid JSON at line 1, column 1\n"},
        WrongUse{"codec encode cache.safetensors -o y --dtype bf16",
                 "cache.safetensors: error: a safetensors file says its types itself; leave out "
                 "the dtype\n"},
        WrongUse{"codec bench qwen3",
                 "qwen3: error: neither a file nor a preset (did you mean 'qwen3-32b'?); presets: "
                 "llama-3.1-8b, llama-3.1-70b, qwen3-32b, qwen3-30b-a3b, qwen3-next-80b-a3b\n"}}) {
    const auto result = codec(arguments);
    EXPECT_EQ(result.status, 2) << arguments;
    EXPECT_THAT(result.err, StartsWith(message)) << arguments;
    EXPECT_THAT(result.out, IsEmpty()) << arguments;
  }
  EXPECT_EQ(entries(), 1);
}

TEST_F(CodecCommand, HelpHasAnExampleForEveryCommand) {
  for (const std::string command : {"", "encode", "decode", "inspect", "calibrate", "bench"}) {
    const auto help = codec("codec " + command + " --help");
    EXPECT_EQ(help.status, 0) << command;
    EXPECT_THAT(help.out, HasSubstr("\n  kvferry codec " + command)) << command;
  }
}

TEST_F(CodecCommand, BenchMeasuresBesideMemcpyAndNamesItsValues) {
  const auto result = codec("codec bench cache.safetensors --format w4-positional");
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(result.out, AllOf(HasSubstr("tensor 'layers.0.k' of cache.safetensors, bf16"),
                                HasSubstr("memcpy GB/s"), HasSubstr("128 KiB"), HasSubstr("64 MiB"),
                                HasSubstr("scalar")));
}

}  // namespace
}  // namespace kvferry
