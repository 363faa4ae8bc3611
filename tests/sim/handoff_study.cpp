#include "tests/sim/handoff_study.hpp"

#include "codec/transfer_codec.hpp"
#include "sim/base/random.hpp"
#include "sim/kv_transfer.hpp"
#include "sim/simgrid/engine.hpp"
#include "tests/sim/small_system.hpp"
#include "topologies/two_tier.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <stdexcept>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace kvferry::sim {
namespace {

constexpr double kNic = 50e9;
constexpr double kRatio = 2;
constexpr Seconds kLaunch{5e-6};
constexpr double kMeanRaw = 320e6;
constexpr std::int32_t kSenders = 4;
constexpr std::int32_t kReceivers = 4;

/// Counts what is asked of a loop.
class CountingLoop final : public EventLoop {
 public:
  explicit CountingLoop(EventLoop& loop) : loop_(loop) {}
  Seconds now() const override { return loop_.now(); }
  EventHandle at(Seconds when, EventPriority priority, Callback callback,
                 std::int32_t rank) override {
    ++events;
    return loop_.at(when, priority, std::move(callback), rank);
  }
  void cancel(EventHandle event) override { loop_.cancel(event); }
  void stop() override { loop_.stop(); }
  std::int64_t events = 0;

 private:
  EventLoop& loop_;
};

struct Arrival {
  Seconds when;
  std::int32_t from;
  std::int32_t to;
  std::int64_t tokens;
};

ModelSpec model_of(const StudyCase& study) {
  ModelSpec spec = model("llama-3.1-8b");
  spec.layers = study.chunks;
  return spec;
}

std::int32_t gpus_per_node(const StudyCase& study) {
  return study.fabric == StudyFabric::star ? study.lanes : 2 * study.lanes;
}

topologies::Topology topology_of(const StudyCase& study) {
  const std::int32_t gpus = (kSenders + kReceivers) * study.lanes;
  return topologies::two_tier({.nodes = gpus / gpus_per_node(study),
                               .gpus_per_node = gpus_per_node(study),
                               .link_bandwidth = {kNic},
                               .link_latency = {2.5e-6},
                               .oversubscription = study.fabric == StudyFabric::star ? 1.0 : 2.0,
                               .nvlink_bandwidth = {450e9}});
}

// Raw bytes per second that the slowest of the stages can take, all GPUs together.
double capacity(const StudyCase& study) {
  const auto with_launches = [&](BytesPerSecond rate, double gpus, double launch) {
    return gpus * launch / (launch / rate.value + kLaunch.value);
  };
  const double chunk = kMeanRaw / study.chunks;
  const double wire = kReceivers * kNic * (study.fabric == StudyFabric::star ? 1.0 : 0.5) * kRatio;
  return std::min({wire, with_launches(study.encode, kSenders * study.lanes, chunk / study.lanes),
                   with_launches(study.decode, kReceivers, chunk)});
}

std::vector<Arrival> arrivals_of(const StudyCase& study) {
  RandomStream random(study.seed, "hand-off study");
  const double per_second = study.load * capacity(study) / kMeanRaw;
  const double token = static_cast<double>(kv_bytes(model_of(study), 1).value);
  std::vector<Arrival> arrivals;
  double when = 0;
  for (std::int64_t i = 0; i < study.handoffs; ++i) {
    when += random.exponential() / per_second;
    const double raw = kMeanRaw * (0.25 + 1.5 * random.uniform());
    arrivals.push_back({{when},
                        static_cast<std::int32_t>(random.below(kSenders)),
                        static_cast<std::int32_t>(random.below(kReceivers)),
                        std::llround(raw / token)});
  }
  return arrivals;
}

TransferConfig config_of(const StudyCase& study, Fidelity fidelity) {
  TransferConfig config;
  config.overlap = study.computed_in.value > 0 ? Overlap::layerwise : Overlap::pipelined;
  config.layers_per_chunk = 1;
  config.fidelity = fidelity;
  return config;
}

InstanceGpus sender(const StudyCase& study, std::int32_t i) {
  return {i * study.lanes, study.lanes};
}
InstanceGpus receiver(const StudyCase& study, std::int32_t i) {
  return {(kSenders + i) * study.lanes, 1};
}

double cpu_seconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

StudyRun run_here(const StudyCase& study, Fidelity fidelity) {
  const topologies::Topology topology = topology_of(study);
  const ModelSpec spec = model_of(study);
  SimGridEngine engine(topology, NetworkBackend::direct);
  CountingLoop loop(engine.loop());
  Transport transport(loop, engine.network(), topology, PathPolicy::ecmp);
  const auto codec =
      codec::make_constant_codec({{kLaunch, study.encode}, {kLaunch, study.decode}, kRatio});
  KvTransfer transfer({loop, transport, *codec, spec}, config_of(study, fidelity),
                      {[](LiveRequest&) {}, [](LiveRequest&) {},
                       [](LiveRequest&) { throw std::logic_error("a hand-off failed"); }});
  const std::vector<Arrival> arrivals = arrivals_of(study);
  std::vector<std::unique_ptr<LiveRequest>> requests;
  for (const Arrival& arrival : arrivals) {
    LiveRequest& request = *requests.emplace_back(std::make_unique<LiveRequest>());
    request.record.request_id = static_cast<std::int64_t>(requests.size());
    engine.loop().at(arrival.when, EventPriority::transfer, [&] {
      transfer.begin(request, arrival.tokens,
                     {sender(study, arrival.from), receiver(study, arrival.to)},
                     {loop.now(), loop.now() + study.computed_in});
    });
  }
  const double cpu_before = cpu_seconds();
  engine.run();
  StudyRun run;
  run.cpu_s = cpu_seconds() - cpu_before;
  for (const auto& request : requests) {
    run.handoff_s.push_back((request->record.kv_ready - request->record.transfer_start).value);
    run.network_s.push_back(request->record.network.value);
  }
  run.events = loop.events + 2 * transport.flows();
  run.encode_busy_s = transfer.encode_busy().value;
  run.decode_busy_s = transfer.decode_busy().value;
  return run;
}

// As doubles, the sums last.
std::vector<double> packed(const StudyRun& run) {
  std::vector<double> values = run.handoff_s;
  values.insert(values.end(), run.network_s.begin(), run.network_s.end());
  for (const double sum :
       {static_cast<double>(run.events), run.encode_busy_s, run.decode_busy_s, run.cpu_s})
    values.push_back(sum);
  return values;
}

StudyRun unpacked(const std::vector<double>& values, std::size_t handoffs) {
  StudyRun run;
  const auto first = values.begin();
  const auto count = static_cast<std::ptrdiff_t>(handoffs);
  run.handoff_s.assign(first, first + count);
  run.network_s.assign(first + count, first + 2 * count);
  const auto sums = first + 2 * count;
  run.events = static_cast<std::int64_t>(sums[0]);
  run.encode_busy_s = sums[1];
  run.decode_busy_s = sums[2];
  run.cpu_s = sums[3];
  return run;
}

double mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

double percentile_99(std::vector<double> values) {
  const std::size_t rank = values.size() * 99 / 100;
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(rank),
                   values.end());
  return values[rank];
}

}  // namespace

