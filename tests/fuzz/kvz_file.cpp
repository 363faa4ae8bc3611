// Any bytes as a .kvz container, and once more with the hashes of header, index, footer and frames
// put right.
#include "codec/files/kvz_reader.hpp"
#include "sim/base/error.hpp"
#include "tests/fuzz/frame_hash.hpp"
#include "tests/fuzz/fuzz_target.hpp"

#include <cstring>
#include <vector>

namespace kvferry::fuzz {
namespace {

using namespace kvferry::codec;

template <typename Struct>
void rehash(std::span<std::byte> place) {
  Struct value{};
  std::memcpy(&value, place.data(), sizeof value);
  value.hash = hash_of(value);
  std::memcpy(place.data(), &value, sizeof value);
}

void put_container_hashes_right(std::span<std::byte> file) {
  if (file.size() < sizeof(KvzHeader) + sizeof(KvzFooter)) return;
  rehash<KvzHeader>(file);
  const auto footer_bytes = file.last(sizeof(KvzFooter));
  KvzFooter footer{};
  std::memcpy(&footer, footer_bytes.data(), sizeof footer);
  const std::uint64_t index_end = file.size() - sizeof footer;
  if (footer.index_offset <= index_end) {
    footer.index_hash =
        kvz_hash(file.subspan(footer.index_offset, index_end - footer.index_offset));
    std::memcpy(footer_bytes.data(), &footer, sizeof footer);
  }
  rehash<KvzFooter>(footer_bytes);
}

void put_frame_hashes_right(std::span<std::byte> file) {
  const InputFile input("mutant.kvz", std::span<const std::byte>(file));
  const KvzReader reader(input);
  for (const KvzSection& section : reader.index().sections) {
    for (const KvzPart& part : section.parts) {
      if (part.storage == KvzStorage::frame)
        put_hash_right(file.subspan(part.offset, part.stored_bytes));
    }
  }
}

void read_untrusted(std::span<const std::byte> file) {
  const InputFile input("mutant.kvz", file);
  std::uint64_t decoded = 0;
  decode_kvz(input, [&](std::span<const std::byte> bytes) { decoded += bytes.size(); });
  const KvzIndex index = KvzReader(input).index();
  require(decoded == index.source_bytes, "an accepted container gives back its whole source");
  const auto index_bytes = to_bytes(index);
  require(equal(index_bytes,
                file.last(index_bytes.size() + sizeof(KvzFooter)).first(index_bytes.size())),
          "an accepted index is in the one form that it has");
}

// Refusals are the expected answer; everything else is not.
template <typename Action>
bool refused(const Action& action) {
  try {
    action();
    return false;
  } catch (const InputError&) {
    return true;
  }
}

}  // namespace
}  // namespace kvferry::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kvferry::fuzz;
  ExactBlock file(data, size);
  refused([&] { read_untrusted(file.bytes()); });
  put_container_hashes_right(file.bytes());
  if (refused([&] { put_frame_hashes_right(file.bytes()); })) return 0;
  refused([&] { read_untrusted(file.bytes()); });
  return 0;
}
