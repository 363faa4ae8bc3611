#include "sim/simulation.hpp"

#include "sim/base/error.hpp"
#include "sim/placement.hpp"
#include "sim/serving_system.hpp"
#include "sim/simgrid/engine.hpp"

#include <cstdint>
#include <string>
#include <utility>

namespace kvferry::sim {

namespace {

/// Counts the requests that did not end on the way to another sink.
class UnfinishedCount final : public ResultSink {
 public:
  explicit UnfinishedCount(ResultSink& next) : next_(next) {}

  void record(const RequestRecord& record) override {
    if (record.outcome == Outcome::unfinished) ++count_;
    next_.record(record);
  }
  void token_gaps(const TokenGapRun& run) override { next_.token_gaps(run); }
  std::int64_t count() const { return count_; }

 private:
  ResultSink& next_;
  std::int64_t count_ = 0;
};

// Without a horizon every request ends; if not, the engine has lost an event, and no figure can be
// trusted.
void check_complete(const SimulationConfig& config, std::int64_t unfinished) {
  if (config.horizon || unfinished == 0) return;
  throw RunError("the simulation stopped with " + std::to_string(unfinished) +
                 " requests in the system");
}

}  // namespace

SimulationSums simulate(const SimulationConfig& config,
                        std::span<const workloads::Request> requests, codec::TransferCodec& codec,
                        ResultSink& sink) {
  const Placement placement = place(config);
  SimGridEngine engine(placement.topology, config.network.backend, config.network.incast_loss);
  UnfinishedCount unfinished(sink);
  ServingSystem system(config, placement, {engine.loop(), engine.network(), codec, unfinished},
                       requests);
  engine.run();
  SimulationSums sums = system.finish();
  check_complete(config, unfinished.count());
  sums.totals.live_codec = codec.account();
  return sums;
}

SimulationResult simulate(const SimulationConfig& config,
                          std::span<const workloads::Request> requests,
                          codec::TransferCodec& codec) {
  CollectingSink sink;
  return sink.take(simulate(config, requests, codec, sink));
}

}  // namespace kvferry::sim
