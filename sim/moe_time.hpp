// Time of a mixture-of-experts FFN on each GPU: router, exchange of tokens, experts, shared
// experts.
//
// A shape that was measured is interpolated linearly in log tokens and log time (held-out 3-5 %),
// beyond its ends with the slope there; tokens were spread evenly over the experts. Any other shape
// follows the fitted roofline (9-14 % on unknown models) with randomly routed tokens: of El experts
// on a GPU, El (1 - (1 - k/E)^T) have work. With expert_parallel groups tokens travel there and
// back, 2 T k h / groups bytes from each GPU, instead of the all-reduce behind a dense FFN.
#pragma once

#include "sim/kernel_time.hpp"

#include <cstdint>
#include <optional>

namespace kvferry::sim {

/// All times in seconds and for one layer.
class MoeTime {
 public:
  /// @pre model.moe; expert_parallel divides tensor_parallel; the GPU has a fit for the weights,
  /// and for all-to-all where there are groups
  MoeTime(const GpuSpec& gpu, const ModelSpec& model, std::int32_t tensor_parallel,
          std::int32_t expert_parallel, WeightType weights);

  /// Router, experts and shared experts.
  double compute(double tokens) const;

  /// Tokens to their experts and back; zero without groups.
  double exchange(double tokens) const;

  /// Whether the experts' time is interpolated between measurements of this shape.
  bool is_measured() const { return measured_.has_value(); }

 private:
  double fitted_experts(double tokens) const;

  GpuSpec gpu_;
  ModelSpec model_;
  MixtureOfExperts moe_;
  std::int32_t tensor_parallel_;
  std::int32_t expert_parallel_;
  WeightType weights_;
  std::optional<MoeMeasurement> measured_;
};

}  // namespace kvferry::sim
