// When the chunks that a GPU sends are encoded, known ahead and without an event for each of them:
// prefill says when it will have computed their layers, and the encoder takes them in that order.
#pragma once

#include "sim/handoff.hpp"
#include "sim/serial_resource.hpp"

#include <cstddef>
#include <vector>

namespace kvferry::sim {

class EncodeSchedule {
 public:
  /// @param encoder of this GPU, which must outlive this
  explicit EncodeSchedule(SerialResource& encoder) : encoder_(encoder) {}

  /// Fills in `encoded` of the sender, and moves the dates of those whose chunks are still to come.
  void add(Endpoint& sender, Seconds now);
  /// Gives the encoder what has been computed by now.
  void settle(Seconds now);
  /// What of the sender's chunks is still to come will not.
  void forget(const Endpoint& sender, Seconds now);

 private:
  /// The layers of a chunk are computed: the encoder may take it.
  struct Release {
    Seconds when;
    Endpoint* sender;
    std::size_t chunk;

    Seconds work() const { return sender->handoff->chunks[chunk].encode; }
  };
  void foresee();

  SerialResource& encoder_;
  std::vector<Release> releases_;  ///< to come: by date, then by the order of their hand-offs
};

}  // namespace kvferry::sim
