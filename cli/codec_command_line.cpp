#include "cli/codec_commands.hpp"
#include "cli/codec_ratios_command.hpp"
#include "cli/command_line.hpp"

#include <map>
#include <memory>
#include <string>

namespace kvferry::cli {
namespace {

constexpr unsigned kMostThreads = 1024;

void add_threads(CLI::App& command, unsigned& threads, const std::string& by_default) {
  command.add_option("--threads", threads, "At most so many threads (default: " + by_default + ")")
      ->check(CLI::Range(1U, kMostThreads).description(""))
      ->type_name("N");
}

void add_work(CLI::App& command, CodecWork& work, Globals& globals) {
  add_threads(command, work.threads, "all cores");
  command.add_flag_callback(
      "-q,--quiet",
      [&work, &globals] {
        work.progress = ProgressBarMode::off;
        globals.quiet = true;
      },
      "No progress bar and no warnings");
}

void add_output(CLI::App& command, std::string& output, codec::ExistingFile& existing) {
  command.add_option("-o,--output", output, "The file to write; nothing is left of it on errors")
      ->check(refuse_empty_name)
      ->type_name("FILE");
  command.add_flag_callback(
      "--force", [&existing] { existing = codec::ExistingFile::replace; },
      "Replace the output when it exists");
}

void add_dtype(CLI::App& command, std::optional<codec::DType>& dtype) {
  command
      .add_option_function<std::string>(
          "--dtype",
          [&dtype](const std::string& word) {
            for (const auto known : {codec::DType::bf16, codec::DType::e5m2, codec::DType::e4m3}) {
              if (word == name_of(known)) dtype = known;
            }
          },
          "Type of raw values, or of a .npy file of single bytes")
      ->check(CLI::IsMember({"bf16", "e5m2", "e4m3"}).description(""))
      ->type_name("bf16|e5m2|e4m3");
}

CLI::Option* add_rule(CLI::App& command, codec::FrameRule& rule) {
  const std::map<std::string, codec::FrameRule> rules{
      {"auto", codec::FrameRule::smallest},
      {"w4-positional", codec::FrameRule::w4_positional},
      {"w4-sentinel", codec::FrameRule::w4_sentinel},
      {"w3-sentinel", codec::FrameRule::w3_sentinel}};
  return command
      .add_option_function<std::string>(
          "--format", [&rule, rules](const std::string& word) { rule = rules.at(word); },
          "Width of the codes and how escapes are marked; auto (default): whatever is predicted "
          "to be smallest, tensor by tensor")
      ->check(
          CLI::IsMember({"auto", "w4-positional", "w4-sentinel", "w3-sentinel"}).description(""))
      ->type_name("auto|w4-positional|w4-sentinel|w3-sentinel");
}

CLI::App* add_command(CLI::App& codec, const char* name, const char* purpose,
                      const char* examples) {
  CLI::App* command = codec.add_subcommand(name, purpose);
  command->footer(std::string("\nExamples:\n") + examples);
  return command;
}

void add_encode(CLI::App& codec, Globals& globals) {
  CLI::App* command = add_command(
      codec, "encode",
      "Compress a file of tensors into a .kvz container, without loss.\n"
      "Tensors of BF16 and FP8 become SplitZip frames; everything else is kept as it is.",
      "  kvferry codec encode cache.safetensors -o cache.kvz\n"
      "  kvferry codec encode cache.safetensors -o cache.kvz --codebook codebooks.json\n"
      "  kvferry codec encode layer0.bin --dtype bf16 -o layer0.kvz");
  auto options = std::make_shared<CodecEncodeOptions>();
  command->add_option("input", options->input, "A .safetensors or .npy file, or raw values")
      ->required()
      ->type_name("IN");
  add_output(*command, options->output, options->existing);
  command->get_option("--output")->required();
  add_dtype(*command, options->dtype);
  CLI::Option* codebook =
      command
          ->add_option("--codebook", options->codebooks,
                       "Codebooks from `kvferry codec calibrate` (default: chosen per tensor)")
          ->type_name("FILE");
  add_rule(*command, options->rule)->excludes(codebook);
  command->add_flag_callback(
      "--no-checksum", [options] { options->checksum = codec::ChecksumKind::none; },
      "Leave out the checksums of the frames' chunks (4 bytes for 8192 values)");
  add_work(*command, options->work, globals);
  command->callback(
      [options, &globals] { globals.action = [options] { return codec_encode(*options); }; });
}

void add_decode(CLI::App& codec, Globals& globals) {
  CLI::App* command =
      add_command(codec, "decode", "Restore the original file from a .kvz container, bit for bit.",
                  "  kvferry codec decode cache.kvz -o cache.safetensors");
  auto options = std::make_shared<CodecDecodeOptions>();
  command->add_option("input", options->input, "A .kvz file")->required()->type_name("IN.kvz");
  add_output(*command, options->output, options->existing);
  command->get_option("--output")->required();
  add_work(*command, options->work, globals);
  command->callback(
      [options, &globals] { globals.action = [options] { return codec_decode(*options); }; });
}

void add_inspect(CLI::App& codec, Globals& globals) {
  CLI::App* command =
      add_command(codec, "inspect",
                  "Check a .kvz container and show what is in it: formats, codebooks, escapes,\n"
                  "ratio, and the bound that the entropy of the exponents sets.",
                  "  kvferry codec inspect cache.kvz\n"
                  "  kvferry codec inspect --json --chunks cache.kvz");
  auto options = std::make_shared<CodecInspectOptions>();
  command->add_option("input", options->input, "A .kvz file")->required()->type_name("IN.kvz");
  command->add_flag_callback(
      "--chunks", [options] { options->chunks = ChunkList::all; },
      "Show the escapes of every chunk, not only sums");
  command->add_flag_callback(
      "--json", [options] { options->format = InspectFormat::json; }, "Print JSON");
  add_work(*command, options->work, globals);
  command->callback(
      [options, &globals] { globals.action = [options] { return codec_inspect(*options); }; });
}

void add_calibrate(CLI::App& codec, Globals& globals) {
  CLI::App* command = add_command(
      codec, "calibrate",
      "Count the exponents of each layer's K and V and choose codebooks and code widths\n"
      "by predicted size. Layer and K/V are taken from the tensors' names.",
      "  kvferry codec calibrate prompt1.safetensors prompt2.safetensors -o codebooks.json\n"
      "  kvferry codec encode cache.safetensors -o cache.kvz --codebook codebooks.json");
  auto options = std::make_shared<CodecCalibrateOptions>();
  command->add_option("files", options->inputs, "Files of tensors, of the same kind as for encode")
      ->required()
      ->type_name("FILES");
  add_output(*command, options->output, options->existing);
  add_dtype(*command, options->dtype);
  add_rule(*command, options->rule);
  add_work(*command, options->work, globals);
  command->callback(
      [options, &globals] { globals.action = [options] { return codec_calibrate(*options); }; });
}

void add_bench(CLI::App& codec, Globals& globals) {
  CLI::App* command = add_command(
      codec, "bench",
      "Measure encode and decode beside memcpy in the same run, in the L2 cache and in\n"
      "memory, with each instruction set that this processor has; with --device on a GPU,\n"
      "in all formats (or that of --format), 64 KiB to 1 GiB, per call and as a graph.",
      "  kvferry codec bench\n"
      "  kvferry codec bench --device 0\n"
      "  kvferry codec bench llama-3.1-8b --threads 4\n"
      "  kvferry codec bench cache.safetensors");
  auto options = std::make_shared<CodecBenchOptions>();
  command
      ->add_option("input", options->input,
                   "A file of tensors, or a preset (`kvferry list payloads`); default: qwen3-32b")
      ->type_name("FILE|PRESET");
  add_dtype(*command, options->dtype);
  add_rule(*command, options->rule);
  add_threads(*command, options->threads, "1");
  command->add_option("--device", options->device, "Measure on this GPU; the first is 0")
      ->check(CLI::NonNegativeNumber.description(""))
      ->excludes(command->get_option("--threads"))
      ->type_name("N");
  command->callback(
      [options, &globals] { globals.action = [options] { return codec_bench(*options); }; });
}

void add_profile(CLI::App& codec, Globals& globals) {
  CLI::App* command = add_command(
      codec, "profile",
      "Record how long a GPU encodes and decodes: launches of BF16 and FP8 in all formats,\n"
      "2 to 160 tensors, 16 KiB to 1 GiB, up to 25 % escapes. The file is for codec.profile.",
      "  kvferry codec profile --device 0 -o profile.csv\n"
      "  kvferry run scenario.yaml --set codec.timing=profile --set codec.profile=profile.csv");
  auto options = std::make_shared<CodecProfileOptions>();
  command->add_option("--device", options->device, "The GPU; the first is 0 (default)")
      ->check(CLI::NonNegativeNumber.description(""))
      ->type_name("N");
  add_output(*command, options->output, options->existing);
  command->get_option("--output")->required();
  command->callback(
      [options, &globals] { globals.action = [options] { return codec_profile(*options); }; });
}

}  // namespace

void add_codec(CLI::App& app, Globals& globals) {
  CLI::App* codec = app.add_subcommand("codec", "Compress and restore files of KV-cache tensors");
  codec->footer(
      "\nExample:\n"
      "  kvferry codec encode cache.safetensors -o cache.kvz\n"
      "  kvferry codec inspect cache.kvz\n"
      "  kvferry codec decode cache.kvz -o restored.safetensors");
  codec->require_subcommand(1);
  add_encode(*codec, globals);
  add_decode(*codec, globals);
  add_inspect(*codec, globals);
  add_calibrate(*codec, globals);
  add_bench(*codec, globals);
  add_profile(*codec, globals);
  add_codec_ratios_commands(*codec, globals.action);
}

}  // namespace kvferry::cli
