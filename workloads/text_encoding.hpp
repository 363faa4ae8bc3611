// Is this text? Recognising what people pass by mistake, and checking UTF-8.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace kvferry::workloads {

/// What a file is when its first bytes say that it is not a plain text table, as a noun phrase
/// ("a gzip archive"); nothing when they do not.
std::optional<std::string_view> foreign_content(std::string_view first_bytes);

/// Position of the first byte that is not well-formed UTF-8 (RFC 3629), if any.
std::optional<std::size_t> first_invalid_utf8(std::string_view text);

}  // namespace kvferry::workloads
