// Writes the seeds of every fuzz target into FOLDER/<target>/: golden frames and small files of
// each kind, good and bad. Deterministic. Run as: write_fuzz_corpus FOLDER
#include "codec/files/kvz_writer.hpp"
#include "codec/splitzip.hpp"
#include "tests/codec/files/sample_files.hpp"
#include "tests/codec/formats.hpp"
#include "tests/fuzz/frame_hash.hpp"

#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

namespace kvferry::fuzz {
namespace {

namespace fs = std::filesystem;
using namespace kvferry::codec;

class Seeds {
 public:
  explicit Seeds(fs::path folder) : folder_(std::move(folder)) { fs::create_directories(folder_); }

  void add(const std::string& name, std::span<const std::byte> bytes) const {
    std::ofstream file(folder_ / name, std::ios::binary);
    file.write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
    if (!file.flush()) throw std::runtime_error("cannot write " + (folder_ / name).string());
  }

 private:
  fs::path folder_;
};

// The hexadecimal digits behind the line "frame".
FileBytes golden_frame(const fs::path& path) {
  std::ifstream file(path);
  FileBytes frame;
  bool found = false;
  for (std::string line; std::getline(file, line); found = found || line == "frame") {
    for (std::size_t i = 0; found && i + 1 < line.size(); i += 2)
      frame.push_back(static_cast<std::byte>(std::stoi(line.substr(i, 2), nullptr, 16)));
  }
  return frame;
}

void edit_header(FileBytes& frame, const std::function<void(FrameHeader&)>& edit) {
  FrameHeader header{};
  std::memcpy(&header, frame.data(), sizeof header);
  edit(header);
  std::memcpy(frame.data(), &header, sizeof header);
  put_hash_right(frame);
}

void write_frame_decode(const Seeds& seeds) {
  FileBytes frame;
  for (const auto& file : fs::directory_iterator(KVFERRY_TEST_FILES "/codec/golden")) {
    frame = golden_frame(file.path());
    seeds.add(file.path().stem().string(), frame);
  }
  seeds.add("empty", {});
  seeds.add("half-a-header", std::span(frame).first(64));
  seeds.add("header-only", std::span(frame).first(sizeof(FrameHeader)));
  const std::vector<std::uint16_t> none;
  seeds.add("no-values", encode(none, {.codebook = calibrate(none)}));
  FileBytes largest = frame;
  edit_header(largest, [](FrameHeader& header) { header.value_count = kMaxValueCount; });
  seeds.add("claims-2-to-the-34-values", largest);
  FileBytes incomplete = frame;
  edit_header(incomplete, [](FrameHeader& header) { header.status = 1; });
  seeds.add("encoder-failed", incomplete);
  const auto mixed = draw_tensor(DType::bf16, ValueKind::coded_and_raw_chunks, 4000);
  const FrameFormat format{DType::bf16, 3, EscapeMode::sentinel, ChecksumKind::per_chunk, 10};
  seeds.add("coded-and-raw-chunks", encode(mixed, {best_codebook(mixed, format), format}));
}

void write_frame_round_trip(const Seeds& seeds) {
  for (unsigned selector = 0; selector < 18; ++selector) {
    FileBytes input{static_cast<std::byte>(selector), static_cast<std::byte>(selector % 6)};
    for (unsigned exponent = 0; exponent < kMaxCodebookSize; ++exponent)
      input.push_back(static_cast<std::byte>(selector % 3 == 0 ? 115 + exponent : exponent));
    input.push_back(static_cast<std::byte>(selector % 3 == 0 ? 60 : 2));
    constexpr std::array kDTypes{DType::bf16, DType::e5m2, DType::e4m3};
    append(input, draw_tensor(kDTypes[selector % 3],
                              selector % 2 == 0 ? ValueKind::gaussian_with_strays
                                                : ValueKind::special_values,
                              50, selector));
    seeds.add("format-" + std::to_string(selector), input);
  }
}

FileBytes container_of(const std::string& name, const FileBytes& source,
                       const KvzOptions& options = {}) {
  FileBytes file;
  encode_kvz(InputFile(name, source), options,
             [&](std::span<const std::byte> bytes) { append(file, bytes); });
  return file;
}

void write_codebook_file(const Seeds& seeds) {
  const auto file_of = [](const std::string& entries) {
    FileBytes file;
    append(file, R"({"kvferry_codebooks": 1, "files": ["x"], "codebooks": [)" + entries + "]}");
    return file;
  };
  const std::string layer =
      R"({"layer": 3, "kind": "V", "dtype": "bf16", "code_bits": 3, "escape_mode": "sentinel",)"
      R"( "exponents": [0, 126, 127]})";
  const std::string tensor =
      R"({"tensor": "x", "dtype": "e4m3", "code_bits": 4, "escape_mode": "positional",)"
      R"( "exponents": [0, 15], "values": 7, "entropy_bits": 2.5})";
  seeds.add("layer-and-tensor", file_of(layer + "," + tensor));
  seeds.add("no-entries", file_of(""));
  seeds.add("twice", file_of(layer + "," + layer));
  seeds.add("descending", file_of(R"({"tensor": "x", "dtype": "e5m2", "code_bits": 4,)"
                                  R"( "escape_mode": "sentinel", "exponents": [31, 3]})"));
  seeds.add("too-large", file_of(R"({"tensor": "x", "dtype": "e5m2", "code_bits": 5,)"
                                 R"( "escape_mode": "sentinel", "exponents": [32]})"));
  FileBytes nested;
  append(nested, R"({"kvferry_codebooks": )" + std::string(500, '['));
  seeds.add("nested", nested);
  seeds.add("empty", {});
}

constexpr const char* kNpy = "{'descr': '<V2', 'fortran_order': False, 'shape': (3, 4), }  \n";

void write_kvz_file(const Seeds& seeds) {
  const FileBytes mixed = container_of("mixed.safetensors", mixed_safetensors(40));
  seeds.add("safetensors", mixed);
  seeds.add("npy", container_of("x.npy", npy_file(1, kNpy, FileBytes(24))));
  KvzOptions raw;
  raw.dtype = DType::e4m3;
  raw.rule = FrameRule::w4_sentinel;
  raw.checksum = ChecksumKind::none;
  seeds.add("raw", container_of("x.bin", draw_tensor(DType::e4m3, ValueKind::gaussian, 99), raw));
  seeds.add("no-bytes", container_of("x.bin", {}, raw));
  seeds.add("truncated", std::span(mixed).first(mixed.size() / 2));
  seeds.add("header-only", std::span(mixed).first(128));
  seeds.add("without-parts", [&] {
    FileBytes file(mixed.begin(), mixed.begin() + 128);
    append(file, std::span(mixed).last(sizeof(KvzFooter)));
    return file;
  }());
}

void write_safetensors_file(const Seeds& seeds) {
  const std::pair<const char*, const char*> kHeaders[]{
      {"no-tensors", "{}"},
      {"metadata", R"({"__metadata__":{"a":"b"}}   )"},
      {"one", R"({"layers.0.k":{"dtype":"BF16","shape":[2,2],"data_offsets":[0,8]}})"},
      {"unknown-type", R"({"a":{"dtype":"X7","shape":[5],"data_offsets":[0,4]}})"},
      {"half-bytes", R"({"a":{"dtype":"F4","shape":[3,2],"data_offsets":[0,3]}})"},
      {"overlap",
       R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}})"},
      {"twice",
       R"({"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}})"},
      {"huge-shape",
       R"({"a":{"dtype":"BF16","shape":[9223372036854775808,18446744073709551615],"data_offsets":[0,8]}})"},
      {"backwards", R"({"a":{"dtype":"BF16","shape":[2],"data_offsets":[8,4]}})"},
      {"negative", R"({"a":{"dtype":"BF16","shape":[-2],"data_offsets":[0,4]}})"},
      {"float", R"({"a":{"dtype":"BF16","shape":[2.0],"data_offsets":[0,4]}})"},
      {"missing-keys", R"({"a":{"dtype":"BF16"}})"},
      {"nested", R"({"a":{"b":{"c":[[[{}]]]}}})"},
      {"not-json", "{'a'"},
      {"escapes", R"({"\u00e9\ud83d\ude00\\":{"dtype":"U8","shape":[],"data_offsets":[0,1]}})"}};
  for (const auto& [name, header] : kHeaders) {
    seeds.add(name, safetensors_file(header, FileBytes(8)));
  }
  seeds.add("mixed", mixed_safetensors(20));
  FileBytes beyond = safetensors_file("{}");
  beyond[0] = std::byte{3};
  seeds.add("header-beyond-the-end", beyond);
  seeds.add("length-only", std::span(beyond).first(8));
  seeds.add("empty", {});
}

