// Superpositions of ServeGen clients.
#include "tests/temporary_folder.hpp"
#include "tests/workloads/trace_text.hpp"
#include "workloads/trace.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

namespace kvferry::workloads {
namespace {

using ::testing::HasSubstr;

const std::string kOneWindow =
    R"({"0": {"input_tokens": "{100: 0.25, 200: 7.5e-1}", "output_tokens": "{7: 1.0}",
              "reason_ratio": "{}"}})";

// `count` windows of 600 s that all end in `fields`.
std::string windows(int count, const std::string& fields) {
  std::string text;
  for (int i = 0; i < count; ++i) text += std::to_string(600 * i) + "," + fields + "\r\n";
  return text;
}

// A folder with one client after the other.
class Clients {
 public:
  Clients& add(const std::string& name, const std::string& rates,
               const std::string& lengths = kOneWindow) {
    write_text(folder_.path() / (name + "-trace.csv"), rates);
    write_text(folder_.path() / (name + "-dataset.json"), lengths);
    return *this;
  }

  Trace read(const TraceOptions& options = {}, std::uint64_t seed = 1) const {
    return read_trace(folder_.path().string(), TraceFormat::servegen, options, seed);
  }

  std::string error(const TraceOptions& options = {}) const {
    return without_path(error_of([&] { read(options); }), folder_.path().string());
  }

 private:
  TemporaryFolder folder_;
};

std::vector<double> arrivals(const Trace& trace) {
  std::vector<double> dates;
  for (const Request& request : trace.requests) dates.push_back(request.arrival.value);
  return dates;
}

