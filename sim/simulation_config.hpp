// Everything one run is made of, as plain values.
#pragma once

#include "sim/base/units.hpp"
#include "sim/failure_config.hpp"
#include "sim/gpu_spec.hpp"
#include "sim/kv_descriptors.hpp"
#include "sim/model_spec.hpp"
#include "sim/transfer_engine.hpp"
#include "topologies/topology_spec.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace kvferry::sim {

/// When the client gets its first token.
enum class FirstToken : std::uint8_t {
  kv_ready,  ///< prefill's token is released once the decode side holds the cache (as SGLang does)
  decode_step,  ///< the decode side computes it: one decode iteration later (as vLLM's proxies do)
  prefill,      ///< at prefill's end
};

/// Which instance of a pool a request goes to; see router.hpp for what happens between equals.
enum class RouterPolicy : std::uint8_t {
  round_robin,     ///< one after the other
  least_loaded,    ///< the one with the fewest requests
  shortest_queue,  ///< the one with the fewest tokens to work on
  random,          ///< any
  power_of_two,    ///< of two different ones drawn at random, the one with fewer requests
  prefix_aware,    ///< the fewest tokens to work on, this prompt's uncached ones included
  session_sticky,  ///< where the session's previous turn went; the first turn, and one whose
                   ///< instance is down or too small for it: least_loaded
  network_aware,   ///< where the KV cache is predicted to be usable first (decode side only)
};

/// Which prompt that waits is let in next.
enum class QueuePolicy : std::uint8_t {
  fcfs,            ///< first come, first served
  shortest_first,  ///< the fewest tokens
  priority,        ///< the smallest priority value of the request
};

/// What becomes of an answer for whose next token the KV cache has no room.
enum class Preemption : std::uint8_t {
  recompute,  ///< its blocks are dropped, and its tokens computed again later
  swap,       ///< its blocks go to host memory and come back
  never,      ///< the blocks of the whole answer are taken before it starts
};

/// What an engine works on.
enum class EngineRole : std::uint8_t {
  prefill,  ///< prompts, whose KV cache is handed off
  decode,   ///< answers, whose prompts were computed elsewhere
  mixed,    ///< both: prompts stay, and hand-offs are taken in
};

/// Engines of one kind, and perhaps further kinds beside them.
struct PoolConfig {
  std::int32_t instances = 1;  ///< of this kind; 0: the pool does not exist
  GpuSpec gpu;
  std::int32_t tensor_parallel = 1;    ///< GPUs that share each layer: 1, 2, 4 or 8
  std::int32_t pipeline_parallel = 1;  ///< stages of layers: 1, 2, 4, 8 or 16
  std::int32_t expert_parallel = 1;    ///< groups of experts; divides tensor_parallel
  BytesPerSecond stage_bandwidth;      ///< between stages
  Bytes activation_reserve;            ///< of each GPU's memory, for neither weights nor KV cache
  double kv_memory_fraction = 0.9;     ///< share of GPU memory for weights and KV cache
  std::int64_t kv_block_tokens = 16;
  std::int64_t max_batch_size = 256;     ///< requests per iteration
  std::int64_t max_batch_tokens = 8192;  ///< per iteration
  bool chunked_prefill = false;  ///< prompts are cut at the token budget and share iterations with
                                 ///< answers; otherwise a prompt above the budget runs alone
  QueuePolicy queue = QueuePolicy::fcfs;
  Preemption preemption = Preemption::recompute;
  double watermark =
      0.01;  ///< share of the KV cache kept free when prompts are let in beside answers
  BytesPerSecond host_bandwidth{50e9};  ///< per GPU and direction, for swapping
  RouterPolicy router = RouterPolicy::least_loaded;
  bool prefix_caching = false;  ///< blocks stay cached for later prompts that begin alike
  std::vector<PoolConfig>
      more;  ///< other kinds in the same pool; their `more` and `router` are unused

  std::int32_t gpus_per_instance() const { return tensor_parallel * pipeline_parallel; }
};

/// How a flow chooses among paths of the same cost.
enum class PathPolicy : std::uint8_t {
  ecmp,      ///< by a hash of its ends and its salt, whatever the load
  adaptive,  ///< the path on which one more flow gets most; of equals the one that ecmp takes
};

/// What simulates the flows; where both apply, they give the same bits.
enum class NetworkBackend : std::uint8_t {
  automatic,  ///< direct where it was built
  comm,       ///< SimGrid's communications: any SimGrid, but flows cannot be limited in rate
  direct,     ///< SimGrid's actions: one version of SimGrid, faster
};

