#include "sim/moe_time.hpp"

#include "sim/base/portable_math.hpp"

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <utility>

namespace kvferry::sim {
namespace {

double interpolate(const MoeMeasurement& table, double tokens) {
  const double x = portable_log(tokens);
  const auto above = std::upper_bound(table.log_tokens.begin(), table.log_tokens.end(), x);
  const auto last = static_cast<std::ptrdiff_t>(table.log_tokens.size()) - 1;
  const auto right = std::clamp<std::ptrdiff_t>(above - table.log_tokens.begin(), 1, last);
  const auto i = static_cast<std::size_t>(right);
  const double share =
      (x - table.log_tokens[i - 1]) / (table.log_tokens[i] - table.log_tokens[i - 1]);
  return portable_exp(table.log_time_s[i - 1] +
                      share * (table.log_time_s[i] - table.log_time_s[i - 1]));
}

}  // namespace

MoeTime::MoeTime(const GpuSpec& gpu, const ModelSpec& model, std::int32_t tensor_parallel,
                 std::int32_t expert_parallel, WeightType weights)
    : gpu_(gpu),
      model_(model),
      moe_(*model.moe),
      tensor_parallel_(tensor_parallel),
      expert_parallel_(expert_parallel),
      weights_(weights) {
  assert(tensor_parallel % expert_parallel == 0);
  const auto is_this = [&](const MoeMeasurement& table) {
    return table.hidden == model.hidden && table.ffn == moe_.ffn && table.top_k == moe_.top_k &&
           table.experts == moe_.experts && table.weights == weights &&
           table.tensor_parallel == tensor_parallel / expert_parallel &&
           table.expert_parallel == expert_parallel;
  };
  const auto found = std::find_if(gpu.moe_measured.begin(), gpu.moe_measured.end(), is_this);
  if (found != gpu.moe_measured.end()) measured_ = *found;
  gpu_.moe_measured.clear();
}

double MoeTime::fitted_experts(double tokens) const {
  const bool fp8 = weights_ == WeightType::fp8;
  const MoeFit& fit = fp8 ? *gpu_.moe_fp8 : *gpu_.moe_bf16;
  const double hidden = model_.hidden;
  const double ffn = double{1} * moe_.ffn * expert_parallel_ / tensor_parallel_;  // per GPU
  const double rows = tokens * moe_.top_k / expert_parallel_;
  const double idle =
      portable_pow(1 - double{1} * moe_.top_k / moe_.experts, tokens);  // share of experts
  const double active = double{1} * moe_.experts / expert_parallel_ * (1 - idle);
  const double projections = model_.gated_mlp ? 3 : 2;
  const double flops = 2 * projections * rows * hidden * ffn;
  const double weight_bytes = projections * active * hidden * ffn * (fp8 ? 1 : kBf16Bytes);
  const double activation_bytes =
      rows * (4 * hidden + kBf16Bytes * projections * ffn) + 4 * tokens * hidden;
  const double bandwidth = gpu_.memory_bandwidth.value;
  const double compute = flops / (gpu_.bf16_peak.value * (fp8 ? 2 : 1) * fit.compute_efficiency);
  const double memory = weight_bytes / (bandwidth * fit.weight_efficiency) +
                        activation_bytes / (bandwidth * fit.activation_efficiency);
  return fit.fixed.value + p_norm(compute, memory, fit.exponent);
}

double MoeTime::compute(double tokens) const {
  if (tokens == 0) return 0;
  const double hidden = model_.hidden;
  const double router =
      gemm_time(gpu_, {tokens, double{1} * moe_.experts, hidden}, WeightType::bf16);
  const double experts = measured_ ? interpolate(*measured_, tokens) : fitted_experts(tokens);
  if (moe_.shared_experts == 0) return router + experts;
  const double ffn = double{1} * moe_.shared_experts * moe_.ffn / tensor_parallel_;
  const double up = model_.gated_mlp ? 2 * ffn : ffn;
  return router + experts + gemm_time(gpu_, {tokens, up, hidden}, weights_) +
         gemm_time(gpu_, {tokens, hidden, ffn}, weights_);
}

double MoeTime::exchange(double tokens) const {
  if (expert_parallel_ == 1) return 0;
  const double bytes = kBf16Bytes * tokens * moe_.top_k * model_.hidden / expert_parallel_;
  return 2 * collective_time(*gpu_.all_to_all, expert_parallel_, bytes);
}

}  // namespace kvferry::sim
