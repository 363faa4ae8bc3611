#include "cli/text_table.hpp"
#include "cli/trace_commands.hpp"
#include "workloads/workload_statistics.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace kvferry::cli {
namespace {

using nlohmann::ordered_json;
using workloads::BlockReuse;
using workloads::Distribution;
using workloads::PrefixStatistics;
using workloads::Workload;
using workloads::WorkloadStatistics;

// Of a total of zero nothing is a share.
double share(std::int64_t part, std::int64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

std::string capacity_text(const BlockReuse& reuse) {
  return reuse.capacity_blocks ? std::to_string(*reuse.capacity_blocks) : "unlimited";
}

std::string arrivals_text(const workloads::ArrivalStatistics& arrivals, std::int64_t requests) {
  std::string text = fmt::format("span        {:.3f} s\n", arrivals.span.value);
  if (arrivals.dated < requests) {
    text += fmt::format("dated       {} of the requests; the others wait for an answer\n",
                        arrivals.dated);
  }
  if (!arrivals.rate) return text;
  text += fmt::format("rate        {:.4f} /s\n", arrivals.rate->value);
  text += fmt::format("gap cv      {:.3f}\n", *arrivals.cv);
  if (arrivals.dispersions.empty()) return text;
  text += "dispersion ";
  for (const auto& [window, value] : arrivals.dispersions) {
    text += fmt::format(" {:.2f} in {:.0f} s", value, window.value);
    if (window != arrivals.dispersions.back().window) text += ",";
  }
  return text + " (Poisson: 1)\n";
}

std::string lengths_text(const WorkloadStatistics& statistics) {
  TextTable table({"", "p50", "p90", "p99", "max", "mean", "sum"}, {Align::left, Align::right});
  const auto add = [&](const char* name, const Distribution& d) {
    table.add({name, std::to_string(d.p50), std::to_string(d.p90), std::to_string(d.p99),
               std::to_string(d.max), fmt::format("{:.1f}", d.mean), std::to_string(d.sum)});
  };
  add("input tokens", statistics.input_tokens);
  add("output tokens", statistics.output_tokens);
  if (statistics.sessions) add("turns per session", statistics.sessions->turns);
  return table.text();
}

std::string prefixes_text(const PrefixStatistics& prefixes, std::int64_t input_tokens) {
  TextTable table({"cache", "hit blocks", "of blocks", "hit tokens", "of tokens"},
                  {Align::left, Align::right});
  for (const BlockReuse& reuse : prefixes.reuse) {
    table.add({capacity_text(reuse), std::to_string(reuse.hit_blocks),
               fmt::format("{:.4f}", share(reuse.hit_blocks, prefixes.blocks)),
               std::to_string(reuse.hit_tokens),
               fmt::format("{:.4f}", share(reuse.hit_tokens, input_tokens))});
  }
  return fmt::format("\nprefix blocks of {} tokens: {}, {} of them distinct\n{}",
                     prefixes.block_tokens, prefixes.blocks, prefixes.distinct_blocks,
                     table.text());
}

void print_table(const Workload& workload, const WorkloadStatistics& statistics) {
  fmt::print("{}\n\nrequests    {}\n{}", workload.source.description, statistics.requests,
             arrivals_text(statistics.arrivals, statistics.requests));
  if (statistics.sessions) {
    fmt::print("sessions    {}, and {} requests without one; {} requests wait for another one\n",
               statistics.sessions->sessions, statistics.sessions->lone_requests,
               statistics.sessions->waiting);
  }
  fmt::print("\n{}", lengths_text(statistics));
  if (statistics.prefixes) {
    fmt::print("{}", prefixes_text(*statistics.prefixes, statistics.input_tokens.sum));
  }
}

ordered_json to_json(const Distribution& d) {
  return {{"p50", d.p50}, {"p90", d.p90},   {"p99", d.p99},
          {"max", d.max}, {"mean", d.mean}, {"sum", d.sum}};
}

ordered_json to_json(const PrefixStatistics& prefixes, std::int64_t input_tokens) {
  ordered_json json{{"block_tokens", prefixes.block_tokens},
                    {"blocks", prefixes.blocks},
                    {"distinct_blocks", prefixes.distinct_blocks},
                    {"reuse", ordered_json::array()}};
  for (const BlockReuse& reuse : prefixes.reuse) {
    json["reuse"].push_back(
        {{"capacity_blocks",
          reuse.capacity_blocks ? ordered_json(*reuse.capacity_blocks) : ordered_json()},
         {"hit_blocks", reuse.hit_blocks},
         {"block_share", share(reuse.hit_blocks, prefixes.blocks)},
         {"hit_tokens", reuse.hit_tokens},
         {"token_share", share(reuse.hit_tokens, input_tokens)}});
  }
  return json;
}

ordered_json arrivals_json(const workloads::ArrivalStatistics& arrivals) {
  ordered_json json{
      {"dated", arrivals.dated},
      {"span_s", arrivals.span.value},
      {"rate_per_s", arrivals.rate ? ordered_json(arrivals.rate->value) : ordered_json()},
      {"gap_cv", arrivals.cv ? ordered_json(*arrivals.cv) : ordered_json()}};
  for (const auto& [window, value] : arrivals.dispersions) {
    json[fmt::format("dispersion_{:.0f}s", window.value)] = value;
  }
  return json;
}

void print_json(const Workload& workload, const WorkloadStatistics& statistics) {
  ordered_json json{{"source", workload.source.description},
                    {"requests", statistics.requests},
                    {"arrivals", arrivals_json(statistics.arrivals)},
                    {"input_tokens", to_json(statistics.input_tokens)},
                    {"output_tokens", to_json(statistics.output_tokens)}};
  if (statistics.sessions) {
    json["sessions"] = {{"count", statistics.sessions->sessions},
                        {"lone_requests", statistics.sessions->lone_requests},
                        {"waiting", statistics.sessions->waiting},
                        {"turns", to_json(statistics.sessions->turns)}};
  }
  if (statistics.prefixes) {
    json["prefixes"] = to_json(*statistics.prefixes, statistics.input_tokens.sum);
  }
  // Paths may hold bytes that are not UTF-8.
  fmt::print("{}\n", json.dump(2, ' ', false, ordered_json::error_handler_t::replace));
}

}  // namespace

int trace_stats(const TraceStatsOptions& options) {
  const Workload workload = workload_of(options.input);
  const WorkloadStatistics statistics = workloads::statistics_of(workload, options.cache_blocks);
  options.format == Format::json ? print_json(workload, statistics)
                                 : print_table(workload, statistics);
  return kSuccess;
}

}  // namespace kvferry::cli
