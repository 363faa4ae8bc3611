#include "cli/timings_csv.hpp"

#include "scenarios/catalog.hpp"
#include "scenarios/check_split.hpp"
#include "sim/base/error.hpp"
#include "sim/base/nearest_name.hpp"
#include "sim/iteration_time.hpp"
#include "workloads/csv_columns.hpp"
#include "workloads/text_file.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string_view>
#include <system_error>

namespace kvferry::cli {
namespace {

using workloads::FieldText;
using workloads::RowFault;

constexpr std::string_view kReason = "bad-timing";
constexpr std::int64_t kMostTokens = 1'000'000'000;

std::optional<std::int64_t> whole(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool is_number = error == std::errc() && end == text.data() + text.size();
  if (!is_number || value < 0 || value > kMostTokens) return std::nullopt;
  return value;
}

std::int64_t count_of(const FieldText& field, std::int64_t least) {
  const auto value = whole(field.text);
  if (!value || *value < least)
    throw bad_value(kReason, field, "a whole number of at least " + std::to_string(least));
  return *value;
}

double milliseconds(const FieldText& field) {
  double value = 0;
  const char* last = field.text.data() + field.text.size();
  const auto [end, error] = std::from_chars(field.text.data(), last, value);
  if (error != std::errc() || end != last || !(value > 0 && value < 1e12))
    throw bad_value(kReason, field, "milliseconds above 0");
  return value;
}

bool is_fp8(const FieldText& field) {
  if (field.text != "bf16" && field.text != "fp8") throw bad_value(kReason, field, "bf16 or fp8");
  return field.text == "fp8";
}

std::int32_t degree(const FieldText& field) {
  for (const std::int32_t allowed : {1, 2, 4, 8}) {
    if (field.text == std::to_string(allowed)) return allowed;
  }
  throw bad_value(kReason, field, "1, 2, 4 or 8");
}

template <typename Entry>
const Entry& named(const FieldText& field, const std::vector<Entry>& known) {
  std::vector<std::string> names;
  for (const Entry& entry : known) {
    if (entry.name == field.text) return entry;
    names.push_back(entry.name);
  }
  const std::string found(field.text);
  throw RowFault(kReason,
                 "'" + std::string(field.name) + "': unknown name " + workloads::excerpt(found) +
                     did_you_mean(found, names) + "; allowed: " + join_names(names),
                 field.column);
}

std::vector<sim::PrefillItem> prompts(const FieldText& field) {
  std::vector<sim::PrefillItem> items;
  std::string_view rest = field.text;
  while (!rest.empty()) {
    const std::string_view item = rest.substr(0, rest.find(';'));
    rest.remove_prefix(std::min(rest.size(), item.size() + 1));
    const std::size_t plus = item.find('+');
    const auto fresh = whole(item.substr(0, plus));
    const auto cached = plus == std::string_view::npos ? std::optional<std::int64_t>(0)
                                                       : whole(item.substr(plus + 1));
    if (!fresh || *fresh == 0 || !cached)
      throw bad_value(kReason, field,
                      "new+cached tokens with ; between prompts, as in 2048+0;512+64");
    items.push_back({*fresh, *cached});
  }
  return items;
}

// The time model without a stack: its parts are what the stack's coefficients multiply.
analysis::StackCoefficients features_of(const sim::IterationParts& parts) {
  return {(parts.gemm + parts.lm_head).value,
          parts.attention.value,
          parts.all_reduce.value,
          parts.kernels,
          parts.iterations,
          parts.logits,
          parts.elementwise.value};
}

class Timings {
 public:
  explicit Timings(workloads::TextFile& file)
      : columns_(file, {"gpu", "model", "weights", "kv_type", "tensor_parallel", "expert_parallel",
                        "prefill", "decode_sequences", "decode_context_tokens", "longest_context",
                        "measured_ms", "group"}),
        gpu_(columns_.require("gpu", file)),
        model_(columns_.require("model", file)),
        weights_(columns_.require("weights", file)),
        ranks_(columns_.require("tensor_parallel", file)),
        prefill_(columns_.require("prefill", file)),
        sequences_(columns_.require("decode_sequences", file)),
        contexts_(columns_.require("decode_context_tokens", file)),
        measured_(columns_.require("measured_ms", file)) {}