void write_npy_file(const Seeds& seeds) {
  for (const unsigned version : {1U, 2U, 3U, 4U})
    seeds.add("version-" + std::to_string(version), npy_file(version, kNpy, FileBytes(24)));
  const std::pair<const char*, const char*> kDictionaries[]{
      {"fortran", "{'descr': '|V2', 'fortran_order': True, 'shape': (4, 3)}"},
      {"scalar", "{'descr': 'bfloat16', 'fortran_order': False, 'shape': ()}"},
      {"one-byte", "{\"descr\": \"|u1\", 'fortran_order': False, 'shape': (24L,)}"},
      {"e4m3", "{'descr': 'float8_e4m3fn', 'fortran_order': False, 'shape': (2, 12)}"},
      {"e5m2", "{'descr': '<f1', 'fortran_order': False, 'shape': (24,)}"},
      {"double", "{'descr': '<f8', 'fortran_order': False, 'shape': (3,)}"},
      {"record", "{'descr': [('a', '<u2')], 'fortran_order': False, 'shape': (12,)}"},
      {"huge-shape",
       "{'descr': '<V2', 'fortran_order': False, 'shape': (18446744073709551615, 9)}"},
      {"key-twice", "{'descr': '<V2', 'descr': '<V2', 'fortran_order': False, 'shape': (12,)}"},
      {"key-missing", "{'descr': '<V2', 'shape': (12,)}"},
      {"unclosed", "{'descr': '<V2"},
      {"escape", "{'descr': '\\x3cV2', 'fortran_order': False, 'shape': (12,)}"}};
  for (const auto& [name, dictionary] : kDictionaries)
    seeds.add(name, npy_file(1, dictionary, FileBytes(24)));
  const FileBytes file = npy_file(2, kNpy, FileBytes(24));
  seeds.add("magic-only", std::span(file).first(6));
  seeds.add("truncated", std::span(file).first(30));
  seeds.add("empty", {});
}

}  // namespace
}  // namespace kvferry::fuzz

int main(int count, char** arguments) {
  using namespace kvferry::fuzz;
  if (count != 2) {
    std::fprintf(stderr, "usage: write_fuzz_corpus FOLDER\n");
    return 2;
  }
  try {
    const fs::path folder = arguments[1];
    write_codebook_file(Seeds(folder / "codebook_file"));
    write_frame_decode(Seeds(folder / "frame_decode"));
    write_frame_round_trip(Seeds(folder / "frame_round_trip"));
    write_kvz_file(Seeds(folder / "kvz_file"));
    write_safetensors_file(Seeds(folder / "safetensors_file"));
    write_npy_file(Seeds(folder / "npy_file"));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "write_fuzz_corpus: %s\n", error.what());
    return 1;
  }
  return 0;
}
