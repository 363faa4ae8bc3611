// Follows a hand-off as one flow per lane instead of one per chunk: chunks are worked out, not
// simulated.
//
//   encode   the dates at which chunks are encoded are known ahead (encode_schedule.hpp)
//   send     the flow starts with the first of them and is kept from overtaking the others by a cap on
//            its rate, which is looked at again a few times (pacing.hpp); where the network is the
//            slowest stage there is no cap
//   decode   chunks arrive when their bytes have, and join the decoder's queue (decode_feed.hpp)
//
// A lone lane of n equal chunks takes what chunk_pipeline.hpp says, whichever stage is the slowest.
// Where hand-offs share links it differs: README.md has the figures.
#pragma once

#include "sim/decode_feed.hpp"
#include "sim/encode_schedule.hpp"
#include "sim/handoff_pipeline.hpp"
#include "sim/pacing.hpp"
#include "topologies/topology.hpp"

#include <cstddef>
#include <deque>
#include <vector>

namespace kvferry::sim {

class FluidPipeline final : public HandoffPipeline {
 public:
  /// @param topology must outlive it
  /// @pre the network limits rates, or no hand-off has more than one chunk
  FluidPipeline(PipelineContext context, const topologies::Topology& topology);

  void begin(Handoff& handoff, Seconds first_send) override;
  void sent(Lane& lane) override;
  void abandoned(Handoff& handoff) override;

 private:
  void encode(Endpoint& sender);
  void set_out(Endpoint& sender, Seconds first_send);
  void ship(Lane& lane);
  void pace(Lane& lane);
  void look_later(Lane& lane, Seconds when);
  void stop_looking(Lane& lane);
  void hold(Lane& lane, const Pace& pace, double sent);
  void leave_out_held_time(Lane& lane, double sent);
  void find_line_rate(Lane& lane);
  void arrived(Lane& lane);
  void decoded(Handoff& handoff);
  void follow(Lane& lane);
  void follow_no_more(Lane& lane);
  void rates_change(const Lane& lane);

  std::size_t node(topologies::GpuId gpu) const {
    return static_cast<std::size_t>(gpu / topology_.gpus_per_node);
  }
  EncodeSchedule& encoder(const Endpoint& sender) {
    return encoders_[static_cast<std::size_t>(sender.gpu)];
  }
  DecodeFeed& decoder(topologies::GpuId gpu) { return decoders_[static_cast<std::size_t>(gpu)]; }

  PipelineContext context_;
  const topologies::Topology& topology_;
  std::deque<EncodeSchedule> encoders_;  ///< by GPU
  std::deque<DecodeFeed> decoders_;      ///< by GPU
  /// By node, lanes under way whose dates of arrival matter: those of a node share its links.
  std::vector<std::vector<Lane*>> leaving_;
  std::vector<std::vector<Lane*>> entering_;
};

}  // namespace kvferry::sim
