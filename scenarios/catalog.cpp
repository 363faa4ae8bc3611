#include "scenarios/catalog.hpp"

#include "sim/base/nearest_name.hpp"

#include "catalog_files.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

namespace kvferry::scenarios {
namespace {

using sim::GpuSpec;
using sim::ModelSpec;
using sim::StackProfile;

constexpr Number kFactor{0, 100};
constexpr Number kEfficiency{0.001, 10};
constexpr Number kExponent{0.5, 20};
constexpr Time kAnyTime{Sign::not_negative};

template <typename Struct, typename Member>
std::optional<Member> member_of(const Struct* base, Member Struct::*member) {
  return base == nullptr ? std::nullopt : std::optional(base->*member);
}

sim::GemmFit read_gemm(SectionReader&& section, const sim::GemmFit* base) {
  using sim::GemmFit;
  return {
      section.field("fixed", kAnyTime, member_of(base, &GemmFit::fixed)),
      section.field("per_k", kAnyTime, member_of(base, &GemmFit::per_k)),
      section.field("compute_efficiency", kEfficiency,
                    member_of(base, &GemmFit::compute_efficiency)),
      section.field("weight_efficiency", kEfficiency, member_of(base, &GemmFit::weight_efficiency)),
      section.field("activation_efficiency", kEfficiency,
                    member_of(base, &GemmFit::activation_efficiency)),
      section.field("exponent", kExponent, member_of(base, &GemmFit::exponent))};
}

sim::PrefillAttentionFit read_prefill_attention(SectionReader&& section, const GpuSpec* base) {
  using Fit = sim::PrefillAttentionFit;
  const Fit* fit = base == nullptr ? nullptr : &base->prefill_attention;
  return {
      section.field("fixed", kAnyTime, member_of(fit, &Fit::fixed)),
      section.field("per_token", kAnyTime, member_of(fit, &Fit::per_token)),
      section.field("compute_efficiency", kEfficiency, member_of(fit, &Fit::compute_efficiency)),
      section.field("memory_efficiency", kEfficiency, member_of(fit, &Fit::memory_efficiency)),
      section.field("extra_keys", Number{0, 1e6}, member_of(fit, &Fit::extra_keys)),
      section.field("exponent", kExponent, member_of(fit, &Fit::exponent))};
}

sim::DecodeAttentionFit read_decode_attention(SectionReader&& section, const GpuSpec* base) {
  using Fit = sim::DecodeAttentionFit;
  const Fit* fit = base == nullptr ? nullptr : &base->decode_attention;
  return {section.field("fixed", kAnyTime, member_of(fit, &Fit::fixed)),
          section.field("per_sequence", kAnyTime, member_of(fit, &Fit::per_sequence)),
          section.field("per_sequence_head", kAnyTime, member_of(fit, &Fit::per_sequence_head)),
          section.field("kv_efficiency", kEfficiency, member_of(fit, &Fit::kv_efficiency)),
          section.field("per_token", kAnyTime, member_of(fit, &Fit::per_token))};
}

sim::AllReduceFit read_all_reduce(SectionReader&& section, const sim::AllReduceFit* base) {
  using Fit = sim::AllReduceFit;
  return {section.field("fixed_s", Number{0, 1}, member_of(base, &Fit::fixed_s)),
          section.field("per_sqrt_byte_s", Number{0, 1}, member_of(base, &Fit::per_sqrt_byte_s)),
          section.field("per_byte_s", Number{0, 1}, member_of(base, &Fit::per_byte_s))};
}

// A fit that is absent here is taken from the base; without a base it is required.
SectionReader fit_section(SectionReader& gpu, const std::string& key, const GpuSpec* base) {
  return base == nullptr ? gpu.required_section(key) : gpu.section(key);
}

GpuSpec read_gpu_fields(SectionReader& section, const std::string& name, const GpuSpec* base) {
  GpuSpec gpu;
  gpu.name = name;
  gpu.source = section.optional("source", Text{}, base == nullptr ? "the scenario" : base->source);
  gpu.memory = section.field("memory", Size{}, member_of(base, &GpuSpec::memory));
  gpu.bf16_peak = section.field("bf16_peak", ComputeRate{}, member_of(base, &GpuSpec::bf16_peak));
  gpu.memory_bandwidth =
      section.field("memory_bandwidth", Bandwidth{}, member_of(base, &GpuSpec::memory_bandwidth));
  gpu.nvlink_bandwidth =
      section.field("nvlink_bandwidth", Bandwidth{}, member_of(base, &GpuSpec::nvlink_bandwidth));
  gpu.gemm_bf16 =
      read_gemm(fit_section(section, "gemm_bf16", base), base ? &base->gemm_bf16 : nullptr);
  const sim::GemmFit* base_fp8 = base != nullptr && base->gemm_fp8 ? &*base->gemm_fp8 : nullptr;
  if (section.has("gemm_fp8") || base_fp8 != nullptr) {
    gpu.gemm_fp8 = read_gemm(section.section("gemm_fp8"), base_fp8);
  }
  gpu.prefill_attention =
      read_prefill_attention(fit_section(section, "prefill_attention", base), base);
  gpu.decode_attention =
      read_decode_attention(fit_section(section, "decode_attention", base), base);
  SectionReader all_reduce = fit_section(section, "all_reduce", base);
  const std::array<const char*, 3> sizes{"two_gpus", "four_gpus", "eight_gpus"};
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    gpu.all_reduce[i] = read_all_reduce(fit_section(all_reduce, sizes[i], base),
                                        base == nullptr ? nullptr : &base->all_reduce[i]);
  }
  return gpu;
}

ModelSpec read_model_fields(SectionReader& section, const std::string& name,
                            const ModelSpec* base) {
  const auto read = [&](const char* key, std::int32_t ModelSpec::*member, std::int64_t most) {
    return static_cast<std::int32_t>(section.field(key, Integer{1, most}, member_of(base, member)));
  };
  ModelSpec model;
  model.name = name;
  model.source =
      section.optional("source", Text{}, base == nullptr ? "the scenario" : base->source);
  model.layers = read("layers", &ModelSpec::layers, 1024);
  model.hidden = read("hidden", &ModelSpec::hidden, 1 << 20);
  model.heads = read("heads", &ModelSpec::heads, 4096);
  model.kv_heads = read("kv_heads", &ModelSpec::kv_heads, 4096);
  model.head_dim = read("head_dim", &ModelSpec::head_dim, 4096);
  model.ffn = read("ffn", &ModelSpec::ffn, 1 << 22);
  model.vocabulary = read("vocabulary", &ModelSpec::vocabulary, 1 << 24);
  const ModelSpec defaults;
  const ModelSpec& fallback = base == nullptr ? defaults : *base;
  model.gated_mlp = section.optional("gated_mlp", Boolean{}, fallback.gated_mlp);
  model.qk_norm = section.optional("qk_norm", Boolean{}, fallback.qk_norm);
  model.tied_embeddings = section.optional("tied_embeddings", Boolean{}, fallback.tied_embeddings);
  model.max_context = section.maybe("max_context", Integer{});
  if (!model.max_context) model.max_context = fallback.max_context;
  return model;
}

StackProfile read_stack_fields(SectionReader& section, const std::string& name,
                               const StackProfile* base) {
  StackProfile stack;
  stack.name = name;
  stack.source =
      section.optional("source", Text{}, base == nullptr ? "the scenario" : base->source);
  stack.gemm_factor =
      section.field("gemm_factor", kFactor, member_of(base, &StackProfile::gemm_factor));
  stack.attention_factor =
      section.field("attention_factor", kFactor, member_of(base, &StackProfile::attention_factor));
  stack.all_reduce_factor = section.field("all_reduce_factor", kFactor,
                                          member_of(base, &StackProfile::all_reduce_factor));
  stack.per_kernel =
      section.field("per_kernel", kAnyTime, member_of(base, &StackProfile::per_kernel));
  stack.per_iteration =
      section.field("per_iteration", kAnyTime, member_of(base, &StackProfile::per_iteration));
  stack.per_sequence =
      section.field("per_sequence", kAnyTime, member_of(base, &StackProfile::per_sequence));
  stack.elementwise_factor = section.field("elementwise_factor", kFactor,
                                           member_of(base, &StackProfile::elementwise_factor));
  return stack;
}

// A name of the catalog; parses to a pointer into it.
template <typename Entry>
struct CatalogName {
  static constexpr ScalarKind kKind = ScalarKind::text;
  std::string noun;
  const std::vector<Entry>& known;