TEST(ServeGen, AClientSendsAtItsRateWithItsLengths) {
  Clients clients;
  clients.add("chunk-0", windows(10, "2,1,,0,0"));
  const Trace trace = clients.read();
  // 12,000 expected, deviation 110.
  EXPECT_NEAR(static_cast<double>(trace.requests.size()), 12'000, 440);
  std::int64_t short_prompts = 0;
  for (const Request& request : trace.requests) {
    EXPECT_TRUE(request.input_tokens == 100 || request.input_tokens == 200);
    EXPECT_EQ(request.output_tokens, 7);
    if (request.input_tokens == 100) ++short_prompts;
  }
  EXPECT_NEAR(static_cast<double>(short_prompts), 3000, 200);
  EXPECT_EQ(trace.account.rows_read, trace.account.emitted);
}

TEST(ServeGen, BurstyWindowsKeepTheirMean) {
  for (const std::string pattern : {"Gamma", "Weibull"}) {
    Clients clients;
    clients.add("chunk-0", windows(400, "0.1,2.2," + pattern + ",0.5,1"));
    // 24,000 expected; the dispersion is below 6.
    EXPECT_NEAR(static_cast<double>(clients.read().requests.size()), 24'000,
                4 * std::sqrt(6 * 24'000.0));
  }
}

TEST(ServeGen, IdleWindowsAreEmpty) {
  Clients clients;
  clients.add("chunk-0", "0,0,0,,0,0\n600,1,1,,0,0\n1200,0,0,,0,0\n");
  for (const double date : arrivals(clients.read())) {
    EXPECT_GE(date, 600);
    EXPECT_LT(date, 1200);
  }
}

TEST(ServeGen, AWindowOfTheTraceAndARateAreKept) {
  Clients clients;
  clients.add("chunk-0", windows(4, "1,1,,0,0")).add("chunk-1", windows(4, "3,1,,0,0"));
  TraceOptions options;
  options.start = Seconds{900};
  options.duration = Seconds{1000};
  options.rate = PerSecond{20};
  const Trace trace = clients.read(options);
  EXPECT_NEAR(static_cast<double>(trace.requests.size()), 20'000, 4 * std::sqrt(20'000.0));
  EXPECT_LT(trace.requests.back().arrival.value, 1000);
  EXPECT_LT(trace.requests.front().arrival.value, 1);
}

TEST(ServeGen, RequestsDependOnTheSeedAndNotOnOtherClients) {
  Clients one;
  one.add("chunk-0", windows(2, "0.1,1,,0,0"));
  Clients two;
  two.add("chunk-0", windows(2, "0.1,1,,0,0")).add("chunk-1", windows(2, "0.1,1,,0,0"));
  EXPECT_EQ(arrivals(one.read({}, 5)), arrivals(one.read({}, 5)));
  EXPECT_NE(arrivals(one.read({}, 5)), arrivals(one.read({}, 6)));
  const std::vector<double> both = arrivals(two.read({}, 5));
  for (const double date : arrivals(one.read({}, 5))) {
    EXPECT_TRUE(std::find(both.begin(), both.end(), date) != both.end());
  }
}

TEST(ServeGen, LengthsAreThoseOfTheNearestWindowThatHasSome) {
  Clients clients;
  clients.add("chunk-0", windows(4, "1,1,,0,0"),
              R"({"0": {"input_tokens": "{}", "output_tokens": "{}", "reason_ratio": "{}"},
                  "600": {"input_tokens": "{6: 1}", "output_tokens": "{1: 1}", "reason_ratio": "{}"},
                  "1800": {"input_tokens": "{18: 1}", "output_tokens": "{1: 1}",
                           "reason_ratio": "{}"}})");
  for (const Request& request : clients.read().requests) {
    EXPECT_EQ(request.input_tokens, request.arrival.value < 1800 ? 6 : 18);
  }
}

TEST(ServeGen, LimitsApplyToWhatIsDrawn) {
  Clients clients;
  clients.add("chunk-0", windows(2, "1,1,,0,0"));
  TraceOptions options;
  options.max_context_tokens = 150;
  options.max_requests = 20;
  const Trace trace = clients.read(options);
  EXPECT_EQ(trace.account.emitted, 20);
  EXPECT_EQ(trace.account.rows_read, 20 + trace.account.dropped.at("over-context"));
  EXPECT_TRUE(trace.account.truncated);
  options.on_over_context = OnOverContext::reject;
  EXPECT_THAT(clients.error(options), HasSubstr("a request was drawn with input + output = 200"));
}

// The complaint about one client of that rates file.
std::string rates_error(const std::string& rates) {
  Clients clients;
  clients.add("chunk-0", rates);
  return clients.error();
}

TEST(ServeGen, RatesAreChecked) {
  const std::string place = "FILE/chunk-0-trace.csv:1";
  EXPECT_EQ(rates_error("0,1,1,,0\n"),
            place +
                ":1: error: expected 6 fields (timestamp, rate, cv, pattern, shape, scale), "
                "found 5");
  for (const std::string rate : {"-1", "nan", "x", ""}) {
    EXPECT_EQ(
        rates_error("0," + rate + ",1,,0,0\n"),
        place + ":3: error: 'rate': expected a number that is not negative, found '" + rate + "'");
  }
  EXPECT_EQ(rates_error("0,1,-2,,0,0\n"),
            place + ":5: error: 'cv': expected a number that is not negative, found '-2'");
  EXPECT_EQ(rates_error("0,1,1,Pareto,1,0\n"),
            place + ":7: error: 'pattern': expected Gamma, Weibull or nothing, found 'Pareto'");
  EXPECT_EQ(rates_error("0,1,1,Gamma,0,0\n"),
            place +
                ":13: error: 'shape': expected a shape above 0 where there is a pattern, found "
                "'0'");
  EXPECT_EQ(
      rates_error("0,1,1,,0,0\n600,1,1,,0,0\n1300,1,1,,0,0\n"),
      "FILE/chunk-0-trace.csv:3:1: error: windows must be equally spaced, by 600 s; found 700 "
      "s");
  EXPECT_EQ(rates_error("0,1,1,,0,0\n"),
            "FILE/chunk-0-trace.csv: error: at least two windows are needed, to know how long they "
            "are");
}

TEST(ServeGen, ClientsMustHaveTheSameWindows) {
  Clients clients;
  clients.add("chunk-0", windows(3, "1,1,,0,0")).add("chunk-1", windows(4, "1,1,,0,0"));
  EXPECT_EQ(clients.error(),
            "FILE/chunk-1-trace.csv: error: the windows differ from those of chunk-0");
}

std::string lengths_error(const std::string& lengths) {
  Clients clients;
  clients.add("chunk-0", windows(2, "1,1,,0,0"), lengths);
  return clients.error();
}

TEST(ServeGen, LengthsAreChecked) {
  EXPECT_EQ(lengths_error(R"({"0": {"input_tokens": "{1: 0.5}", "output_tokens": "{1: 1}"}})"),
            "FILE/chunk-0-dataset.json: error: '{tokens: probability, ...}': expected "
            "probabilities with the sum 1, found 'the sum 0.5'");
  EXPECT_EQ(lengths_error(R"({"0": {"input_tokens": {}, "output_tokens": "{1: 1}"}})"),
            "FILE/chunk-0-dataset.json: error: '0.input_tokens': expected a text, found '{}'");
  EXPECT_EQ(
      lengths_error(R"({"noon": {"input_tokens": "{}", "output_tokens": "{1: 1}"}})"),
      "FILE/chunk-0-dataset.json: error: 'window': expected the start of a window in seconds, "
      "found 'noon'");
  EXPECT_EQ(lengths_error(R"({"0": {"input_tokens": "{}", "output_tokens": "{1: 1}"}})"),
            "FILE/chunk-0-dataset.json: error: the client sends requests, but no window says how "
            "long they are");
}

TEST(ServeGen, WhatCannotBeDrawnIsRefused) {
  Clients idle;
  idle.add("chunk-0", windows(2, "0,0,,0,0"));
  EXPECT_EQ(idle.error(), "FILE: error: no client sends requests in the window");
  Clients busy;
  busy.add("chunk-0", windows(2, "1e7,1,,0,0"));
  EXPECT_EQ(busy.error(),
            "FILE: error: the clients send about 1.2e+10 requests in the window; bound them "
            "(requests, duration)");
  TraceOptions options;
  options.rate = PerSecond{0};
  EXPECT_EQ(busy.error(options),
            "trace options: rate must be above 0 and at most 1e9 /s, found 0 /s");
  EXPECT_EQ(trace_error(TraceFormat::servegen, "0,1,1,,0,0\n"),
            "FILE: error: expected a folder of chunk-N-trace.csv and chunk-N-dataset.json");
}

}  // namespace
}  // namespace kvferry::workloads
