#include "cli/commands.hpp"
#include "cli/text_table.hpp"
#include "codec/profile.hpp"
#include "codec/synthetic_kv.hpp"
#include "scenarios/catalog.hpp"
#include "scenarios/read_network.hpp"
#include "sim/base/error.hpp"
#include "sim/base/nearest_name.hpp"
#include "sim/base/quantity_text.hpp"

#include <fmt/format.h>

#include <cmath>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace kvferry::cli {
namespace {

std::string attention_of(const sim::ModelSpec& model) {
  if (model.mla) return "MLA";
  const std::string heads = model.kv_heads == model.heads ? "MHA" : "GQA";
  if (sim::windowed_layers(model) == 0) return heads;
  return fmt::format("{}, {} of {} layers see {} tokens", heads, model.windowed_layers,
                     model.layers, *model.sliding_window);
}

std::string experts_of(const sim::ModelSpec& model) {
  return model.moe ? fmt::format("{} of {}", model.moe->top_k, model.moe->experts) : "-";
}

TextTable models() {
  TextTable table({"model", "parameters", "active", "weights (bf16)", "KV per token", "attention",
                   "experts", "max context", "source"},
                  {Align::left, Align::right, Align::right, Align::right, Align::right, Align::left,
                   Align::right, Align::right, Align::left});
  const auto billions = [](std::int64_t count) {
    return fmt::format("{:.2f} B", static_cast<double>(count) / 1e9);
  };
  for (const sim::ModelSpec& model : scenarios::known_models()) {
    table.add(
        {model.name, billions(parameter_count(model)), billions(active_parameter_count(model)),
         fmt::format("{:.1f} GB",
                     static_cast<double>(weight_bytes(model, sim::WeightType::bf16).value) / 1e9),
         to_text(kv_bytes_per_token(model)), attention_of(model), experts_of(model),
         model.max_context ? std::to_string(*model.max_context) : "-", model.source});
  }
  return table;
}

TextTable gpus() {
  TextTable table(
      {"gpu", "memory", "bf16 peak", "memory bandwidth", "NVLink", "fp8", "experts", "MLA", "fits",
       "USD/h", "source", "price source"},
      {Align::left, Align::right, Align::right, Align::right, Align::right, Align::right,
       Align::right, Align::right, Align::left, Align::right, Align::left, Align::left});
  const auto yes_no = [](bool has) { return has ? "yes" : "no"; };
  for (const sim::GpuSpec& gpu : scenarios::known_gpus()) {
    table.add({gpu.name, to_text(gpu.memory), to_text(gpu.bf16_peak), to_text(gpu.memory_bandwidth),
               to_text(gpu.nvlink_bandwidth), yes_no(gpu.gemm_fp8.has_value()),
               yes_no(gpu.moe_bf16.has_value()), yes_no(gpu.latent_decode.has_value()),
               gpu.extrapolated_from ? "from " + *gpu.extrapolated_from : "measured",
               gpu.usd_per_hour ? fmt::format("{:.2f}", *gpu.usd_per_hour) : "-", gpu.source,
               gpu.price_source});
  }
  return table;
}

TextTable topologies() {
  TextTable table({"topology", "what it is", "keys of network"}, {Align::left});
  for (const scenarios::KnownTopology& topology : scenarios::known_topologies()) {
    std::vector<std::string> keys = topology.keys;
    if (topology.has_node)
      keys.insert(keys.begin(), {"link_bandwidth", "link_latency", "gpus_per_node", "node"});
    table.add({topology.word, topology.description, join_names(keys)});
  }
  return table;
}

TextTable codecs() {
  TextTable table({"codec", "what it is", "source"}, {Align::left});
  table.add({"none", "raw bytes travel", "-"});
  table.add({"splitzip", "lossless: 4-bit exponent codes, sign and mantissa raw, escapes apart",
             "arXiv 2605.01708; format: codec/FORMAT.md"});
  table.add({"adaptive", "splitzip for each hand-off that it is predicted to shorten", "-"});
  return table;
}

TextTable profiles() {
  TextTable table({"profile", "origin", "device", "source"}, {Align::left});
  for (const codec::CodecProfile& profile : codec::built_in_profiles()) {
    table.add({profile.name, std::string(text_of(profile.origin)), profile.device, profile.source});
  }
  return table;
}

TextTable policies() {
  TextTable table({"policy", "where", "what it does"}, {Align::left});
  table.add({"least-loaded", "router.prefill, router.decode",
             "the instance with the fewest requests; the first of equals"});
  table.add({"round-robin", "router.prefill, router.decode",
             "one after the other, each pool with its own turn"});
  table.add({"shortest-queue", "router.prefill, router.decode",
             "the fewest tokens to work on; of equals the fewest requests, then the first"});
  table.add({"prefix-aware", "router.prefill, router.decode",
             "likewise, after adding the tokens of this prompt that are not cached there"});
  table.add({"random", "router.prefill, router.decode", "any instance, all equally likely"});
  table.add({"power-of-two", "router.prefill, router.decode",
             "of two instances drawn at random, the one with fewer requests"});
  table.add({"session-sticky", "router.prefill, router.decode",
             "where the session's previous turn went; without one, least-loaded"});
  table.add({"network-aware", "router.decode",
             "where the KV cache is predicted to be usable first: room, path and hand-offs on "
             "their way; of equals the fewest requests, then the first"});
  table.add({"fcfs", "policy of a pool", "prompts in order of arrival"});
  table.add({"shortest-first", "policy of a pool", "the shortest prompt first; of equals fcfs"});
  table.add({"priority", "policy of a pool",
             "the smallest priority of the workload first; of equals fcfs"});
  table.add({"recompute", "preemption of a pool",
             "when the KV cache is full, the answer let in last is computed again later"});
  table.add(
      {"swap", "preemption of a pool", "likewise, but its blocks go to host memory and back"});
  table.add({"never", "preemption of a pool", "room for the whole answer is taken in advance"});
  table.add({"none, pipelined", "transfer.overlap",
             "encode, send and decode in sequence, or chunk by chunk"});
  table.add({"layerwise", "transfer.overlap",
             "chunk by chunk, each as soon as prefill has computed its layers"});
  table.add({"ecmp", "network.paths", "a flow's path of several is drawn by a hash"});
  table.add({"adaptive", "network.paths", "a flow takes the path where one more would get most"});
  return table;
}

TextTable payloads() {
  TextTable table({"payload", "fitted to"}, {Align::left});
  for (const codec::KvPreset& preset : codec::kv_presets())
    table.add({preset.name, preset.fitted_to});
  return table;
}

TextTable stacks() {
  TextTable table({"stack", "source"}, {Align::left});
  for (const sim::StackProfile& stack : scenarios::known_stacks())
    table.add({stack.name, stack.source});
  return table;
}

std::string efficiency_of(const sim::TransferEngine& engine) {
  const std::string efficiency = fmt::format("{:.4g}", engine.efficiency);
  if (!engine.small) return efficiency;
  return fmt::format("{} ({:.4g} up to {})", efficiency, engine.small->efficiency,
                     to_text(engine.small->up_to));
}

// What overlaps with the wire, and what does not.
std::string per_descriptor_of(const sim::TransferEngine& engine) {
  if (engine.packing) return "packed at " + to_text(*engine.packing);
  const std::string overlapping = to_text(engine.per_descriptor);
  if (engine.serial_per_descriptor <= Seconds{0}) return overlapping;
  return overlapping + " + " + to_text(engine.serial_per_descriptor);
}

std::string figures_of(const sim::TransferEngine& engine, sim::FigureOrigin origin) {
  std::vector<std::string> figures;
  for (const sim::FigureSource& figure : engine.figures) {
    if (figure.origin == origin) figures.push_back(figure.figure);
  }
  return figures.empty() ? "-" : join_names(figures);
}

TextTable engines() {
  TextTable table(
      {"engine", "efficiency", "rate", "start", "per descriptor", "blend", "in flight", "set-up",
       "measured", "assumed", "source"},
      {Align::left, Align::right, Align::right, Align::right, Align::right, Align::right,
       Align::right, Align::right, Align::left, Align::left, Align::left});
  for (const sim::TransferEngine& engine : scenarios::known_transfer_engines()) {
    table.add({engine.name, efficiency_of(engine), engine.rate ? to_text(*engine.rate) : "-",
               to_text(engine.start), per_descriptor_of(engine),
               std::isinf(engine.blend) ? "max" : fmt::format("{:.4g}", engine.blend),
               engine.in_flight ? std::to_string(*engine.in_flight) : "-",
               to_text(engine.connection_setup), figures_of(engine, sim::FigureOrigin::measured),
               figures_of(engine, sim::FigureOrigin::assumed), engine.source});
  }
  return table;
}

using Listing = std::pair<std::string, std::function<TextTable()>>;

const std::vector<Listing>& listings() {
  static const std::vector<Listing> all{
      {"models", models},     {"gpus", gpus},         {"topologies", topologies},
      {"codecs", codecs},     {"profiles", profiles}, {"policies", policies},
      {"payloads", payloads}, {"stacks", stacks},     {"engines", engines}};
  return all;
}

}  // namespace

const std::vector<std::string>& listable() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> result;
    for (const Listing& listing : listings()) result.push_back(listing.first);
    return result;
  }();
  return names;
}

int list(const std::string& what) {
  for (const auto& [name, table] : listings()) {
    if (name != what) continue;
    fmt::print("{}", table().text());
    return kSuccess;
  }
  const std::string fault = what.empty()
                                ? "say what to list"
                                : "unknown list '" + what + "'" + did_you_mean(what, listable());
  throw InputError("kvferry list: error: " + fault + "; lists: " + join_names(listable()));
}

}  // namespace kvferry::cli
