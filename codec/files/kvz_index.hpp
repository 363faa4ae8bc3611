// What a .kvz file contains: sections in the order of the source, each of one or more parts.
#pragma once

#include "codec/files/kvz_format.hpp"
#include "codec/files/tensor_file.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace kvferry::codec {

struct KvzPart {
  KvzStorage storage = KvzStorage::verbatim;
  std::uint64_t offset = 0;        ///< in the .kvz file
  std::uint64_t stored_bytes = 0;  ///< there
  std::uint64_t source_bytes = 0;  ///< in the source
  std::uint64_t hash = 0;          ///< of a verbatim part
};

/// One tensor, or bytes of the source that belong to none.
struct KvzSection {
  KvzSectionKind kind = KvzSectionKind::plain;
  std::string name;  ///< of the tensor, as are dtype_name and shape
  std::string dtype_name;
  std::vector<std::uint64_t> shape;
  std::uint64_t source_bytes = 0;
  std::vector<KvzPart> parts;  ///< none where source_bytes is 0

  /// Nothing where the section is no tensor of a type that SplitZip has frames for.
  std::optional<DType> dtype() const { return dtype_of_safetensors_name(dtype_name); }
  /// "tensor 'layers.0.k'" or "the bytes outside the tensors", for messages.
  std::string description() const;
};

struct KvzIndex {
  FileFormat source_format = FileFormat::raw;
  std::uint64_t source_bytes = 0;
  std::vector<KvzSection> sections;  ///< together exactly the source
};

std::vector<std::byte> to_bytes(const KvzIndex& index);

/// Where an index is wrong, in words: "section 3: ...".
struct KvzIndexFault {
  std::string message;
};

/// Reads an index whose hash has been checked. @param index_offset where it begins in the file
/// @throws KvzIndexFault unless it is in the form that to_bytes() gives, its parts lie one behind
/// the other from the header to the index, and they add up to the source
KvzIndex parse_kvz_index(std::span<const std::byte> bytes, std::uint64_t index_offset);

}  // namespace kvferry::codec
