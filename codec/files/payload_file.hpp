// Real KV tensors as the payload of simulated hand-offs.
#pragma once

#include "codec/payload_pool.hpp"

#include <string>
#include <vector>

namespace kvferry::codec {

/// What PayloadPool::encode() takes.
struct FilePayload {
  std::vector<PayloadTensor> tensors;  ///< K and V of layer 0, of layer 1, ...
  std::string description;             ///< where the values come from, in words
};

/// Reads the BF16 tensors of a .safetensors, .npy, .raw or .bin file whose names tell layer and K or V
/// (tensor_name.hpp); tensors of one layer and kind are joined. A file of fewer or more layers than
/// `layers` is spread over the depth of the model; one whose names tell nothing serves every K and
/// V alike. The first quarter of the values calibrates, whole chunks evenly spread over the rest
/// are encoded, at most 64 of each K and V.
/// @throws InputError when the file cannot be read, holds no BF16 tensors, a layer lacks its K or
/// its V, or a tensor is too short to fill a chunk
FilePayload read_payload(const std::string& path, int layers);

}  // namespace kvferry::codec