StudyRun run_study(const StudyCase& study, Fidelity fidelity) {
  std::FILE* file = std::tmpfile();
  if (file == nullptr) throw std::runtime_error("no temporary file");
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child == 0) {
    const std::vector<double> values = packed(run_here(study, fidelity));
    std::fwrite(values.data(), sizeof(double), values.size(), file);
    std::fflush(file);
    ::_exit(0);
  }
  int status = 0;
  if (child < 0 || ::waitpid(child, &status, 0) < 0 || status != 0)
    throw std::runtime_error("the study's process failed: " + study.name);
  const auto handoffs = static_cast<std::size_t>(study.handoffs);
  std::vector<double> values(2 * handoffs + 4);
  std::rewind(file);
  const std::size_t read = std::fread(values.data(), sizeof(double), values.size(), file);
  std::fclose(file);
  if (read != values.size()) throw std::runtime_error("the study's process wrote too little");
  return unpacked(values, handoffs);
}

StudyError compare(const StudyRun& chunks, const StudyRun& fluid) {
  std::vector<double> each;
  for (std::size_t i = 0; i < chunks.handoff_s.size(); ++i)
    each.push_back(std::abs(fluid.handoff_s[i] / chunks.handoff_s[i] - 1));
  return {.mean = mean(fluid.handoff_s) / mean(chunks.handoff_s) - 1,
          .p99 = percentile_99(fluid.handoff_s) / percentile_99(chunks.handoff_s) - 1,
          .each_mean = mean(each),
          .each_p99 = percentile_99(each),
          .each_worst = *std::max_element(each.begin(), each.end()),
          .events = static_cast<double>(fluid.events) / static_cast<double>(chunks.events),
          .cpu = fluid.cpu_s / chunks.cpu_s};
}

std::vector<StudyCase> all_studies() {
  struct Rates {
    const char* name;
    double encode;
    double decode;
  };
  const std::vector<Rates> rates{{"wire", 400e9, 600e9},
                                 {"compress", 50e9, 300e9},
                                 {"decompress", 300e9, 60e9},
                                 {"balanced", 100e9, 110e9}};
  std::vector<StudyCase> studies;
  const auto add = [&](const Rates& rate, auto change) {
    StudyCase study{rate.name, {rate.encode}, {rate.decode}};
    change(study);
    studies.push_back(study);
  };
  for (const Rates& rate : rates) {
    for (const double load : {0.3, 0.5, 0.7, 0.9})
      add(rate, [&](StudyCase& study) { study.load = load; });
    for (const std::int32_t chunks : {8, 32, 320})
      add(rate, [&](StudyCase& study) { study.chunks = chunks; });
    for (const double load : {0.5, 0.8}) {
      add(rate, [&](StudyCase& study) {
        study.fabric = StudyFabric::two_tier;
        study.load = load;
      });
    }
    add(rate, [&](StudyCase& study) { study.lanes = 2; });
    add(rate, [&](StudyCase& study) { study.computed_in = {5e-3}; });
  }
  return studies;
}

}  // namespace kvferry::sim
