// One request's hand-off while it is under way: its chunks, and the lanes that carry them.
#pragma once

#include "sim/base/units.hpp"
#include "sim/event_loop.hpp"
#include "sim/live_request.hpp"
#include "sim/network.hpp"
#include "topologies/topology.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace kvferry::sim {

struct Handoff;

/// When prefill computes the layers of a cache, evenly, one after the other.
struct ComputeWindow {
  Seconds start;
  Seconds end;

  /// When the first `layers` of `all` are computed.
  Seconds computed(std::size_t layers, std::size_t all) const {
    if (layers == all) return end;
    return start + (end - start) * (static_cast<double>(layers) / static_cast<double>(all));
  }
};

/// Some layers of the cache; the same for all lanes and for all GPUs of a side.
struct HandoffChunk {
  Seconds encode;                ///< of all lanes of a sending GPU, one launch
  Seconds decode;                ///< of all lanes of a receiving GPU, one launch
  Bytes wire;                    ///< per lane
  std::int64_t descriptors = 1;  ///< per lane
};

/// What of a lane is being sent.
struct Shipping {
  Bytes payload{};                           ///< of the cache, without overheads
  Bytes whole{};                             ///< on the wire, overheads included
  Bytes left{};                              ///< of these, when the flow was started
  std::optional<BytesPerSecond> cap;         ///< of the transfer engine
  std::optional<BytesPerSecond> source_cap;  ///< of what gives the bytes
  FlowHandle flow{};
  Seconds started{};
  std::int32_t tries = 0;          ///< after the first, of all that the lane sent
  bool has_place = false;          ///< at its NIC
  bool is_stranded = false;        ///< no path is up
  Seconds stranded_since{kNever};  ///< whatever other links came up meanwhile
  EventHandle out_of_patience{};
  EventHandle next_start{};  ///< of its flow: after a back-off, or when its connection is there
};

/// Of a lane whose bytes are one flow: how it is kept from overtaking the encoder (fluid_pipeline.hpp).
struct Pacing {
  /// On the idle path, chunk by chunk.
  BytesPerSecond line_rate{};
  bool is_slower_in_chunks = false;  ///< than all bytes at once: chunks are small for the engine
  EventHandle look{};                ///< when its rate is set anew
  bool is_held = false;              ///< by a cap
  Seconds held_since{};              ///< when that cap was set
  double sent_before = 0;            ///< bytes, when that cap was set
  bool is_followed = false;          ///< the decoder is slow enough for dates of arrival to matter
};

/// Of the lanes of a receiving GPU, when they are one flow each: up to where all of them have come
/// (decode_feed.hpp).
struct Delivery {
  Seconds seen{};       ///< when last looked at,
  double sent = 0;      ///< and the bytes of each lane by then
  std::size_t next{};   ///< chunk that comes next
  double next_end = 0;  ///< the bytes of a lane with which it is complete
  Seconds delay{};      ///< from the wire to the GPU
  std::size_t lanes_arrived = 0;
};

/// What goes from one GPU to another.
struct Lane {
  Handoff* handoff;
  topologies::GpuId from;
  topologies::GpuId to;
  std::size_t sender;    ///< index in the hand-off's senders
  std::size_t receiver;  ///< index in the hand-off's receivers
  Seconds latency;
  std::size_t sent = 0;          ///< chunks
  std::size_t arrived = 0;       ///< chunks
  bool waits_for_chunk = false;  ///< the next one is not computed yet
  Seconds network{};             ///< with bytes on the wire
  Bytes delivered{};  ///< of the cache; of what was under way when it was dropped, a part
  Shipping shipping{};
  Pacing pacing{};
};

/// A GPU that sends or receives some of the lanes.
struct Endpoint {
  Handoff* handoff;
  topologies::GpuId gpu;
  std::vector<std::size_t> lanes;
  ComputeWindow computed{};          ///< of the layers that it has (senders)
  std::vector<Seconds> encoded;      ///< when each chunk is, of those that are computed (senders)
  std::vector<std::size_t> arrived;  ///< lanes of which each chunk has arrived (receivers)
  Delivery delivery{};               ///< (receivers)
};

struct Handoff {
  LiveRequest* request;
  std::int64_t tokens;
  std::size_t slot;  ///< its place among those under way
  bool compressed = false;
  Bytes raw{};   ///< what it carries of the cache, in all lanes,
  Bytes wire{};  ///< and as it travels
  std::vector<HandoffChunk> chunks;
  Bytes lane_wire{};  ///< of all chunks, where a lane is one flow
  std::vector<Lane> lanes;
  std::vector<Endpoint> senders;
  std::vector<Endpoint> receivers;
  std::size_t lanes_sent = 0;
  std::size_t receivers_done = 0;
  std::int64_t retries = 0;
  bool abandoned = false;
  std::int32_t events = 0;  ///< that will still look at it: it lives until there are none
};

}  // namespace kvferry::sim