/// What is lost where many flows meet at one NIC: buffers overflow, and senders back off.
struct IncastLoss {
  std::int32_t flows;  ///< as many pass without loss
  double efficiency;   ///< share of its capacity that a link into a NIC offers to more than these
};

struct NetworkConfig {
  /// Placement sets how many nodes, or GPUs on either side of a single link, there are.
  topologies::TopologySpec topology = topologies::TwoTierSpec{};
  PathPolicy paths = PathPolicy::ecmp;
  std::int32_t incast_flows = 4;  ///< senders at one receiving NIC that count as incast
  NetworkBackend backend = NetworkBackend::automatic;
  std::optional<IncastLoss> incast_loss = {};
};

enum class Overlap : std::uint8_t {
  none,       ///< encode all, send all, decode all, one after the other
  pipelined,  ///< chunks of some layers overlap, after prefill
  layerwise,  ///< likewise, and a chunk sets out as soon as prefill has computed its layers
};

/// How closely a hand-off is followed.
enum class Fidelity : std::uint8_t {
  automatic,  ///< chunks for small runs, fluid for large ones
  chunks,     ///< every chunk is a flow
  fluid,      ///< a hand-off is one flow per lane, held back where the encoder is slower
};

/// When the decode instance is chosen.
enum class Binding : std::uint8_t {
  late,   ///< when the hand-off is about to begin
  early,  ///< when the request arrives
};

/// Who starts a transfer.
enum class Initiator : std::uint8_t {
  push,  ///< the prefill side writes
  pull,  ///< the decode side reads: its word must reach the prefill side first
};

/// By how much a second of the codec's work on a GPU delays the iterations of that GPU's engine: the
/// share of its SMs and memory bandwidth that the codec takes, 0 to 1.
struct CodecInterference {
  double encode = 0;
  double decode = 0;
};

/// What becomes of a flow that broke because a link of its path went down.
struct RetryPolicy {
  bool resume = true;  ///< what was sent counts; otherwise the chunk is sent anew
  Seconds backoff{0};  ///< before the first new try, and twice as long before every further one
  std::int32_t limit = 16;  ///< tries of one lane of a hand-off after the first
  Seconds patience{60};     ///< for which it waits until any path is up
};

struct TransferConfig {
  Overlap overlap = Overlap::pipelined;
  std::int32_t layers_per_chunk = 4;  ///< unless overlap is none
  std::int32_t flows_per_nic = 8;     ///< hand-offs sent at a time per NIC; others wait
  bool skip_cached = true;  ///< prompt tokens that the decode side has cached are not sent again
  /// Raw, of a lane: layers_per_chunk is then what comes nearest to it.
  std::optional<Bytes> chunk_bytes = {};
  Fidelity fidelity = Fidelity::automatic;
  Binding binding = Binding::late;
  Initiator initiator = Initiator::push;
  bool adaptive_codec = false;  ///< the codec is used where its hand-off is predicted to be shorter
  CodecInterference interference = {};
  RetryPolicy retry = {};
  TransferEngine engine = {};
  KvPages pages = {};  ///< how the raw cache is cut into descriptors
};

enum class Mode : std::uint8_t {
  disaggregated,  ///< prompts and answers in pools of their own, joined by hand-offs
  colocated,      ///< all engines do both, as without disaggregation: the baseline
};

struct SimulationConfig {
  Mode mode = Mode::disaggregated;
  ModelSpec model;
  WeightType weights = WeightType::bf16;
  StackProfile stack;
  PoolConfig prefill;
  PoolConfig decode;
  std::optional<PoolConfig> mixed;  ///< engines that do both, beside the two pools
  NetworkConfig network;
  TransferConfig transfer;
  FailureConfig failures;
  FirstToken first_token = FirstToken::kv_ready;
  std::int64_t key_tokens =
      0;  ///< prompt tokens that one prefix key of a request stands for; 0: none
  std::optional<std::int64_t> max_concurrency;  ///< requests, or sessions, in flight; see Clients
  std::uint64_t seed = 1;                       ///< of what routers leave to chance
  bool skip_ahead = true;          ///< false: every iteration is an event (slow, the same results)
  std::optional<Seconds> horizon;  ///< requests still in the system are then unfinished
};

/// One engine of the system.
struct EngineKind {
  EngineRole role;
  const PoolConfig* config;
};

/// All engines in the order of their numbers: prefill, decode, mixed; in colocated mode all are
/// mixed. The pointers lead into `config`.
std::vector<EngineKind> engines_of(const SimulationConfig& config);

}  // namespace kvferry::sim
