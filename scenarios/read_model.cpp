#include "scenarios/read_model.hpp"

#include "scenarios/spec_fields.hpp"

#include <cstdint>

namespace kvferry::scenarios {
namespace {

using sim::LatentAttention;
using sim::MixtureOfExperts;
using sim::ModelSpec;

constexpr std::int64_t kMaxWidth = 1 << 22;

template <typename Struct>
std::int32_t read_count(SectionReader& section, const char* key, std::int32_t Struct::*member,
                        const Struct* base, Integer range) {
  return static_cast<std::int32_t>(section.field(key, range, member_of(base, member)));
}

template <typename Struct>
std::int32_t read_count_or_zero(SectionReader& section, const char* key,
                                std::int32_t Struct::*member, const Struct* base,
                                std::int64_t most) {
  const std::int64_t fallback = base == nullptr ? 0 : base->*member;
  return static_cast<std::int32_t>(section.optional(key, Integer{0, most}, fallback));
}

MixtureOfExperts read_moe(SectionReader&& section, const MixtureOfExperts* base) {
  using Moe = MixtureOfExperts;
  Moe moe;
  moe.experts = read_count(section, "experts", &Moe::experts, base, {2, 1 << 16});
  moe.top_k = read_count(section, "top_k", &Moe::top_k, base, {1, 1 << 16});
  moe.ffn = read_count(section, "ffn", &Moe::ffn, base, {1, kMaxWidth});
  moe.shared_experts =
      read_count_or_zero(section, "shared_experts", &Moe::shared_experts, base, 1 << 10);
  moe.dense_layers = read_count_or_zero(section, "dense_layers", &Moe::dense_layers, base, 1 << 10);
  return moe;
}

LatentAttention read_mla(SectionReader&& section, const LatentAttention* base) {
  using Mla = LatentAttention;
  Mla mla;
  mla.query_rank = read_count_or_zero(section, "query_rank", &Mla::query_rank, base, 1 << 20);
  mla.kv_rank = read_count(section, "kv_rank", &Mla::kv_rank, base, {1, 1 << 20});
  mla.rope_dim = read_count(section, "rope_dim", &Mla::rope_dim, base, {1, 4096});
  mla.value_dim = read_count(section, "value_dim", &Mla::value_dim, base, {1, 4096});
  return mla;
}

void read_windows(SectionReader& section, ModelSpec& model, const ModelSpec& fallback) {
  model.sliding_window = section.maybe("sliding_window", Integer{});
  if (!model.sliding_window) model.sliding_window = fallback.sliding_window;
  if (!model.sliding_window) {
    if (section.has("windowed_layers"))
      section.error("windowed_layers", "has an effect only with sliding_window");
    section.ignore("windowed_layers");
    return;
  }
  const std::int64_t all = fallback.sliding_window ? fallback.windowed_layers : model.layers;
  model.windowed_layers =
      static_cast<std::int32_t>(section.optional("windowed_layers", Integer{0, 1024}, all));
}

// Dense layers need their width; without any there is none.
void read_ffn(SectionReader& section, ModelSpec& model, const ModelSpec* base) {
  const bool has_dense_layers = !model.moe || model.moe->dense_layers > 0;
  if (has_dense_layers && (base == nullptr || base->ffn == 0)) {
    model.ffn = static_cast<std::int32_t>(section.required("ffn", Integer{1, kMaxWidth}));
  } else {
    model.ffn = read_count_or_zero(section, "ffn", &ModelSpec::ffn, base, kMaxWidth);
  }
}

}  // namespace

ModelSpec read_model_fields(SectionReader& section, const std::string& name,
                            const ModelSpec* base) {
  const auto read = [&](const char* key, std::int32_t ModelSpec::*member, std::int64_t most) {
    return read_count(section, key, member, base, {1, most});
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
  model.moe = maybe_part(section, "moe", part_of(base, &ModelSpec::moe), read_moe);
  model.mla = maybe_part(section, "mla", part_of(base, &ModelSpec::mla), read_mla);
  read_ffn(section, model, base);
  model.vocabulary = read("vocabulary", &ModelSpec::vocabulary, 1 << 24);
  const ModelSpec defaults;
  const ModelSpec& fallback = base == nullptr ? defaults : *base;
  model.gated_mlp = section.optional("gated_mlp", Boolean{}, fallback.gated_mlp);
  model.qk_norm = section.optional("qk_norm", Boolean{}, fallback.qk_norm);
  model.tied_embeddings = section.optional("tied_embeddings", Boolean{}, fallback.tied_embeddings);
  read_windows(section, model, fallback);
  model.max_context = section.maybe("max_context", Integer{});
  if (!model.max_context) model.max_context = fallback.max_context;
  return model;
}

}  // namespace kvferry::scenarios
