#include "scenarios/read_failures.hpp"

#include "scenarios/exactly_one.hpp"

#include <algorithm>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace kvferry::scenarios {
namespace {

using sim::ElementKind;
using sim::FailingElement;

std::string text(Seconds time) {
  return Time{}.print(time);
}

struct Interval {
  Seconds from;
  std::optional<Seconds> until;  ///< absent: it has no end

  bool overlaps(const Interval& other) const {
    return (!other.until || from < *other.until) && (!until || other.from < *until);
  }
  std::string print() const {
    return until ? "from " + text(from) + " to " + text(*until) : "from " + text(from) + " on";
  }
};

/// Reads the lists of one section, and knows what earlier items said of each element.
class FailureReader {
 public:
  explicit FailureReader(const FailureBounds& bounds) : bounds_(bounds) {}

  sim::StatedFailure stated(SectionReader& item);
  sim::RandomFailure random(SectionReader& item);
  sim::BackgroundTraffic background(SectionReader& item);

 private:
  /// The names of what an element stands for, each with what is done to it.
  struct Read {
    FailingElement element{};
    std::string key;
    std::vector<sim::FailureTarget> targets;
  };
  Read element(SectionReader& item);
  std::vector<sim::FailureTarget> targets_of(SectionReader& item, const std::string& key,
                                             const FailingElement& element) const;
  sim::Remains remains(SectionReader& item, const Read& read) const;
  void check_bandwidth(const SectionReader& item, const Read& read, BytesPerSecond left) const;
  void check_overlap(const SectionReader& item, const Read& read, bool is_outage,
                     const Interval& interval);
  void check_before_horizon(const SectionReader& item, const std::string& key, Seconds at) const;

