#include "codec/files/kvz_reader.hpp"

#include "codec/zero_bytes.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace kvferry::codec {
namespace {

template <typename Struct>
Struct read_struct(const InputFile& file, std::uint64_t offset) {
  Struct value{};
  file.read(offset, std::as_writable_bytes(std::span(&value, 1)));
  return value;
}

constexpr std::uint64_t kFirstPart = aligned(sizeof(KvzHeader));

}  // namespace

bool looks_like_kvz(std::span<const std::byte> first_bytes) {
  return first_bytes.size() >= kKvzMagic.size() &&
         std::memcmp(first_bytes.data(), kKvzMagic.data(), kKvzMagic.size()) == 0;
}

KvzReader::KvzReader(const InputFile& file) : file_(file) {
  check_start();
  index_ = read_index();
  std::uint64_t parts = 0;
  for (const KvzSection& section : index_.sections) {
    first_part_.push_back(parts);
    parts += section.parts.size();
  }
}

void KvzReader::check_start() const {
  const std::uint64_t looked_at = std::min<std::uint64_t>(file_.size(), kKvzMagic.size());
  if (!looks_like_kvz(file_.read(0, looked_at))) {
    file_.refuse("this is not a .kvz file: its first bytes differ");
  }
  if (file_.size() < kFirstPart + sizeof(KvzFooter)) {
    file_.refuse("the file is truncated: it has " + std::to_string(file_.size()) +
                 " bytes, less than any .kvz file");
  }
  const auto header = read_struct<KvzHeader>(file_, 0);
  if (header.hash != hash_of(header)) file_.refuse("the header is damaged: its hash is wrong");
  if (header.version != kKvzVersion) {
    file_.refuse("version " + std::to_string(header.version) +
                 " of the .kvz format is not supported; supported: " + std::to_string(kKvzVersion));
  }
  const bool plain = header.header_bytes == sizeof header && header.flags == 0 &&
                     all_zero(header.reserved) &&
                     all_zero(file_.read(sizeof header, kFirstPart - sizeof header));
  if (!plain) file_.refuse("the header has a value that the format does not allow");
}

KvzIndex KvzReader::read_index() const {
  const auto footer = read_struct<KvzFooter>(file_, file_.size() - sizeof(KvzFooter));
  if (footer.magic != kKvzFooterMagic) {
    file_.refuse("the file does not end as a .kvz file must: it is truncated or damaged");
  }
  if (footer.hash != hash_of(footer)) file_.refuse("the footer is damaged: its hash is wrong");
  if (footer.file_bytes != file_.size()) {
    file_.refuse("the file should have " + std::to_string(footer.file_bytes) + " bytes, but has " +
                 std::to_string(file_.size()));
  }
  const std::uint64_t index_end = file_.size() - sizeof footer;
  const bool inside = footer.index_offset >= kFirstPart && footer.index_offset <= index_end &&
                      footer.index_offset % kKvzAlignment == 0 &&
                      footer.index_bytes == index_end - footer.index_offset;
  if (!inside || !all_zero(footer.reserved)) {
    file_.refuse("the footer has a value that the format does not allow");
  }
  const auto bytes = file_.read(footer.index_offset, footer.index_bytes);
  if (kvz_hash(bytes) != footer.index_hash) {
    file_.refuse("the index is damaged: its hash is wrong");
  }
  try {
    return parse_kvz_index(bytes, footer.index_offset);
  } catch (const KvzIndexFault& fault) {
    file_.refuse("the index is not valid: " + fault.message);
  }
}

void KvzReader::read_part(const PartPlace& place, const Execution& execution,
                          KvzPartBytes& bytes) const {
  const KvzPart& part = index_.sections[place.section].parts[place.part];
  bytes.stored_.resize(aligned(part.stored_bytes));
  file_.read(part.offset, bytes.stored_);
  const std::span<const std::byte> stored(bytes.stored_);
  const auto content = stored.first(part.stored_bytes);
  if (!all_zero(stored.subspan(part.stored_bytes))) {
    refuse(place, "padding behind it that must be zero is not");
  }
  bytes.frame_ = {};
  if (part.storage == KvzStorage::verbatim) {
    if (kvz_hash(content) != part.hash) refuse(place, "the bytes do not match their hash");
    bytes.source_ = content;
    return;
  }
  bytes.frame_ = content;
  open_frame(place, bytes);
  bytes.decoded_.resize(part.source_bytes);
  const DecodeResult result = decode(bytes.frame_, std::span(bytes.decoded_), execution);
  if (result.fault != FrameFault::none) refuse(place, result, bytes.contents_);
  bytes.source_ = bytes.decoded_;
}

// After this the frame has as many values as the part, so that these may be allocated.
void KvzReader::open_frame(const PartPlace& place, KvzPartBytes& bytes) const {
  const KvzSection& section = index_.sections[place.section];
  const FrameFault fault = check_header(bytes.frame_, bytes.contents_);
  if (fault != FrameFault::none) refuse(place, std::string(text_of(fault)));
  const FrameContents& contents = bytes.contents_;
  if (contents.layout.format.dtype != section.dtype() ||
      contents.value_bytes() != section.parts[place.part].source_bytes) {
    refuse(place, "the frame holds other values than the index says");
  }
  if (contents.header.user_tag != first_part_[place.section] + place.part) {
    refuse(place, "the frame belongs to another part: its user_tag is " +
                      std::to_string(contents.header.user_tag));
  }
}

void KvzReader::refuse(const PartPlace& place, const std::string& message) const {
  const KvzSection& section = index_.sections[place.section];
  std::string where = section.description();
  if (section.parts.size() > 1) {
    where +=
        ", part " + std::to_string(place.part + 1) + " of " + std::to_string(section.parts.size());
  }
  file_.refuse(where + " (at byte " + std::to_string(section.parts[place.part].offset) +
               "): " + message);
}

void KvzReader::refuse(const PartPlace& place, const DecodeResult& result,
                       const FrameContents& contents) const {
  const std::string message(text_of(result.fault));
  // Faults outside the chunks are reported with chunk 0, which then says nothing.
  const bool in_chunk = result.fault == FrameFault::checksum_mismatch ||
                        result.fault == FrameFault::corrupt_escape_record;
  if (!in_chunk) refuse(place, message);
  const std::uint64_t first = contents.layout.first_value(result.chunk);
  const std::uint64_t last = first + contents.layout.values_in_chunk(result.chunk) - 1;
  refuse(place, "chunk " + std::to_string(result.chunk) + " (values " + std::to_string(first) +
                    " to " + std::to_string(last) + " of the part): " + message);
}

void decode_kvz(const InputFile& file, const ByteSink& sink, const Execution& execution,
                const Progress& progress) {
  const KvzReader reader(file);
  const KvzIndex& index = reader.index();
  KvzPartBytes bytes;
  std::uint64_t done = 0;
  for (std::size_t section = 0; section < index.sections.size(); ++section) {
    for (std::size_t part = 0; part < index.sections[section].parts.size(); ++part) {
      reader.read_part({section, part}, execution, bytes);
      sink(bytes.source());
      done += bytes.source().size();
      progress({"decoding", done, index.source_bytes});
    }
  }
}

}  // namespace kvferry::codec
