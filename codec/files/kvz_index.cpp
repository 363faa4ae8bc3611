#include "codec/files/kvz_index.hpp"

#include "codec/zero_bytes.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <type_traits>
#include <utility>

namespace kvferry::codec {
namespace {

constexpr std::size_t kNameAlignment = 8;

constexpr std::size_t padding_behind(std::size_t bytes) {
  return (kNameAlignment - bytes % kNameAlignment) % kNameAlignment;
}

class IndexWriter {
 public:
  template <typename Value>
  void add(const Value& value) {
    static_assert(std::has_unique_object_representations_v<Value>, "padding would leak memory");
    const auto bytes = std::as_bytes(std::span(&value, 1));
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  }
  void add_text(std::string_view text) {
    const auto bytes = std::as_bytes(std::span(text));
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  }
  void align() { bytes_.resize(bytes_.size() + padding_behind(bytes_.size())); }
  std::vector<std::byte> take() { return std::move(bytes_); }

 private:
  std::vector<std::byte> bytes_;
};

class IndexReader {
 public:
  IndexReader(std::span<const std::byte> bytes, std::uint64_t index_offset)
      : rest_(bytes), index_offset_(index_offset) {}

  KvzIndex read() {
    const auto start = take<KvzIndexStart>();
    require(start.source_format >= 1 && start.source_format <= 3 && all_zero(start.reserved),
            "unknown source format");
    KvzIndex index{static_cast<FileFormat>(start.source_format), start.source_bytes, {}};
    std::uint64_t source_bytes = 0;
    for (section_ = 0; section_ < start.section_count; ++section_) {
      index.sections.push_back(read_section());
      source_bytes += index.sections.back().source_bytes;
    }
    require(rest_.empty(), "bytes behind the last section");
    require(source_bytes == start.source_bytes, "the sections do not add up to the source");
    require(next_part_ == index_offset_, "the parts do not reach up to the index");
    return index;
  }

 private:
  KvzSection read_section() {
    const auto entry = take<KvzSectionEntry>();
    const bool is_tensor = entry.kind == static_cast<std::uint8_t>(KvzSectionKind::tensor);
    require(entry.kind <= 1 && entry.reserved == 0, "unknown kind of section");
    require(entry.rank <= kMaxRank && entry.dtype_bytes <= kMaxDtypeNameBytes, "field too large");
    require(is_tensor == (entry.dtype_bytes > 0), "a tensor without a type");
    require(is_tensor || (entry.rank == 0 && entry.name_bytes == 0), "a name without a tensor");
    KvzSection section;
    section.kind = static_cast<KvzSectionKind>(entry.kind);
    section.source_bytes = entry.source_bytes;
    for (std::uint8_t i = 0; i < entry.rank; ++i) section.shape.push_back(take<std::uint64_t>());
    section.dtype_name = take_text(entry.dtype_bytes);
    section.name = take_text(entry.name_bytes);
    const std::size_t padding = padding_behind(entry.dtype_bytes + std::size_t{entry.name_bytes});
    require(take_text(padding) == std::string(padding, '\0'), "padding that must be zero is not");
    check_shape(section);
    std::uint64_t source_bytes = 0;
    for (std::uint32_t i = 0; i < entry.part_count; ++i) {
      section.parts.push_back(read_part(section));
      source_bytes += section.parts.back().source_bytes;
    }
    require(source_bytes == section.source_bytes, "the parts do not add up to the section");
    return section;
  }

  // Types that SplitZip knows have a size that follows from the shape.
  void check_shape(const KvzSection& section) const {
    const auto dtype = section.dtype();
    if (!dtype) return;
    const auto count = value_count(section.shape);
    const std::uint64_t width = bytes_per_value(*dtype);
    require(count && section.source_bytes % width == 0 && *count == section.source_bytes / width,
            "the shape does not fit the size");
  }

  KvzPart read_part(const KvzSection& section) {
    const auto entry = take<KvzPartEntry>();
    require(entry.storage <= 1 && all_zero(entry.reserved), "unknown kind of part");
    const KvzPart part{static_cast<KvzStorage>(entry.storage), entry.offset, entry.stored_bytes,
                       entry.source_bytes, entry.hash};
    require(part.source_bytes >= 1 && part.source_bytes <= kMaxPartSourceBytes,
            "a part has no bytes, or too many");
    require(part.offset == next_part_, "a part does not follow the one before it");
    require(part.offset < index_offset_ && part.stored_bytes <= index_offset_ - part.offset,
            "a part reaches behind the index");
    if (part.storage == KvzStorage::frame) {
      const auto dtype = section.dtype();
      require(dtype && part.source_bytes % bytes_per_value(*dtype) == 0 && part.hash == 0,
              "a frame does not fit its tensor");
    } else {
      require(part.stored_bytes == part.source_bytes, "a verbatim part has two sizes");
    }
    next_part_ = aligned(part.offset + part.stored_bytes);
    return part;
  }

  template <typename Value>
  Value take() {
    require(rest_.size() >= sizeof(Value), "the index ends early");
    Value value{};
    std::memcpy(&value, rest_.data(), sizeof value);
    rest_ = rest_.subspan(sizeof value);
    return value;
  }

  std::string take_text(std::size_t bytes) {
    require(rest_.size() >= bytes, "the index ends early");
    std::string text(as_text(rest_.first(bytes)));
    rest_ = rest_.subspan(bytes);
    return text;
  }

  void require(bool condition, const char* what) const {
    if (!condition) throw KvzIndexFault{"section " + std::to_string(section_) + ": " + what};
  }

  std::span<const std::byte> rest_;
  std::uint64_t index_offset_;
  std::uint64_t next_part_ = aligned(sizeof(KvzHeader));
  std::uint32_t section_ = 0;
};

}  // namespace

std::string KvzSection::description() const {
  return kind == KvzSectionKind::tensor ? "tensor " + quoted_name(name)
                                        : "the bytes outside the tensors";
}

std::vector<std::byte> to_bytes(const KvzIndex& index) {
  IndexWriter writer;
  writer.add(KvzIndexStart{static_cast<std::uint8_t>(index.source_format),
                           {},
                           static_cast<std::uint32_t>(index.sections.size()),
                           index.source_bytes});
  for (const KvzSection& section : index.sections) {
    writer.add(KvzSectionEntry{
        static_cast<std::uint8_t>(section.kind), static_cast<std::uint8_t>(section.shape.size()),
        static_cast<std::uint16_t>(section.dtype_name.size()),
        static_cast<std::uint32_t>(section.name.size()),
        static_cast<std::uint32_t>(section.parts.size()), 0, section.source_bytes});
    for (const std::uint64_t dimension : section.shape) writer.add(dimension);
    writer.add_text(section.dtype_name);
    writer.add_text(section.name);
    writer.align();
    for (const KvzPart& part : section.parts) {
      writer.add(KvzPartEntry{static_cast<std::uint8_t>(part.storage),
                              {},
                              part.offset,
                              part.stored_bytes,
                              part.source_bytes,
                              part.hash});
    }
  }
  return writer.take();
}

KvzIndex parse_kvz_index(std::span<const std::byte> bytes, std::uint64_t index_offset) {
  return IndexReader(bytes, index_offset).read();
}

}  // namespace kvferry::codec
