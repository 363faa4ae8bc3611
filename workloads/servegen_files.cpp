#include "workloads/servegen_files.hpp"

#include "sim/base/quantity_text.hpp"
#include "workloads/folder_files.hpp"
#include "workloads/json_fields.hpp"
#include "workloads/seconds_text.hpp"
#include "workloads/text_file.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string_view>

namespace kvferry::workloads {
namespace {

constexpr std::string_view kTraceEnding = "-trace.csv";
constexpr std::array<std::string_view, 6> kColumns{"timestamp", "rate",  "cv",
                                                   "pattern",   "shape", "scale"};

using Row = std::array<FieldText, kColumns.size()>;

Row split(std::string_view line, const TextFile& file) {
  Row row;
  std::size_t count = 0;
  for (std::size_t begin = 0; begin <= line.size();) {
    const std::size_t comma = std::min(line.find(',', begin), line.size());
    if (count < row.size()) {
      row[count] = {kColumns[count], line.substr(begin, comma - begin),
                    static_cast<std::int32_t>(begin) + 1};
    }
    ++count;
    begin = comma + 1;
  }
  if (count != row.size()) {
    file.refuse_line("expected 6 fields (timestamp, rate, cv, pattern, shape, scale), found " +
                         std::to_string(count),
                     1);
  }
  return row;
}

double number(const FieldText& field, const TextFile& file) {
  const auto value = real_number(field.text);
  if (value && *value >= 0) return *value;
  const RowFault fault = bad_value("", field, "a number that is not negative");
  file.refuse_line(fault.what(), fault.column());
}

GapPattern pattern_of(const FieldText& field, const TextFile& file) {
  if (field.text.empty()) return GapPattern::exponential;
  if (field.text == "Gamma") return GapPattern::gamma;
  if (field.text == "Weibull") return GapPattern::weibull;
  const RowFault fault = bad_value("", field, "Gamma, Weibull or nothing");
  file.refuse_line(fault.what(), fault.column());
}

// The scale is not read: with the shape alone the gaps can be brought to the window's rate.
RateWindow parse_window(const Row& row, const TextFile& file) {
  RateWindow window{number(row[0], file), number(row[1], file), pattern_of(row[3], file), 1};
  number(row[2], file);
  number(row[5], file);
  if (window.pattern == GapPattern::exponential) return window;
  window.shape = number(row[4], file);
  if (!(window.shape > 0)) {
    const RowFault fault = bad_value("", row[4], "a shape above 0 where there is a pattern");
    file.refuse_line(fault.what(), fault.column());
  }
  return window;
}

// Every window is as long as the distance of the first two.
void check_spacing(const std::vector<RateWindow>& windows, const TextFile& file) {
  if (windows.size() < 2) return;
  const double step = windows[1].start_s - windows[0].start_s;
  const double found = windows.back().start_s - windows[windows.size() - 2].start_s;
  if (step > 0 && found == step) return;
  file.refuse_line("windows must be equally spaced, by " + shortest_decimal(step) + " s; found " +
                       shortest_decimal(found) + " s",
                   1);
}

std::vector<RateWindow> read_rates(TextFile& file) {
  std::vector<RateWindow> windows;
  while (const auto line = file.next_line()) {
    windows.push_back(parse_window(split(*line, file), file));
    check_spacing(windows, file);
  }
  if (windows.size() < 2) file.refuse("at least two windows are needed, to know how long they are");
  return windows;
}

LengthWindow parse_lengths(const std::string& start, const Json& value) {
  const auto start_s = real_number(start);
  if (!start_s || !(*start_s >= 0)) {
    throw bad_value("", {"window", start}, "the start of a window in seconds");
  }
  const JsonFields fields(value, {"input_tokens", "output_tokens", "reason_ratio"}, start + ".");
  return {*start_s, TokenDistribution(fields.text("input_tokens")),
          TokenDistribution(fields.text("output_tokens"))};
}

std::vector<LengthWindow> read_lengths(TextFile& file) {
  const std::string text = whole_text(file);
  std::vector<LengthWindow> windows;
  try {
    const Json document =
        parse_json_object(text, [&](const std::string& message) { file.refuse(message); });
    for (const auto& [start, value] : document.items()) {
      windows.push_back(parse_lengths(start, value));
    }
  } catch (const RowFault& fault) {
    file.refuse(fault.what());
  }
  std::sort(windows.begin(), windows.end(),
            [](const LengthWindow& a, const LengthWindow& b) { return a.start_s < b.start_s; });
  return windows;
}

void check_lengths(const ServeGenClient& client, const TextFile& file) {
  const bool is_idle = std::all_of(client.rates.begin(), client.rates.end(),
                                   [](const RateWindow& window) { return window.rate_per_s == 0; });
  const bool has_lengths =
      std::any_of(client.lengths.begin(), client.lengths.end(), [](const LengthWindow& window) {
        return !window.input.is_empty() && !window.output.is_empty();
      });
  if (!is_idle && !has_lengths) {
    file.refuse("the client sends requests, but no window says how long they are");
  }
}

}  // namespace

ServeGenClient read_servegen_client(const std::string& trace_path, std::vector<ReadFile>& files) {
  ServeGenClient client;
  const std::string stem = trace_path.substr(0, trace_path.size() - kTraceEnding.size());
  client.name = std::filesystem::path(stem).filename().string();
  TextFile rates(trace_path);
  client.rates = read_rates(rates);
  client.window_s = client.rates[1].start_s - client.rates[0].start_s;
  TextFile lengths(stem + "-dataset.json");
  client.lengths = read_lengths(lengths);
  check_lengths(client, lengths);
  files.push_back({rates.bytes_read(), rates.fingerprint()});
  files.push_back({lengths.bytes_read(), lengths.fingerprint()});
  return client;
}

}  // namespace kvferry::workloads
