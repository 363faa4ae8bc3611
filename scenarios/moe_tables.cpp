#include "scenarios/moe_tables.hpp"

#include "scenarios/config_node.hpp"
#include "scenarios/spec_fields.hpp"
#include "sim/base/portable_math.hpp"

#include "catalog_files.hpp"

#include <cstdint>

namespace kvferry::scenarios {
namespace {

using sim::MoeMeasurement;

std::vector<double> read_logarithms(const ConfigNode& shape, const char* key, double unit,
                                    Diagnostics& diagnostics) {
  std::vector<double> logarithms;
  const ConfigEntry* entry = shape.find(key);
  if (entry == nullptr) {
    diagnostics.error(shape.place, std::string("key '") + key + "' is missing");
    return logarithms;
  }
  for (const ConfigNode& item : entry->value.items)
    logarithms.push_back(portable_log(Number{}.parse(item.scalar) * unit));
  return logarithms;
}

MoeMeasurement read_shape(const ConfigNode& node, const std::vector<double>& log_tokens,
                          Diagnostics& diagnostics) {
  const auto count = [&](const char* key) {
    const ConfigEntry* entry = node.find(key);
    return entry == nullptr ? 0 : static_cast<std::int32_t>(Integer{}.parse(entry->value.scalar));
  };
  const ConfigEntry* weights = node.find("weights");
  const bool fp8 = weights != nullptr && weights->value.scalar == "fp8";
  return {count("hidden"),
          count("ffn"),
          count("top_k"),
          count("experts"),
          count("tensor_parallel"),
          count("expert_parallel"),
          fp8 ? sim::WeightType::fp8 : sim::WeightType::bf16,
          log_tokens,
          read_logarithms(node, "time_us", 1e-6, diagnostics)};
}

}  // namespace

std::vector<MoeMeasurement> moe_measurements(const std::string& gpu) {
  Diagnostics diagnostics;
  static const ConfigNode root = [&] {
    return parse_config(std::string(embedded::moe_yaml), "moe.yaml", diagnostics);
  }();
  std::vector<MoeMeasurement> shapes;
  const ConfigEntry* entry = root.find(gpu);
  if (entry == nullptr) return shapes;
  const std::vector<double> log_tokens = read_logarithms(root, "tokens", 1, diagnostics);
  for (const ConfigNode& node : entry->value.items) {
    shapes.push_back(read_shape(node, log_tokens, diagnostics));
    if (shapes.back().log_time_s.size() != log_tokens.size())
      diagnostics.error(node.place, "time_us must have a time for each of the tokens");
  }
  diagnostics.throw_if_any();
  return shapes;
}

}  // namespace kvferry::scenarios
