// What a GPU's decoder is given by hand-offs whose lanes are one flow each, without an event for every
// chunk. Whenever something about one of these flows changes, the chunks that have arrived since the
// last time are worked out: each lane's bytes came evenly in between, and a chunk is there when all
// lanes have it. The decoder is given them in the order of their dates, so its queue stands right when
// the last chunk of a hand-off joins it.
#pragma once

#include "sim/handoff.hpp"
#include "sim/lane_shipper.hpp"
#include "sim/serial_resource.hpp"

#include <vector>

namespace kvferry::sim {

class DecodeFeed {
 public:
  /// @param decoder of this GPU; both must outlive this
  DecodeFeed(SerialResource& decoder, const LaneShipper& shipper)
      : decoder_(decoder), shipper_(shipper) {}

  /// Its lanes set out.
  void add(Endpoint& receiver, Seconds now);
  /// The rate of one of its lanes may change now.
  void follow(Endpoint& receiver, Seconds now);
  /// Gives the decoder what has arrived by now.
  void settle(Seconds now);
  /// The last byte of all its lanes has arrived. @returns when its last chunk is decoded
  Seconds finish(Endpoint& receiver, Seconds now);
  /// Nothing more of it arrives.
  void forget(const Endpoint& receiver);

 private:
  struct Arrival {
    Seconds when;
    const Endpoint* receiver;
    Seconds work;
  };
  void decode_until(Seconds now);

  SerialResource& decoder_;
  const LaneShipper& shipper_;
  std::vector<Endpoint*> receivers_;  ///< in the order of their hand-offs
  std::vector<Arrival> arrivals_;     ///< known, but not given to the decoder yet
};

}  // namespace kvferry::sim
