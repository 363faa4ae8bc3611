#include "codec/files/kvz_format.hpp"

#include "sim/base/random.hpp"

#include <string_view>

namespace kvferry::codec {

std::uint64_t kvz_hash(std::span<const std::byte> bytes) {
  return fnv1a({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

KvzHeader make_kvz_header() {
  KvzHeader header{kKvzMagic, kKvzVersion, sizeof(KvzHeader), 0, {}, 0};
  header.hash = hash_of(header);
  return header;
}

std::uint64_t hash_of(const KvzHeader& header) {
  return kvz_hash(std::as_bytes(std::span(&header, 1)).first(offsetof(KvzHeader, hash)));
}

std::uint64_t hash_of(const KvzFooter& footer) {
  return kvz_hash(std::as_bytes(std::span(&footer, 1)).first(offsetof(KvzFooter, hash)));
}

}  // namespace kvferry::codec
