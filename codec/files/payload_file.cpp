#include "codec/files/payload_file.hpp"

#include "codec/files/tensor_file.hpp"
#include "codec/files/tensor_name.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>

namespace kvferry::codec {
namespace {

constexpr std::uint64_t kChunkValues = std::uint64_t{1} << kDefaultChunkLog2;
constexpr std::uint64_t kMostChunks = 64;
constexpr std::uint64_t kCalibrationShare = 4;  ///< one value in so many

/// Tensors read as if they were one.
class JoinedTensors {
 public:
  explicit JoinedTensors(const InputFile& file) : file_(&file) {}

  void add(const TensorInfo& tensor) {
    tensors_.push_back(tensor);
    value_count_ += tensor.bytes / sizeof(std::uint16_t);
  }
  std::uint64_t value_count() const { return value_count_; }

  /// Fills `values` with those from number `first` on. @pre there are as many
  void read(std::uint64_t first, std::span<std::uint16_t> values) const {
    for (const TensorInfo& tensor : tensors_) {
      const std::uint64_t count = tensor.bytes / sizeof(std::uint16_t);
      if (first < count && !values.empty()) {
        const auto part = values.first(std::min<std::uint64_t>(count - first, values.size()));
        file_->read(tensor.offset + sizeof(std::uint16_t) * first, std::as_writable_bytes(part));
        values = values.subspan(part.size());
        first = 0;
      } else {
        first -= std::min(first, count);
      }
    }
  }

 private:
  const InputFile* file_;
  std::vector<TensorInfo> tensors_;
  std::uint64_t value_count_ = 0;
};

/// What a file holds: K and V by layer, and tensors whose names tell neither.
struct KvTensors {
  std::map<KvTensorId, JoinedTensors> named;
  JoinedTensors unnamed;
};

// Nobody is asked for the type: it is BF16, or the file says otherwise.
std::vector<TensorInfo> tensors_of(const InputFile& file) {
  const auto extension = std::filesystem::path(file.path()).extension();
  if (extension == ".safetensors") return list_tensors(file, std::nullopt).tensors;
  if (extension == ".npy" || extension == ".raw" || extension == ".bin")
    return list_tensors(file, DType::bf16).tensors;
  file.refuse("expected a .safetensors or .npy file, or raw values in a .raw or .bin file");
}

KvTensors find_tensors(const InputFile& file) {
  KvTensors found{{}, JoinedTensors(file)};
  for (const TensorInfo& tensor : tensors_of(file)) {
    if (tensor.dtype != DType::bf16 || tensor.bytes == 0) continue;
    if (const auto id = guess_kv_tensor(tensor.name)) {
      found.named.try_emplace(*id, file).first->second.add(tensor);
    } else {
      found.unnamed.add(tensor);
    }
  }
  if (found.named.empty() && found.unnamed.value_count() == 0)
    file.refuse("no BF16 tensors here: the KV caches that are handed off are BF16");
  return found;
}

PayloadTensor sample(const InputFile& file, const JoinedTensors& tensors,
                     const std::string& label) {
  const std::uint64_t calibrating = tensors.value_count() / kCalibrationShare;
  const std::uint64_t chunks = (tensors.value_count() - calibrating) / kChunkValues;
  if (chunks == 0) {
    file.refuse(label + " has " + std::to_string(tensors.value_count()) +
                " values, too few: three quarters of them must fill a chunk of " +
                std::to_string(kChunkValues));
  }
  PayloadTensor payload;
  payload.calibration.resize(std::min(calibrating, kMostChunks * kChunkValues));
  tensors.read(0, payload.calibration);
  const std::uint64_t taken = std::min(chunks, kMostChunks);
  payload.evaluation.resize(taken * kChunkValues);
  for (std::uint64_t i = 0; i < taken; ++i) {
    tensors.read(calibrating + i * chunks / taken * kChunkValues,
                 std::span(payload.evaluation).subspan(i * kChunkValues, kChunkValues));
  }
  return payload;
}

/// The layers of a file, in order.
std::vector<int> layers_in(const InputFile& file, const KvTensors& found) {
  std::vector<int> layers;
  for (const auto& [id, tensors] : found.named) {
    const KvKind other = id.kind == KvKind::key ? KvKind::value : KvKind::key;
    if (!found.named.contains({id.layer, other})) {
      file.refuse("layer " + std::to_string(id.layer) + " has no " +
                  (other == KvKind::key ? "K" : "V") + " (named like 'layers." +
                  std::to_string(id.layer) + (other == KvKind::key ? ".k'" : ".v'") +
                  "), only the other one");
    }
    if (layers.empty() || layers.back() != id.layer) layers.push_back(id.layer);
  }
  return layers;
}

}  // namespace

FilePayload read_payload(const std::string& path, int layers) {
  const InputFile file(path);
  const KvTensors found = find_tensors(file);
  const std::string name = std::filesystem::path(path).filename().string();
  FilePayload payload;
  if (found.named.empty()) {
    const PayloadTensor alike = sample(file, found.unnamed, "the file");
    payload.tensors.assign(2 * static_cast<std::size_t>(layers), alike);
    payload.description = "tensors of " + name + ", for the K and V of every layer alike";
    return payload;
  }
  const std::vector<int> in_file = layers_in(file, found);
  for (int layer = 0; layer < layers; ++layer) {
    const std::size_t depth = static_cast<std::size_t>(layer) * in_file.size();
    const int chosen = in_file[depth / static_cast<std::size_t>(layers)];
    for (const KvKind kind : std::array{KvKind::key, KvKind::value}) {
      const KvTensorId id{chosen, kind};
      payload.tensors.push_back(sample(file, found.named.at(id), TensorGroup{id, {}}.label()));
    }
  }
  payload.description = "KV tensors of " + name + ", " + std::to_string(in_file.size()) + " layers";
  if (in_file.size() != static_cast<std::size_t>(layers))
    payload.description += " spread over the model's " + std::to_string(layers);
  return payload;
}

}  // namespace kvferry::codec
