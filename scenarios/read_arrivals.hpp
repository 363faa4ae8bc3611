// Arrivals and think times of a scenario.
#pragma once

#include "scenarios/section_reader.hpp"
#include "workloads/arrivals.hpp"

namespace kvferry::scenarios {

workloads::ArrivalSpec read_arrivals(SectionReader&& arrivals);

/// One of constant, exponential, lognormal; no time at all when the section is absent.
workloads::ThinkTime read_think_time(SectionReader&& think);

}  // namespace kvferry::scenarios
