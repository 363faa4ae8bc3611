// The codec in a serving engine, in short: calibrate once, encode each layer's K and V before the
// wire, decode behind it. Build: cmake -S codec/example -B build-example, after installing codec/.
#include <codec/splitzip.hpp>
#include <codec/synthetic_kv.hpp>
#include <cstdio>
#include <span>
#include <vector>

int main() {
  using namespace kvferry::codec;
  // Layer 5's K of two prompts of 2,048 tokens; an engine has them in its paged cache.
  const KvPreset& model = *find_kv_preset("llama-3.1-8b");
  const KvShape shape{.layers = 32, .kv_heads = 8, .head_dim = 128, .tokens = 2048};
  const auto earlier = synthesize_kv(model, shape, KvKind::key, 5, /*seed=*/1, /*text=*/1);
  const auto key = synthesize_kv(model, shape, KvKind::key, 5, /*seed=*/1, /*text=*/2);

  // Offline, on earlier prompts: which exponents get a code, and how wide the codes are.
  ExponentHistogram histogram{};
  count_exponents(std::as_bytes(std::span(earlier)), DType::bf16, histogram);
  const FormatChoice choice = choose_format(histogram, DType::bf16);

  // On the sender: the largest size is known before encoding, so buffers can be registered ahead.
  const TensorBytes values = std::as_bytes(std::span(key));
  std::vector<std::byte> wire(frame_bound(frame_layout(key.size(), choice.format)));
  wire.resize(encode_into(values, {choice.codebook, choice.format, /*user_tag=*/5}, wire));

  // On the receiver: a fault is a value, never a crash.
  std::vector<std::uint16_t> received(key.size());
  const DecodeResult result = decode(wire, received);
  if (result.fault != FrameFault::none) {
    std::fprintf(stderr, "chunk %u: %s\n", result.chunk, text_of(result.fault).data());
    return 1;
  }
  std::printf("%zu -> %zu bytes, %s\n", values.size(), wire.size(),
              received == key ? "bit-identical" : "DIFFERENT");
  return received == key ? 0 : 1;
}