  const Entry* parse(const std::string& text) const {
    for (const Entry& entry : known) {
      if (entry.name == text) return &entry;
    }
    std::vector<std::string> names;
    for (const Entry& entry : known) names.push_back(entry.name);
    refuse_name(noun, text, names);
  }
  std::string print(const Entry* entry) const { return entry->name; }
};

// A mapping without a base states everything. With one it takes over what it does not state: the
// result is then neither the base nor measured, and says so.
template <typename Entry, typename ReadFields>
Entry read_mapping(SectionReader&& section, const CatalogName<Entry>& catalog,
                   ReadFields read_fields) {
  const std::optional<const Entry*> stated = section.maybe("base", catalog);
  const bool faulty_base =
      stated && *stated == nullptr;  // reported; any base spares the reader further messages
  const Entry* base = faulty_base ? &catalog.known.front() : stated.value_or(nullptr);
  const std::string name = section.optional(
      "name", Text{},
      base == nullptr ? "a " + catalog.noun + " of the scenario" : base->name + " (changed)");
  Entry entry = read_fields(section, name, base);
  entry.origin = sim::SpecOrigin::scenario;
  if (base != nullptr && !section.has("source")) {
    entry.source =
        base->name + " changed by the scenario (" + join_names(section.stated_keys()) + ")";
  }
  return entry;
}

// After a fault the harmless value is an empty one: it is never used, because the load ends in an
// error.
template <typename Entry>
Entry entry_or_empty(const Entry* entry) {
  return entry == nullptr ? Entry{} : *entry;
}

template <typename Entry, typename ReadFields>
std::vector<Entry> parse_catalog(std::string_view text, const std::string& file,
                                 ReadFields read_fields) {
  Diagnostics diagnostics;
  ResolvedNode resolved;
  const ConfigNode root = parse_config(std::string(text), file, diagnostics);
  std::vector<Entry> entries;
  {
    SectionReader reader(root, diagnostics, resolved);
    for (const ConfigEntry& entry : root.entries) {
      SectionReader section = reader.section(entry.key);
      entries.push_back(read_fields(section, entry.key, nullptr));
    }
  }
  diagnostics.throw_if_any();
  return entries;
}

}  // namespace

