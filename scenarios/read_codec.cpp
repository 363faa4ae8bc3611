#include "scenarios/read_codec.hpp"

#include "scenarios/file_path.hpp"
#include "sim/base/error.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <system_error>

namespace kvferry::scenarios {
namespace {

using codec::CodebookScope;

const Choice<TransferCodecName> kCodecs{"codec",
                                        {{"none", TransferCodecName::none},
                                         {"splitzip", TransferCodecName::splitzip},
                                         {"adaptive", TransferCodecName::adaptive}}};
const Choice<CodecTiming> kTimings{"timing",
                                   {{"auto", CodecTiming::automatic},
                                    {"live", CodecTiming::live},
                                    {"profile", CodecTiming::profile},
                                    {"cpu", CodecTiming::cpu},
                                    {"constant", CodecTiming::constant}}};
const Choice<CodebookScope> kScopes{
    "codebook", {{"per-tensor", CodebookScope::per_tensor}, {"global", CodebookScope::global}}};
const Choice<codec::FrameRule> kFormats{"format",
                                        {{"w4-positional", codec::FrameRule::w4_positional},
                                         {"w4-sentinel", codec::FrameRule::w4_sentinel},
                                         {"w3-sentinel", codec::FrameRule::w3_sentinel},
                                         {"auto", codec::FrameRule::smallest}}};
constexpr const char* kDefaultProfile = "h200-sxm";
constexpr const char* kFallbackPreset = "llama-3.1-8b";
constexpr std::int64_t kPoolTokens = 128;
constexpr std::int64_t kChunkValues = std::int64_t{1} << codec::kDefaultChunkLog2;

codec::CodecProfile profile_from_file(const std::string& path) {
  std::error_code unreadable;
  std::ifstream file(path, std::ios::binary);
  if (!file || !std::filesystem::is_regular_file(path, unreadable))
    throw std::invalid_argument("cannot read the profile '" + path + "'");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  try {
    return codec::parse_codec_profile(text, path);
  } catch (const InputError& error) {
    throw std::invalid_argument(error.what());
  }
}

codec::CodecProfile profile_named(const std::string& name) {
  std::vector<std::string> names;
  for (const codec::CodecProfile& profile : codec::built_in_profiles()) {
    if (profile.name == name) return profile;
    names.push_back(profile.name);
  }
  names.emplace_back("a path ending in .csv");
  refuse_name("profile", name, names);
}

codec::CodecProfile read_profile(SectionReader& section) {
  const bool is_file = std::filesystem::path(section.text_of("profile")).extension() == ".csv";
  try {
    if (is_file) {
      const std::string path = section.required("profile", Path{});
      return profile_from_file(resolve_path(path, section.place_of("profile")));
    }
    return profile_named(section.optional("profile", Text{}, std::string(kDefaultProfile)));
  } catch (const std::invalid_argument& fault) {
    section.error("profile", fault.what());
    return {};
  }
}

struct PresetName {
  static constexpr ScalarKind kKind = ScalarKind::text;
  const codec::KvPreset* parse(const std::string& text) const {
    if (const codec::KvPreset* preset = codec::find_kv_preset(text)) return preset;
    std::vector<std::string> names;
    for (const codec::KvPreset& preset : codec::kv_presets()) names.push_back(preset.name);
    refuse_name("preset", text, names);
  }
  std::string print(const codec::KvPreset* preset) const { return preset->name; }
};

// Whole chunks per layer and kind, and at least kPoolTokens of them.
int pool_tokens(const codec::KvShape& shape) {
  const std::int64_t step = kChunkValues / std::gcd(kChunkValues, shape.values_per_token());
  return static_cast<int>((kPoolTokens + step - 1) / step * step);
}

std::optional<std::string> read_payload_path(SectionReader& payload) {
  if (!payload.has("path")) {
    payload.ignore("path");
    return std::nullopt;
  }
  if (payload.has("synthetic"))
    payload.error("synthetic", "a payload is either synthetic or a file");
  payload.ignore("synthetic");
  return read_file_path(payload, "path");
}

codec::PayloadSpec read_synthetic_payload(SectionReader& payload, const sim::ModelSpec& model,
                                          std::uint64_t seed) {
  const codec::KvPreset* own = codec::find_kv_preset(model.name);
  const codec::KvPreset* fallback = own != nullptr ? own : codec::find_kv_preset(kFallbackPreset);
  const codec::KvPreset* preset = payload.optional("synthetic", PresetName{}, fallback);
  codec::PayloadSpec spec;
  spec.preset = *(preset != nullptr ? preset : fallback);
  // A latent cache has neither K nor V: its vector is generated as two halves of one head.
  spec.shape = {model.layers, sim::transferable_heads(model), sim::kv_values_per_head(model) / 2,
                0};
  if (spec.shape.values_per_token() > 0) spec.shape.tokens = pool_tokens(spec.shape);
  spec.seed = seed;
  return spec;
}

// Keys that only `timing: constant` uses are refused elsewhere: they would be without effect.
void refuse_constants(SectionReader& section) {
  for (const char* key :
       {"encode_rate", "decode_rate", "encode_overhead", "decode_overhead", "ratio"}) {
    if (section.has(key)) section.error(key, "has an effect only with timing: constant");
    section.ignore(key);
  }
}

codec::OutsideRange read_extrapolate(SectionReader& section, CodecTiming timing) {
  constexpr const char* kKey = "extrapolate";
  if (timing != CodecTiming::profile && timing != CodecTiming::automatic) {
    if (section.has(kKey)) section.error(kKey, "has an effect only on a profile");
    section.ignore(kKey);
    return codec::OutsideRange::refuse;
  }
  return section.optional(kKey, Boolean{}, false) ? codec::OutsideRange::extend
                                                  : codec::OutsideRange::refuse;
}

codec::ConstantRates read_constants(SectionReader& section) {
  const Time overhead{Sign::not_negative};
  codec::ConstantRates rates;
  rates.encode.rate = section.required("encode_rate", Bandwidth{});
  rates.decode.rate = section.required("decode_rate", Bandwidth{});
  rates.encode.fixed = section.optional("encode_overhead", overhead, Seconds{0});
  rates.decode.fixed = section.optional("decode_overhead", overhead, Seconds{0});
  rates.compression_ratio = section.required("ratio", Number{0.01, 1e4});
  return rates;
}

}  // namespace

CodecConfig read_codec(SectionReader& transfer, SectionReader& codec, const sim::ModelSpec& model,
                       std::uint64_t seed) {
  CodecConfig config;
  config.codec = transfer.optional("codec", kCodecs, TransferCodecName::none);
  config.timing = codec.optional("timing", kTimings, CodecTiming::automatic);
  if (config.timing == CodecTiming::constant) {
    config.constant = read_constants(codec);
  } else {
    refuse_constants(codec);
  }
  config.profile = read_profile(codec);
  config.outside_profile = read_extrapolate(codec, config.timing);
  SectionReader payload = codec.section("payload");
  config.payload_path = read_payload_path(payload);
  if (!config.payload_path) config.payload = read_synthetic_payload(payload, model, seed);
  config.payload.frames.scope = codec.optional("codebook", kScopes, CodebookScope::per_tensor);
  config.payload.frames.rule = codec.optional("format", kFormats, config.payload.frames.rule);
  return config;
}

}  // namespace kvferry::scenarios