  const FailureBounds& bounds_;
  std::map<std::pair<std::string, bool>, std::vector<Interval>> intervals_;
  std::map<std::pair<std::string, bool>, bool> has_chance_;
  std::map<std::string, bool> has_background_;
};

std::vector<sim::FailureTarget> FailureReader::targets_of(SectionReader& item,
                                                          const std::string& key,
                                                          const FailingElement& element) const {
  if (bounds_.targets == nullptr || element.name.empty()) return {};
  try {
    return bounds_.targets->of(element);
  } catch (const std::invalid_argument& fault) {
    item.error(key, fault.what());
    return {};
  }
}

FailureReader::Read FailureReader::element(SectionReader& item) {
  Read read;
  read.key = exactly_one(item, {"link", "nic", "instance"});
  if (read.key.empty()) return read;
  read.element.kind = read.key == "link"  ? ElementKind::link
                      : read.key == "nic" ? ElementKind::nic
                                          : ElementKind::instance;
  read.element.name = item.required(read.key, Text{});
  read.targets = targets_of(item, read.key, read.element);
  return read;
}

const Number kShare{0, 1, Bound::exclusive};

// More than there is changes nothing: most likely the unit is wrong.
void FailureReader::check_bandwidth(const SectionReader& item, const Read& read,
                                    BytesPerSecond left) const {
  if (bounds_.topology == nullptr) return;
  BytesPerSecond widest{};
  for (const sim::FailureTarget& target : read.targets) {
    for (const topologies::LinkId link : target.links)
      widest = std::max(widest, bounds_.topology->links[static_cast<std::size_t>(link)].capacity);
  }
  if (widest.value > 0 && left > widest)
    item.error("bandwidth", "expected at most what the link carries, " + Bandwidth{}.print(widest) +
                                ", found '" + item.text_of("bandwidth") + "'");
}

sim::Remains FailureReader::remains(SectionReader& item, const Read& read) const {
  const sim::Remains left{item.maybe("share", kShare), item.maybe("bandwidth", Bandwidth{})};
  if (left.share && left.bandwidth)
    item.error("bandwidth", "share and bandwidth say the same: expected one of them");
  if (read.element.kind == ElementKind::instance && !left.nothing())
    item.error(left.share ? "share" : "bandwidth", "an instance fails as a whole");
  if (left.bandwidth) check_bandwidth(item, read, *left.bandwidth);
  return left;
}

void FailureReader::check_before_horizon(const SectionReader& item, const std::string& key,
                                         Seconds at) const {
  if (!bounds_.horizon || at < *bounds_.horizon) return;
  item.error(key, text(at) + " is not before the horizon, " + text(*bounds_.horizon) +
                      ": it would never happen");
}

void FailureReader::check_overlap(const SectionReader& item, const Read& read, bool is_outage,
                                  const Interval& interval) {
  for (const sim::FailureTarget& target : read.targets) {
    std::vector<Interval>& others = intervals_[{target.name, is_outage}];
    const auto other = std::ranges::find_if(
        others, [&](const Interval& earlier) { return earlier.overlaps(interval); });
    if (other != others.end()) {
      item.error(read.key, "'" + read.element.name + "' " + interval.print() +
                               " overlaps an earlier item that has it " + other->print());
    }
    others.push_back(interval);
  }
}

sim::StatedFailure FailureReader::stated(SectionReader& item) {
  const Read read = element(item);
  sim::StatedFailure failure{read.element, item.required("at", Time{Sign::not_negative}), {}, {}};
  const std::optional<Seconds> duration = item.maybe("for", Time{});
  failure.until = item.maybe("until", Time{});
  if (duration && failure.until)
    item.error("until", "for and until say the same: expected one of them");
  if (duration) failure.until = failure.at + *duration;
  // A `for` that cannot be read has been reported already, and gives no date to compare.
  if (!duration && failure.until && *failure.until <= failure.at)
    item.error("until",
               "must be after at, " + text(failure.at) + ", found " + text(*failure.until));
  failure.remains = remains(item, read);
  check_before_horizon(item, "at", failure.at);
  check_overlap(item, read, failure.remains.nothing(), {failure.at, failure.until});
  return failure;
}

// Shorter ones would be all that a run is busy with.
void check_not_too_short(SectionReader& item, const std::string& key, Seconds time) {
  constexpr Seconds kShortest{1e-3};
  if (time.value > 0 && time < kShortest)
    item.error(key, "must be at least " + text(kShortest) + ", found " + text(time));
}

sim::RandomFailure FailureReader::random(SectionReader& item) {
  const Read read = element(item);
  const sim::RandomFailure failure{read.element, item.required("mtbf", Time{}),
                                   item.required("mttr", Time{}), remains(item, read)};
  check_not_too_short(item, "mtbf", failure.mtbf);
  check_not_too_short(item, "mttr", failure.mttr);
  for (const sim::FailureTarget& target : read.targets) {
    if (std::exchange(has_chance_[{target.name, failure.remains.nothing()}], true)) {
      item.error(read.key, "'" + read.element.name + "' has an earlier item of this kind");
      break;
    }
  }
  return failure;
}

sim::BackgroundTraffic FailureReader::background(SectionReader& item) {
  sim::BackgroundTraffic traffic;
  traffic.link = item.required("link", Text{});
  for (const sim::FailureTarget& target :
       targets_of(item, "link", {ElementKind::link, traffic.link})) {
    if (std::exchange(has_background_[target.name], true))
      item.error("link", "'" + traffic.link + "' has an earlier profile");
  }
  item.each_of("steps", [&](SectionReader&& step) {
    const Seconds at = step.required("at", Time{Sign::not_negative});
    const double share = step.required("share", kShare);
    if (!traffic.steps.empty() && at <= traffic.steps.back().at)
      step.error("at", "must be after the step before, " + text(traffic.steps.back().at) +
                           ", found " + text(at));
    check_before_horizon(step, "at", at);
    traffic.steps.push_back({at, share});
  });
  traffic.period = item.maybe("period", Time{});
  if (traffic.period) check_not_too_short(item, "period", *traffic.period);
  if (traffic.period && !traffic.steps.empty() && *traffic.period <= traffic.steps.back().at)
    item.error("period", "must be above the last step's date, " + text(traffic.steps.back().at) +
                             ", found " + text(*traffic.period));
  return traffic;
}

// A list that is not there is an empty one.
template <typename Item>
void read_list(SectionReader& section, const std::string& key, std::vector<Item>& items,
               Item (FailureReader::*read)(SectionReader&), FailureReader& reader) {
  section.ignore(key);
  if (!section.has(key)) return;
  section.each_of(key, [&](SectionReader&& item) { items.push_back((reader.*read)(item)); });
}

}  // namespace

sim::FailureConfig read_failures(SectionReader&& section, const FailureBounds& bounds) {
  sim::FailureConfig config;
  FailureReader reader(bounds);
  read_list(section, "stated", config.stated, &FailureReader::stated, reader);
  read_list(section, "random", config.random, &FailureReader::random, reader);
  read_list(section, "background", config.background, &FailureReader::background, reader);
  config.max_restarts = section.optional("max_restarts", Integer{0, 1000}, config.max_restarts);
  return config;
}

}  // namespace kvferry::scenarios
