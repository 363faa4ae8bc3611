// What the readers of catalog entries share.
#pragma once

#include "scenarios/scalars.hpp"
#include "scenarios/section_reader.hpp"

#include <optional>
#include <string>

namespace kvferry::scenarios {

inline constexpr Number kFactor{0, 100};
inline constexpr Number kEfficiency{0.001, 10};
inline constexpr Number kExponent{0.5, 20};
inline constexpr Time kAnyTime{Sign::not_negative};

/// The base's value of a field, where there is a base.
template <typename Struct, typename Member>
std::optional<Member> member_of(const Struct* base, Member Struct::*member) {
  return base == nullptr ? std::nullopt : std::optional(base->*member);
}

/// Where the base has the optional part, a pointer to it.
template <typename Struct, typename Part>
const Part* part_of(const Struct* base, std::optional<Part> Struct::*part) {
  return base != nullptr && base->*part ? &*(base->*part) : nullptr;
}

/// Reads an optional section: present, or taken over from the base.
template <typename Part, typename Read>
std::optional<Part> maybe_part(SectionReader& parent, const std::string& key, const Part* base,
                               Read read) {
  if (!parent.has(key) && base == nullptr) {
    parent.ignore(key);
    return std::nullopt;
  }
  return read(parent.section(key), base);
}

}  // namespace kvferry::scenarios
