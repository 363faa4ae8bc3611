#include "sim/base/quantity_text.hpp"
#include "workloads/length_distribution.hpp"

namespace kvferry::workloads {
namespace {

struct Describe {
  std::string operator()(const ConstantLength& length) const {
    return "constant " + std::to_string(length.tokens);
  }
  std::string operator()(const UniformLength& length) const { return "uniform" + from_to(length); }
  std::string operator()(const VllmRangeLength& length) const {
    return "vLLM's range" + from_to(bounds_of(length));
  }
  std::string operator()(const SglangRangeLength& length) const {
    return "SGLang's range" + from_to(bounds_of(length));
  }
  std::string operator()(const LogNormalLength& length) const {
    return "lognormal with median " + shortest_decimal(length.median_tokens) + " and p90 " +
           shortest_decimal(length.p90_tokens);
  }
  std::string operator()(const NormalLength& length) const {
    return "normal with mean " + shortest_decimal(length.mean_tokens) + " and deviation " +
           shortest_decimal(length.deviation_tokens) + ", truncated at 1";
  }
  std::string operator()(const ExponentialLength& length) const {
    return "exponential with mean " + shortest_decimal(length.mean_tokens);
  }
  std::string operator()(const ZipfLength& length) const {
    return "zipf" + from_to({length.min_tokens, length.max_tokens}) + " with exponent " +
           shortest_decimal(length.exponent);
  }
  std::string operator()(const ParetoLength& length) const {
    return "pareto" + from_to({length.min_tokens, length.max_tokens}) + " with alpha " +
           shortest_decimal(length.alpha);
  }
  std::string operator()(const SimpleLength& length) const { return std::visit(*this, length); }
  std::string operator()(const MixtureLength& mixture) const {
    std::string text = "a mixture of";
    for (const WeightedLength& part : mixture.parts) {
      if (&part != &mixture.parts.front()) text += " and";
      text += " " + shortest_decimal(part.weight) + " x (" + (*this)(part.length) + ")";
    }
    return text;
  }

 private:
  static std::string from_to(const UniformLength& range) {
    return " from " + std::to_string(range.min_tokens) + " to " + std::to_string(range.max_tokens);
  }
};

}  // namespace

std::string describe(const LengthDistribution& lengths) {
  return std::visit(Describe{}, lengths);
}

}  // namespace kvferry::workloads