const std::vector<GpuSpec>& known_gpus() {
  static const auto gpus =
      parse_catalog<GpuSpec>(embedded::gpus_yaml, "gpus.yaml", read_gpu_fields);
  return gpus;
}

const std::vector<ModelSpec>& known_models() {
  static const auto models =
      parse_catalog<ModelSpec>(embedded::models_yaml, "models.yaml", read_model_fields);
  return models;
}

const std::vector<StackProfile>& known_stacks() {
  static const auto stacks =
      parse_catalog<StackProfile>(embedded::stacks_yaml, "stacks.yaml", read_stack_fields);
  return stacks;
}

GpuSpec read_gpu(SectionReader& parent, const std::string& key) {
  const CatalogName<GpuSpec> catalog{"gpu", known_gpus()};
  if (parent.is_mapping(key)) return read_mapping(parent.section(key), catalog, read_gpu_fields);
  return entry_or_empty(parent.required(key, catalog));
}

ModelSpec read_model(SectionReader& parent, const std::string& key) {
  const CatalogName<ModelSpec> catalog{"model", known_models()};
  if (parent.is_mapping(key)) return read_mapping(parent.section(key), catalog, read_model_fields);
  return entry_or_empty(parent.required(key, catalog));
}

StackProfile read_stack(SectionReader& parent, const std::string& key,
                        const std::string& fallback) {
  const CatalogName<StackProfile> catalog{"stack", known_stacks()};
  if (parent.is_mapping(key)) return read_mapping(parent.section(key), catalog, read_stack_fields);
  return entry_or_empty(parent.optional(key, catalog, catalog.parse(fallback)));
}

}  // namespace kvferry::scenarios
