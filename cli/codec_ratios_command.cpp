#include "cli/codec_ratios_command.hpp"

#include "cli/commands.hpp"
#include "codec/study/layout_ratios.hpp"
#include "codec/study/preset_fits.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

namespace kvferry::cli {
namespace {

constexpr int kDefaultTokens = 64;  // enough for three digits, and fast enough for a test
constexpr int kMostTokens = 4096;

std::string percent(double share) {
  return fmt::format("{:.2f}", 100 * share);
}

// One row per preset and dtype; a codebook for the whole cache, or one for each tensor.
void print_preset_ratios(int tokens) {
  fmt::print(
      "| preset, {} tokens | dtype | escapes, one book, % | released | 4-bit, one book "
      "| escapes, own books, % | 4-bit, own books | 3-bit, own books | chosen | entropy bound |\n"
      "|---|---|---|---|---|---|---|---|---|---|\n",
      tokens);
  for (const codec::KvPreset& preset : codec::kv_presets()) {
    for (const codec::StudyInput& input : preset_inputs(preset, tokens)) {
      const codec::LayoutRatios r = measure_layouts(input);
      fmt::print("| {} | {} | {} | {:.3f} | {:.3f} | {} | {:.3f} | {:.3f} | {:.3f} | {:.3f} |\n",
                 input.name, name_of(input.dtype), percent(r.global_escapes), r.released,
                 r.w4_global, percent(r.own_escapes), r.w4_own, r.w3_own, r.chosen, r.entropy);
    }
  }
}

// One tensor each, so that its own codebook is the only one.
void print_single_tensor_ratios(const char* title, const std::vector<codec::StudyInput>& inputs) {
  fmt::print(
      "\n| {} | dtype | escapes, % | released | 4-bit | 3-bit | chosen | entropy bound |\n"
      "|---|---|---|---|---|---|---|---|\n",
      title);
  for (const codec::StudyInput& input : inputs) {
    const codec::LayoutRatios r = measure_layouts(input);
    fmt::print("| {} | {} | {} | {:.3f} | {:.3f} | {:.3f} | {:.3f} | {:.3f} |\n", input.name,
               name_of(input.dtype), percent(r.global_escapes), r.released, r.w4_own, r.w3_own,
               r.chosen, r.entropy);
  }
}

int ratios(int tokens) {
  print_preset_ratios(tokens);
  print_single_tensor_ratios("Gaussian with", codec::stray_inputs());
  print_single_tensor_ratios("adversarial", codec::adversarial_inputs());
  return kSuccess;
}

int presets(int tokens) {
  fmt::print(
      "| preset | | tokens | entropy, bit | top 8, % | top 16, % | escapes, % "
      "| escapes, held-out book, % |\n"
      "|---|---|---|---|---|---|---|---|\n");
  for (const codec::PresetFit& fit : codec::preset_fits(tokens)) {
    const codec::ExponentStatistics& real = fit.measured;
    const codec::ExponentStatistics& ours = fit.generated;
    fmt::print("| {} | {} | {} / {} | {:.3f} / {:.3f} | {} / {} | {} / {} | {} / {} | {} |\n",
               fit.preset, fit.part, fit.measured_tokens, fit.generated_tokens, real.entropy_bits,
               ours.entropy_bits, percent(real.top8), percent(ours.top8), percent(real.top16),
               percent(ours.top16), percent(1 - real.top16), percent(1 - ours.top16),
               percent(fit.held_out_escapes));
  }
  return kSuccess;
}

struct TableCommand {
  const char* name;
  const char* description;
  int (*print)(int tokens);
};

void add_table_command(CLI::App& codec, const TableCommand& table, std::function<int()>& action) {
  CLI::App* command = codec.add_subcommand(table.name, table.description);
  auto tokens = std::make_shared<int>(kDefaultTokens);
  command->add_option("--tokens", *tokens, "Tokens to generate per layer, 1 to 4096 (default 64)")
      ->check(CLI::Range(1, kMostTokens).description(""))
      ->type_name("N");
  command->callback([tokens, print = table.print, &action] {
    action = [tokens, print] { return print(*tokens); };
  });
}

}  // namespace

void add_codec_ratios_commands(CLI::App& codec, std::function<int()>& action) {
  add_table_command(
      codec,
      {"ratios", "Compare the sizes of the published layout, our frames and the entropy bound",
       ratios},
      action);
  add_table_command(
      codec,
      {"presets", "Show the exponents of the synthetic caches beside the measured ones", presets},
      action);
}

}  // namespace kvferry::cli
