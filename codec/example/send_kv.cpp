// The codec in a serving engine, in short: calibrate once, then encode each layer's K and V before the wire and decode
// behind it. Build: cmake -S codec/example -B build-example (after cmake --install of codec/).
#include <codec/splitzip.hpp>
#include <codec/synthetic_kv.hpp>

#include <cstdio>
#include <span>
#include <vector>

using namespace kvferry::codec;

int main() {
  // One layer's K of a prompt of 2,048 tokens; an engine has these bytes in its paged cache.
  const KvPreset& model = *find_kv_preset("llama-3.1-8b");
  const KvShape shape{32, 8, 128, 2048};
  const std::vector<std::uint16_t> key = synthesize_kv(model, shape, KvKind::key, 5, 1, 2);

  // Offline, on other prompts: which exponents get a code, and how wide the codes are.
  ExponentHistogram histogram{};
  const auto calibration = synthesize_kv(model, shape, KvKind::key, 5, 1, 7);
  count_exponents(std::as_bytes(std::span(calibration)), DType::bf16, histogram);
  const FormatChoice choice = choose_format(histogram, DType::bf16);

  // On the sender: the bound is known before encoding, so buffers can be registered ahead.
  const TensorBytes values = std::as_bytes(std::span(key));
  const std::uint64_t bound = frame_bound(frame_layout(key.size(), choice.format));
  std::vector<std::byte> wire(bound);
  wire.resize(encode_into(values, {choice.codebook, choice.format, /*user_tag=*/5}, wire));

  // On the receiver: a fault is a value, never a crash.
  std::vector<std::uint16_t> received(key.size());
  const DecodeResult result = decode(wire, std::span(received));
  if (result.fault != FrameFault::none) {
    std::fprintf(stderr, "chunk %u: %s\n", result.chunk, text_of(result.fault).data());
    return 1;
  }
  std::printf("%zu -> %zu bytes, ratio %.3f, %s\n", values.size(), wire.size(),
              static_cast<double>(values.size()) / static_cast<double>(wire.size()),
              received == key ? "bit-identical" : "DIFFERENT");
  return received == key ? 0 : 1;
}