  analysis::StackTiming parse(std::string_view row) {
    fields_ = columns_.split(row);
    const sim::SimulationConfig system = system_of_row();
    const auto items = prompts(fields_[prefill_]);
    const sim::DecodeLoad load = decode_load(system.model);
    if (items.empty() && load.sequences == 0)
      throw RowFault(kReason, "an iteration without prompts and decoding sequences",
                     fields_[prefill_].column);
    analysis::StackTiming timing;
    timing.features = features_of(time_of(system).parts(items, load));
    timing.measured_s = milliseconds(fields_[measured_]) / 1e3;
    timing.group = group_of_row();
    return timing;
  }

 private:
  const FieldText* optional_field(std::string_view name) const {
    const auto index = columns_.find(name);
    return index && !fields_[*index].text.empty() ? &fields_[*index] : nullptr;
  }

  sim::SimulationConfig system_of_row() const {
    sim::SimulationConfig system;
    system.decode.gpu = named(fields_[gpu_], scenarios::known_gpus());
    system.model = named(fields_[model_], scenarios::known_models());
    system.weights = is_fp8(fields_[weights_]) ? sim::WeightType::fp8 : sim::WeightType::bf16;
    system.decode.tensor_parallel = degree(fields_[ranks_]);
    if (const FieldText* groups = optional_field("expert_parallel"))
      system.decode.expert_parallel = degree(*groups);
    if (const FieldText* type = optional_field("kv_type"))
      system.model.kv_type = is_fp8(*type) ? sim::KvType::fp8 : sim::KvType::bf16;
    const auto faults = scenarios::split_faults(system, system.decode);
    if (!faults.empty()) throw RowFault(kReason, faults.front(), fields_[ranks_].column);
    return system;
  }

  sim::DecodeLoad decode_load(const sim::ModelSpec& model) const {
    const std::int64_t sequences = count_of(fields_[sequences_], 0);
    const std::int64_t contexts = count_of(fields_[contexts_], 0);
    if (sequences == 0) {
      if (contexts > 0)
        throw bad_value(kReason, fields_[contexts_], "0, because no sequence decodes");
      return {};
    }
    const std::int64_t mean = (contexts + sequences - 1) / sequences;
    const FieldText* stated = optional_field("longest_context");
    const std::int64_t longest = stated == nullptr ? mean : count_of(*stated, mean);
    const std::int64_t window = model.sliding_window.value_or(kMostTokens);
    const std::int64_t seen = std::min(contexts + sequences, sequences * window);
    return {sequences, contexts + sequences, longest, seen, 0};
  }

  // Rows of one system share a time model, because building one copies tables.
  const sim::IterationTime& time_of(const sim::SimulationConfig& system) {
    const std::string key = system_key();
    const auto found = times_.find(key);
    if (found != times_.end()) return found->second;
    return times_
        .emplace(key, sim::IterationTime(system.decode, system.model, sim::StackProfile{},
                                         system.weights))
        .first->second;
  }

  std::string system_key() const {
    std::string key;
    for (const std::size_t index : {gpu_, model_, weights_, ranks_})
      key += std::string(fields_[index].text) + " ";
    for (const char* name : {"kv_type", "expert_parallel"}) {
      if (const FieldText* field = optional_field(name)) key += std::string(field->text);
      key += " ";
    }
    return key;
  }

  std::string group_of_row() const {
    const FieldText* stated = optional_field("group");
    return stated == nullptr ? system_key() : std::string(stated->text);
  }

  workloads::CsvColumns columns_;
  std::size_t gpu_;
  std::size_t model_;
  std::size_t weights_;
  std::size_t ranks_;
  std::size_t prefill_;
  std::size_t sequences_;
  std::size_t contexts_;
  std::size_t measured_;
  std::span<const FieldText> fields_;  ///< of the row being read
  std::map<std::string, sim::IterationTime> times_;
};

}  // namespace

std::vector<analysis::StackTiming> read_timings(const std::string& path) {
  constexpr std::size_t kMostFaults = 20;
  workloads::TextFile file(path);
  Timings rows(file);
  std::vector<analysis::StackTiming> timings;
  std::vector<std::string> faults;
  while (const auto row = file.next_line()) {
    try {
      timings.push_back(rows.parse(*row));
    } catch (const RowFault& fault) {
      faults.push_back(file.at_line(fault.what(), fault.column()));
      if (faults.size() == kMostFaults) break;
    }
  }
  if (!faults.empty()) throw InputError(faults);
  if (timings.empty()) file.refuse("the file has no rows");
  return timings;
}

}  // namespace kvferry::cli
