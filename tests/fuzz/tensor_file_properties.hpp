// What must hold for every file of tensors that a reader accepts.
#pragma once

#include "codec/files/kvz_reader.hpp"
#include "codec/files/kvz_writer.hpp"
#include "codec/files/tensor_file.hpp"
#include "sim/base/error.hpp"
#include "tests/fuzz/fuzz_target.hpp"

#include <optional>
#include <string>
#include <vector>

namespace kvferry::fuzz {

inline void require_places_inside(const codec::InputFile& file, const codec::TensorFile& list) {
  std::uint64_t end = 0;
  for (const codec::TensorInfo& tensor : list.tensors) {
    require(tensor.offset >= end, "tensors do not overlap");
    require(tensor.offset <= file.size() && tensor.bytes <= file.size() - tensor.offset,
            "tensors lie inside the file");
    require(tensor.shape.size() <= codec::kMaxRank, "shapes have at most kMaxRank dimensions");
    if (tensor.dtype) {
      require(
          codec::value_count(tensor.shape) == tensor.bytes / codec::bytes_per_value(*tensor.dtype),
          "the shape agrees with the bytes");
    }
    end = tensor.offset + tensor.bytes;
  }
}

inline void require_round_trip(const codec::InputFile& file, std::span<const std::byte> bytes,
                               std::optional<codec::DType> dtype) {
  const auto append_to = [](std::vector<std::byte>& all) {
    return [&all](std::span<const std::byte> more) {
      all.insert(all.end(), more.begin(), more.end());
    };
  };
  codec::KvzOptions options;
  options.dtype = dtype;
  std::vector<std::byte> container;
  encode_kvz(file, options, append_to(container));
  std::vector<std::byte> back;
  decode_kvz(codec::InputFile("container.kvz", container), append_to(back));
  require(equal(back, bytes), "an accepted file comes back from its container");
}

/// Refused, or all of the above.
inline void read_untrusted(const std::string& name, std::span<const std::byte> bytes,
                           std::optional<codec::DType> dtype) {
  const codec::InputFile file(name, bytes);
  codec::TensorFile list;
  try {
    list = list_tensors(file, dtype);
  } catch (const InputError&) {
    return;
  }
  require_places_inside(file, list);
  require_round_trip(file, bytes, dtype);
}

}  // namespace kvferry::fuzz
