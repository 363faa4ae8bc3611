// Lets links and instances fail and come back while the system runs, by a plan.
//
// A link is down while any of its outages lasts; its capacity is the topology's times the shares that
// all degradations and all background traffic leave of it, also while it is down. An instance is dead
// while any of its outages lasts, and gone when one of them has no end.
#pragma once

#include "sim/base/random.hpp"
#include "sim/event_loop.hpp"
#include "sim/failure_plan.hpp"
#include "sim/transport.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <vector>

namespace kvferry::sim {

class Failures {
 public:
  using OnInstance = std::function<void(std::int32_t engine, InstanceState state)>;

  /// Schedules what comes first. Loop and transport must outlive it. @param on_instance runs at
  /// every change of an instance's state
  Failures(EventLoop& loop, Transport& transport, FailurePlan plan, std::uint64_t seed,
           OnInstance on_instance);

  /// Nothing changes any more.
  void stop();

 private:
  struct Cause {
    Disturbance what;
    std::optional<RandomStream> random;
    bool acts = false;
    EventHandle next;
  };
  struct Background {
    LinkBackground what;
    std::size_t step = 0;  ///< the next one
    std::int64_t lap = 0;
    double share = 1;
    EventHandle next;
  };
  /// By index: what may act on a link.
  struct LinkCauses {
    std::vector<std::size_t> causes;
    std::vector<std::size_t> background;
  };

  void strike(std::size_t cause);
  void mend(std::size_t cause);
  void next_strike(std::size_t cause);
  void schedule_step(std::size_t background);
  void step(std::size_t background);
  void changed(const FailureTarget& target);
  void update_link(topologies::LinkId link);
  void update_engine(std::int32_t engine);
  EventHandle at(Seconds when, std::function<void()> action);

  EventLoop& loop_;
  Transport& transport_;
  OnInstance on_instance_;
  std::vector<Cause> causes_;
  std::vector<Background> background_;
  std::map<topologies::LinkId, LinkCauses> links_;
  std::map<std::int32_t, std::vector<std::size_t>> engines_;
  std::map<std::int32_t, InstanceState> states_;
  bool stopped_ = false;
};

}  // namespace kvferry::sim
