#include "cli/codec_commands.hpp"
#include "cli/commands.hpp"
#include "codec/cuda/gpu_backend.hpp"
#include "codec/files/output_file.hpp"
#include "codec/gpu/record_profile.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <ctime>
#include <filesystem>
#include <span>

namespace kvferry::cli {
namespace {

constexpr std::size_t kReportEvery = 100;

}  // namespace

int codec_profile(const CodecProfileOptions& options) {
  codec::OutputFile output(options.output, options.existing);
  const auto gpu =
      codec::open_gpu(codec::cuda::gpu_backend(), options.device, "kvferry codec profile");
  codec::Recording recording =
      record_profile(*gpu, codec::default_profile_plan(), [](std::size_t done, std::size_t all) {
        if (done % kReportEvery == 0) spdlog::info("launch {} of {}", done, all);
      });
  recording.name = std::filesystem::path(options.output).stem().string();
  recording.date = fmt::format("{:%Y-%m-%d}", fmt::gmtime(std::time(nullptr)));
  recording.tool = "kvferry " KVFERRY_VERSION;
  const std::string text = profile_text(recording);
  output.write(std::as_bytes(std::span(text)));
  output.commit();
  fmt::print("{}: {} launches on {}, {} repetitions each\n", options.output,
             recording.launches.size(), recording.device, recording.repetitions);
  return kSuccess;
}

}  // namespace kvferry::cli
