#include "tests/codec/cuda/emulated_kernels.hpp"

#include "codec/cuda/decode_kernels.cuh"
#include "codec/cuda/encode_kernels.cuh"
#include "codec/cuda/kernel_choice.hpp"

namespace kvferry::codec::cuda {
namespace {

using EncodeKernel = void (*)(EncodeLaunch);
using DecodeKernel = void (*)(DecodeLaunch);

EncodeKernel encode_kernel_for(const FrameFormat& format, BookKind book) {
  return with_format(format, [book]<DType kType, std::uint8_t kBits, EscapeMode kMode>(
                                 FormatConstant<kType, kBits, kMode>) {
    return book == BookKind::contiguous
               ? EncodeKernel{encode_kernel<kType, kBits, kMode, BookKind::contiguous>}
               : EncodeKernel{encode_kernel<kType, kBits, kMode, BookKind::any>};
  });
}

DecodeKernel decode_kernel_for(const FrameFormat& format) {
  return with_format(format, []<DType kType, std::uint8_t kBits, EscapeMode kMode>(
                                 FormatConstant<kType, kBits, kMode>) {
    return DecodeKernel{decode_kernel<kType, kBits, kMode>};
  });
}

}  // namespace

EmulatedEncodeBatch::EmulatedEncodeBatch(const FrameFormat& format,
                                         std::span<const EncodeTask> tasks)
    : format_(format),
      plan_(plan_encode(format, tasks)),
      look_back_(plan_.tensor_of_block.size()),
      frame_bytes_(tasks.size()),
      announced_(tasks.size()) {}

emulator::Outcome EmulatedEncodeBatch::encode(emulator::Device& device,
                                              const emulator::Schedule& schedule) {
  const EncodeLaunch launch{plan_.tensors.data(),
                            plan_.tensor_of_block.data(),
                            look_back_.data(),
                            &run_,
                            frame_bytes_.data(),
                            announced_.data(),
                            static_cast<std::uint32_t>(plan_.tensors.size())};
  const BookKind book = plan_.has_contiguous_books ? BookKind::contiguous : BookKind::any;
  return device.launch(encode_kernel_for(format_, book),
                       static_cast<std::uint32_t>(plan_.tensor_of_block.size()), launch, schedule);
}

EmulatedDecoding decode_emulated(emulator::Device& device, const FrameFormat& format,
                                 std::span<const DecodeTask> tasks,
                                 const emulator::Schedule& schedule) {
  const DecodePlan plan = plan_decode(format, tasks);
  std::vector<std::uint64_t> verdicts(tasks.size(), kNoFault);
  const DecodeLaunch launch{plan.tensors.data(), plan.tensor_of_block.data(), verdicts.data()};
  EmulatedDecoding decoding{};
  decoding.outcome =
      device.launch(decode_kernel_for(format),
                    static_cast<std::uint32_t>(plan.tensor_of_block.size()), launch, schedule);
  for (const std::uint64_t verdict : verdicts) decoding.results.push_back(result_of(verdict));
  return decoding;
}

}  // namespace kvferry::codec::cuda
