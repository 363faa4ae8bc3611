#include "scenarios/read_lengths.hpp"

#include "scenarios/exactly_one.hpp"
#include "scenarios/file_path.hpp"
#include "scenarios/read_arrivals.hpp"

namespace kvferry::scenarios {
namespace {

using namespace workloads;  // NOLINT: this file turns YAML into that namespace's structs

const Choice<OnBadRow> kBadRows{"choice", {{"reject", OnBadRow::reject}, {"skip", OnBadRow::skip}}};
const Choice<InputCounts> kInputCounts{
    "choice", {{"suffix", InputCounts::suffix}, {"prompt", InputCounts::prompt}}};

constexpr Integer kTokens{};
constexpr Number kRealTokens{0, 1e9, Bound::exclusive};
constexpr Number kWeight{0, 1e9};

const std::vector<std::string> kSimple{"constant", "uniform",     "lognormal",
                                       "normal",   "exponential", "zipf",
                                       "pareto",   "vllm_range",  "sglang_range"};

UniformLength read_range(SectionReader& range) {
  const std::int64_t min = range.required("min", kTokens);
  const std::int64_t max = range.required("max", kTokens);
  if (max < min) range.error("max", "must be at least min, found " + std::to_string(max));
  return {min, max};
}

LogNormalLength read_lognormal(SectionReader&& lognormal) {
  const double median = lognormal.required("median", kRealTokens);
  const double p90 = lognormal.required("p90", kRealTokens);
  if (p90 <= median) lognormal.error("p90", "must be above the median");
  return {median, p90};
}

NormalLength read_normal(SectionReader&& normal) {
  const double mean = normal.required("mean", Number{1, 1e9});
  return {mean, normal.required("deviation", Number{0, 1e9})};
}

ZipfLength read_zipf(SectionReader&& zipf) {
  const UniformLength range = read_range(zipf);
  return {range.min_tokens, range.max_tokens, zipf.required("exponent", Number{0, 100})};
}

ParetoLength read_pareto(SectionReader&& pareto) {
  const UniformLength range = read_range(pareto);
  return {range.min_tokens, range.max_tokens, pareto.required("alpha", Number{1e-3, 100})};
}

VllmRangeLength read_vllm_range(SectionReader&& range) {
  const std::int64_t tokens = range.required("tokens", Integer{1, 1 << 30});
  const double ratio = range.required("ratio", Number{0, 1});
  if (ratio == 1) range.error("ratio", "must be below 1 (vLLM's range is around the length)");
  return {tokens, ratio};
}

SglangRangeLength read_sglang_range(SectionReader&& range) {
  const std::int64_t tokens = range.required("tokens", kTokens);
  return {tokens, range.required("ratio", Number{0, 1})};
}

// What `chosen` of a section says; the constant 1 after a fault.
SimpleLength read_simple(SectionReader& section, const std::string& chosen) {
  if (chosen == "constant") return ConstantLength{section.required(chosen, kTokens)};
  if (chosen == "uniform") {
    SectionReader uniform = section.section(chosen);
    return read_range(uniform);
  }
  if (chosen == "lognormal") return read_lognormal(section.section(chosen));
  if (chosen == "normal") return read_normal(section.section(chosen));
  if (chosen == "exponential") {
    SectionReader exponential = section.section(chosen);
    return ExponentialLength{exponential.required("mean", kRealTokens)};
  }
  if (chosen == "zipf") return read_zipf(section.section(chosen));
  if (chosen == "pareto") return read_pareto(section.section(chosen));
  if (chosen == "vllm_range") return read_vllm_range(section.section(chosen));
  if (chosen == "sglang_range") return read_sglang_range(section.section(chosen));
  return ConstantLength{1};
}

// Weights that are each in order may still be none at all.
template <typename Part>
void require_weight(SectionReader& section, const std::string& key,
                    const std::vector<Part>& parts) {
  double sum = 0;
  for (const Part& part : parts) sum += part.weight;
  if (!parts.empty() && sum <= 0) section.error(key, "at least one weight must be above zero");
}

MixtureLength read_mixture(SectionReader& distribution) {
  MixtureLength mixture;
  distribution.each_of("mixture", [&](SectionReader&& part) {
    const double weight = part.required("weight", kWeight);
    mixture.parts.push_back({weight, read_simple(part, exactly_one(part, kSimple))});
  });
  require_weight(distribution, "mixture", mixture.parts);
  return mixture;
}

LengthDistribution read_distribution(SectionReader&& distribution) {
  std::vector<std::string> all = kSimple;
  all.emplace_back("mixture");
  const std::string chosen = exactly_one(distribution, all);
  if (chosen == "mixture") return read_mixture(distribution);
  return read_simple(distribution, chosen);
}

PairMix read_mix(SectionReader& lengths) {
  PairMix mix;
  lengths.each_of("mix", [&](SectionReader&& part) {
    const double weight = part.optional("weight", kWeight, 1.0);
    const std::int64_t input = part.required("input", kTokens);
    mix.pairs.push_back({weight, {input, part.required("output", kTokens)}});
  });
  require_weight(lengths, "mix", mix.pairs);
  return mix;
}

}  // namespace

decltype(SyntheticSpec::lengths) read_lengths(SectionReader&& lengths) {
  if (lengths.has("empirical")) {
    SectionReader empirical = lengths.section("empirical");
    EmpiricalLengths spec;
    spec.path = read_file_path(empirical, "path");
    spec.on_bad_row = empirical.optional("on_bad_row", kBadRows, spec.on_bad_row);
    return spec;
  }
  if (lengths.has("mix")) return read_mix(lengths);
  IndependentLengths spec;
  spec.input = read_distribution(lengths.required_section("input"));
  spec.output = read_distribution(lengths.required_section("output"));
  return spec;
}

LengthLimits read_limits(SectionReader& workload) {
  return {workload.maybe("max_input_tokens", kTokens),
          workload.maybe("max_output_tokens", kTokens)};
}

ConversationSpec read_conversations(SectionReader& workload) {
  ConversationSpec spec;
  {
    SectionReader prefix = workload.section("shared_prefix");
    if (prefix.present()) {
      SharedPrefixes& prefixes = spec.prefixes.emplace();
      prefixes.groups = prefix.required("groups", Integer{1, 10'000'000});
      prefixes.prefix_tokens = prefix.required("tokens", kTokens);
      prefixes.zipf_exponent =
          prefix.optional("zipf_exponent", Number{0, 100}, prefixes.zipf_exponent);
      prefixes.input_counts = prefix.optional("input_counts", kInputCounts, prefixes.input_counts);
    }
  }
  {
    SectionReader sessions = workload.section("sessions");
    if (sessions.present()) {
      SessionSpec& session = spec.sessions.emplace();
      session.turns = read_distribution(sessions.required_section("turns"));
      session.think = read_think_time(sessions.section("think"));
    }
  }
  const bool names_blocks = spec.prefixes || spec.sessions;
  if (names_blocks) {
    spec.block_tokens = workload.optional("block_tokens", Integer{1, 1 << 20}, spec.block_tokens);
  } else if (workload.has("block_tokens")) {
    workload.error("block_tokens", "only shared_prefix and sessions name blocks");
  }
  workload.ignore("block_tokens");
  return spec;
}

}  // namespace kvferry::scenarios
