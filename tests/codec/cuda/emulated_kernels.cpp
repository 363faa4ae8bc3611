#include "tests/codec/cuda/emulated_kernels.hpp"

namespace kvferry::codec::cuda {

EmulatedEncodeBatch::EmulatedEncodeBatch(const FrameFormat& format,
                                         std::span<const EncodeTask> tasks)
    : plan_(plan_encode(format, tasks)),
      look_back_(plan_.tensor_of_block.size()),
      frame_bytes_(tasks.size()),
      announced_(tasks.size()) {}

emulator::Outcome EmulatedEncodeBatch::encode(const Kernels& kernels, emulator::Device& device,
                                              const emulator::Schedule& schedule) {
  const EncodeLaunch launch{plan_.tensors.data(),
                            plan_.tensor_of_block.data(),
                            look_back_.data(),
                            &run_,
                            frame_bytes_.data(),
                            announced_.data(),
                            static_cast<std::uint32_t>(plan_.tensors.size())};
  const auto kernel = plan_.has_contiguous_books ? kernels.encode_contiguous : kernels.encode_any;
  return device.launch(kernel, static_cast<std::uint32_t>(plan_.tensor_of_block.size()), launch,
                       schedule);
}

EmulatedDecoding decode_emulated(const Kernels& kernels, emulator::Device& device,
                                 const DecodePlan& plan, const emulator::Schedule& schedule) {
  std::vector<std::uint64_t> verdicts(plan.tensors.size(), kNoFault);
  const DecodeLaunch launch{plan.tensors.data(), plan.tensor_of_block.data(), verdicts.data()};
  EmulatedDecoding decoding{};
  decoding.outcome = device.launch(
      kernels.decode, static_cast<std::uint32_t>(plan.tensor_of_block.size()), launch, schedule);
  for (const std::uint64_t verdict : verdicts) decoding.results.push_back(result_of(verdict));
  return decoding;
}

}  // namespace kvferry::codec::cuda
