#include "scenarios/read_gpu.hpp"

#include "scenarios/spec_fields.hpp"

#include <array>
#include <cstddef>

namespace kvferry::scenarios {
namespace {

using sim::GpuSpec;

sim::GemmFit read_gemm(SectionReader&& section, const sim::GemmFit* base) {
  using Fit = sim::GemmFit;
  return {
      section.field("fixed", kAnyTime, member_of(base, &Fit::fixed)),
      section.field("per_k", kAnyTime, member_of(base, &Fit::per_k)),
      section.field("compute_efficiency", kEfficiency, member_of(base, &Fit::compute_efficiency)),
      section.field("weight_efficiency", kEfficiency, member_of(base, &Fit::weight_efficiency)),
      section.field("activation_efficiency", kEfficiency,
                    member_of(base, &Fit::activation_efficiency)),
      section.field("exponent", kExponent, member_of(base, &Fit::exponent))};
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

sim::DecodeAttentionFit read_decode_attention(SectionReader&& section,
                                              const sim::DecodeAttentionFit* base) {
  using Fit = sim::DecodeAttentionFit;
  return {section.field("fixed", kAnyTime, member_of(base, &Fit::fixed)),
          section.field("per_sequence", kAnyTime, member_of(base, &Fit::per_sequence)),
          section.field("per_sequence_head", kAnyTime, member_of(base, &Fit::per_sequence_head)),
          section.field("kv_efficiency", kEfficiency, member_of(base, &Fit::kv_efficiency)),
          section.field("per_token", kAnyTime, member_of(base, &Fit::per_token))};
}

sim::LatentDecodeFit read_latent_decode(SectionReader&& section, const sim::LatentDecodeFit* base) {
  using Fit = sim::LatentDecodeFit;
  return {
      section.field("fixed", kAnyTime, member_of(base, &Fit::fixed)),
      section.field("per_sequence", kAnyTime, member_of(base, &Fit::per_sequence)),
      section.field("kv_efficiency", kEfficiency, member_of(base, &Fit::kv_efficiency)),
      section.field("compute_efficiency", kEfficiency, member_of(base, &Fit::compute_efficiency)),
      section.field("exponent", kExponent, member_of(base, &Fit::exponent))};
}

sim::MoeFit read_moe(SectionReader&& section, const sim::MoeFit* base) {
  using Fit = sim::MoeFit;
  return {
      section.field("fixed", kAnyTime, member_of(base, &Fit::fixed)),
      section.field("compute_efficiency", kEfficiency, member_of(base, &Fit::compute_efficiency)),
      section.field("weight_efficiency", kEfficiency, member_of(base, &Fit::weight_efficiency)),
      section.field("activation_efficiency", kEfficiency,
                    member_of(base, &Fit::activation_efficiency)),
      section.field("exponent", kExponent, member_of(base, &Fit::exponent))};
}

sim::CollectiveFit read_collective(SectionReader&& section, const sim::CollectiveFit* base) {
  using Fit = sim::CollectiveFit;
  return {section.field("fixed_s", Number{0, 1}, member_of(base, &Fit::fixed_s)),
          section.field("per_sqrt_byte_s", Number{0, 1}, member_of(base, &Fit::per_sqrt_byte_s)),
          section.field("per_byte_s", Number{0, 1}, member_of(base, &Fit::per_byte_s))};
}

// A fit that is absent here is taken from the base; without a base it is required.
template <typename Base>
SectionReader fit_section(SectionReader& parent, const std::string& key, const Base* base) {
  return base == nullptr ? parent.required_section(key) : parent.section(key);
}

sim::CollectiveFits read_collectives(SectionReader&& section, const sim::CollectiveFits* base) {
  constexpr std::array<const char*, 3> kSizes{"two_gpus", "four_gpus", "eight_gpus"};
  sim::CollectiveFits fits{};
  for (std::size_t i = 0; i < kSizes.size(); ++i) {
    fits[i] = read_collective(fit_section(section, kSizes[i], base),
                              base == nullptr ? nullptr : &(*base)[i]);
  }
  return fits;
}

void read_datasheet(SectionReader& section, GpuSpec& gpu, const GpuSpec* base) {
  gpu.memory = section.field("memory", Size{}, member_of(base, &GpuSpec::memory));
  gpu.bf16_peak = section.field("bf16_peak", ComputeRate{}, member_of(base, &GpuSpec::bf16_peak));
  gpu.memory_bandwidth =
      section.field("memory_bandwidth", Bandwidth{}, member_of(base, &GpuSpec::memory_bandwidth));
  gpu.nvlink_bandwidth =
      section.field("nvlink_bandwidth", Bandwidth{}, member_of(base, &GpuSpec::nvlink_bandwidth));
}

void read_optional_fits(SectionReader& section, GpuSpec& gpu, const GpuSpec* base) {
  gpu.gemm_fp8 = maybe_part(section, "gemm_fp8", part_of(base, &GpuSpec::gemm_fp8), read_gemm);
  gpu.decode_attention_fp8 =
      maybe_part(section, "decode_attention_fp8", part_of(base, &GpuSpec::decode_attention_fp8),
                 read_decode_attention);
  gpu.latent_decode = maybe_part(section, "latent_decode", part_of(base, &GpuSpec::latent_decode),
                                 read_latent_decode);
  gpu.latent_decode_fp8 = maybe_part(
      section, "latent_decode_fp8", part_of(base, &GpuSpec::latent_decode_fp8), read_latent_decode);
  gpu.moe_bf16 = maybe_part(section, "moe_bf16", part_of(base, &GpuSpec::moe_bf16), read_moe);
  gpu.moe_fp8 = maybe_part(section, "moe_fp8", part_of(base, &GpuSpec::moe_fp8), read_moe);
  gpu.all_to_all =
      maybe_part(section, "all_to_all", part_of(base, &GpuSpec::all_to_all), read_collectives);
}

// Measured times are those of the base, whole: no longer where the scenario changes what they
// depend on.
std::vector<sim::MoeMeasurement> inherited_measurements(const SectionReader& section,
                                                        const GpuSpec* base) {
  if (base == nullptr) return {};
  for (const char* key : {"bf16_peak", "memory_bandwidth", "moe_bf16", "moe_fp8"}) {
    if (section.has(key)) return {};
  }
  return base->moe_measured;
}

}  // namespace

GpuSpec read_gpu_fields(SectionReader& section, const std::string& name, const GpuSpec* base) {
  GpuSpec gpu;
  gpu.name = name;
  gpu.source = section.optional("source", Text{}, base == nullptr ? "the scenario" : base->source);
  read_datasheet(section, gpu, base);
  gpu.gemm_bf16 =
      read_gemm(fit_section(section, "gemm_bf16", base), base ? &base->gemm_bf16 : nullptr);
  gpu.prefill_attention =
      read_prefill_attention(fit_section(section, "prefill_attention", base), base);
  gpu.decode_attention = read_decode_attention(fit_section(section, "decode_attention", base),
                                               base ? &base->decode_attention : nullptr);
  gpu.all_reduce = read_collectives(fit_section(section, "all_reduce", base),
                                    base ? &base->all_reduce : nullptr);
  read_optional_fits(section, gpu, base);
  gpu.moe_measured = inherited_measurements(section, base);
  gpu.usd_per_hour = section.maybe("usd_per_hour", Number{0, 1e6});
  if (!gpu.usd_per_hour && base != nullptr) gpu.usd_per_hour = base->usd_per_hour;
  gpu.price_source = section.optional("price_source", Text{},
                                      base == nullptr ? std::string("-") : base->price_source);
  if (base != nullptr) gpu.extrapolated_from = base->extrapolated_from;
  return gpu;
}

}  // namespace kvferry::scenarios
