// Times of single kernels on one GPU, in seconds: the rooflines of gpu_spec.hpp.
#pragma once

#include "sim/gpu_spec.hpp"

#include <cstdint>

namespace kvferry::sim {

inline constexpr double kBf16Bytes = 2;

/// (a^p + b^p)^(1/p) for a, b of at least 0.
double p_norm(double a, double b, double p);

struct Gemm {
  double rows;     ///< m: tokens
  double columns;  ///< n: outputs
  double inner;    ///< k: inputs
};

/// @pre FP8 only on a GPU with an FP8 fit
double gemm_time(const GpuSpec& gpu, const Gemm& gemm, WeightType weights);

/// What a prefill attention kernel computes and moves, for a whole batch in one launch.
struct PrefillAttentionWork {
  double flops;
  double bytes;
  double longest;  ///< tokens of the longest context, new ones included
};

double prefill_attention_time(const GpuSpec& gpu, const PrefillAttentionWork& work);

/// Over 1, 2, 4 or 8 GPUs; `bytes` of the reduced vector (all-reduce), or that each GPU sends
/// (all-to-all). Zero for one GPU.
double collective_time(const CollectiveFits& fits, std::int32_t gpus, double bytes);

}  // namespace kvferry::sim
