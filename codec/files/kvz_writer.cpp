#include "codec/files/kvz_writer.hpp"

#include "codec/files/tensor_slices.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <utility>
#include <vector>

namespace kvferry::codec {
namespace {

class KvzWriter {
 public:
  KvzWriter(const InputFile& source, const KvzOptions& options, const ByteSink& sink,
            const Progress& progress)
      : source_(source), options_(options), sink_(sink), progress_(progress) {}

  KvzIndex write() {
    const TensorFile contents = list_tensors(source_, options_.dtype);
    index_ = {contents.format, source_.size(), {}};
    const KvzHeader header = make_kvz_header();
    put(std::as_bytes(std::span(&header, 1)));
    pad();
    std::uint64_t end = 0;
    for (const TensorInfo& tensor : contents.tensors) {
      write_plain({end, tensor.offset - end});
      write_tensor(tensor);
      end = tensor.offset + tensor.bytes;
    }
    write_plain({end, source_.size() - end});
    write_end();
    return std::move(index_);
  }

 private:
  void write_plain(const FileRange& range) {
    if (range.bytes == 0) return;
    KvzSection section;
    section.source_bytes = range.bytes;
    write_verbatim(section, range);
    index_.sections.push_back(std::move(section));
  }

  void write_tensor(const TensorInfo& tensor) {
    KvzSection section{KvzSectionKind::tensor, tensor.name,  tensor.dtype_name,
                       tensor.shape,           tensor.bytes, {}};
    if (tensor.dtype && tensor.bytes > 0) {
      write_frames(section, tensor);
    } else {
      write_verbatim(section, range_of(tensor));
    }
    index_.sections.push_back(std::move(section));
  }

  void write_verbatim(KvzSection& section, const FileRange& range) {
    for_each_slice(source_, range, kPartSourceBytes,
                   [&](std::span<const std::byte> bytes) { write_verbatim_part(section, bytes); });
  }

  void write_verbatim_part(KvzSection& section, std::span<const std::byte> bytes) {
    const std::uint64_t size = bytes.size();
    write_part(section, {KvzStorage::verbatim, offset_, size, size, kvz_hash(bytes)}, bytes);
  }

  // A frame wherever that is smaller: those of a few hundred values are not.
  void write_frames(KvzSection& section, const TensorInfo& tensor) {
    const TensorCoding coding = coding_of(tensor);
    FrameFormat format = coding.format;
    format.checksum = options_.checksum;
    std::vector<std::byte> frame;
    const auto write_slice = [&](std::span<const std::byte> values) {
      const EncodeParameters parameters{coding.codebook, format, part_number_};
      const std::uint64_t count = values.size() / bytes_per_value(format.dtype);
      frame.resize(frame_bound(frame_layout(count, format)));
      const std::size_t bytes = encode_into(values, parameters, frame, options_.execution);
      if (bytes < values.size()) {
        write_part(section, {KvzStorage::frame, offset_, bytes, values.size(), 0},
                   std::span(frame).first(bytes));
      } else {
        write_verbatim_part(section, values);
      }
    };
    for_each_slice(source_, range_of(tensor), kPartSourceBytes, write_slice);
  }

  TensorCoding coding_of(const TensorInfo& tensor) const {
    if (options_.codings != nullptr) {
      const auto found = options_.codings->find({group_of(tensor.name), *tensor.dtype});
      if (found != options_.codings->end()) return found->second;
    }
    ExponentHistogram histogram{};
    count_tensor(source_, tensor, options_.execution.threads, histogram);
    return coding_for(histogram, *tensor.dtype, options_.rule);
  }

  void write_part(KvzSection& section, const KvzPart& part, std::span<const std::byte> stored) {
    section.parts.push_back(part);
    ++part_number_;
    put(stored);
    pad();
    done_ += part.source_bytes;
    progress_({"encoding", done_, source_.size()});
  }

  void write_end() {
    const std::vector<std::byte> index = to_bytes(index_);
    KvzFooter footer{kKvzFooterMagic, offset_, index.size(), kvz_hash(index), 0, {}, 0};
    footer.file_bytes = offset_ + index.size() + sizeof footer;
    footer.hash = hash_of(footer);
    put(index);
    put(std::as_bytes(std::span(&footer, 1)));
  }

  void put(std::span<const std::byte> bytes) {
    sink_(bytes);
    offset_ += bytes.size();
  }

  void pad() {
    static constexpr std::array<std::byte, kKvzAlignment> kZeros{};
    put(std::span(kZeros).first(aligned(offset_) - offset_));
  }

  const InputFile& source_;
  const KvzOptions& options_;
  const ByteSink& sink_;
  const Progress& progress_;
  KvzIndex index_;
  std::uint64_t offset_ = 0;       // in the .kvz file
  std::uint64_t part_number_ = 0;  // counted over all sections
  std::uint64_t done_ = 0;         // bytes of the source
};

}  // namespace

KvzIndex encode_kvz(const InputFile& source, const KvzOptions& options, const ByteSink& sink,
                    const Progress& progress) {
  return KvzWriter(source, options, sink, progress).write();
}

}  // namespace kvferry::codec
