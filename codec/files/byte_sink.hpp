// Where the bytes of an output go.
#pragma once

#include <cstddef>
#include <functional>
#include <span>

namespace kvferry::codec {

/// Takes the bytes of an output one behind the other: OutputFile::write, or a vector in a test.
using ByteSink = std::function<void(std::span<const std::byte>)>;

}  // namespace kvferry::codec
