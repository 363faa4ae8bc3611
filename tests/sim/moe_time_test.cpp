#include "sim/moe_time.hpp"

#include "tests/sim/small_system.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace kvferry::sim {
namespace {

// Router GEMM of the H100, by the published fit.
double router_s(double tokens, double experts, double hidden) {
  return gemm_time(gpu("h100-sxm"), {tokens, experts, hidden}, WeightType::bf16);
}

MoeTime qwen_on_h100(std::int32_t tensor_parallel = 1, std::int32_t expert_parallel = 1) {
  return {gpu("h100-sxm"), model("qwen3-30b-a3b"), tensor_parallel, expert_parallel,
          WeightType::bf16};
}

const MoeMeasurement& first_measurement(const std::string& gpu_name, std::int32_t hidden) {
  for (const MoeMeasurement& shape : gpu(gpu_name).moe_measured) {
    if (shape.hidden == hidden) return shape;
  }
  ADD_FAILURE() << "no such shape";
  return gpu(gpu_name).moe_measured.front();
}

TEST(MoeTime, MeasuredPointsAreMet) {
  const MoeTime time = qwen_on_h100();
  EXPECT_TRUE(time.is_measured());
  const MoeMeasurement& shape = first_measurement("h100-sxm", 2048);
  ASSERT_EQ(shape.tensor_parallel * shape.expert_parallel, 1);
  for (std::size_t i = 0; i < shape.log_tokens.size(); ++i) {
    const double tokens = std::round(std::exp(shape.log_tokens[i]));
    EXPECT_NEAR(
        (time.compute(tokens) - router_s(tokens, 128, 2048)) / std::exp(shape.log_time_s[i]), 1,
        1e-9);
  }
}

// sqrt(2) times the tokens of a point: the geometric mean of its time and the next one's. Beyond
// the last point the slope between the last two goes on.
TEST(MoeTime, BetweenPointsLogarithmsAreLinear) {
  const MoeTime time = qwen_on_h100();
  const MoeMeasurement& shape = first_measurement("h100-sxm", 2048);
  const double between = 64 * std::sqrt(2.0);
  const double mean = std::exp((shape.log_time_s[6] + shape.log_time_s[7]) / 2);
  EXPECT_NEAR((time.compute(between) - router_s(between, 128, 2048)) / mean, 1, 1e-9);
  const double beyond = 2 * 16384;
  const double slope = shape.log_time_s[14] - shape.log_time_s[13];
  EXPECT_NEAR(
      (time.compute(beyond) - router_s(beyond, 128, 2048)) / std::exp(shape.log_time_s[14] + slope),
      1, 1e-9);
}

// Mixtral without measurements: 31.75 us + [ (F/(P .5565))^p + (W/(BW .917) + A/(BW .372))^p ]^(1/p)
// with p = 2.778, and 8 (1 - (3/4)^4) experts at work for 4 tokens.
TEST(MoeTime, UnknownShapesFollowTheRoofline) {
  GpuSpec unmeasured = gpu("h100-sxm");
  unmeasured.moe_measured.clear();
  const MoeTime time(unmeasured, model("mixtral-8x7b"), 2, 1, WeightType::bf16);
  EXPECT_FALSE(time.is_measured());
  const double h = 4096;
  const double f = 14336.0 / 2;
  const double rows = 4 * 2;
  const double active = 8 * (1 - std::pow(0.75, 4));
  const double compute = 6 * rows * h * f / (989.4e12 * 0.5565);
  const double memory = 3 * active * h * f * 2 / (3352e9 * 0.917) +
                        (rows * (4 * h + 6 * f) + 4 * 4 * h) / (3352e9 * 0.372);
  const double p = 2.778;
  const double experts = 31.75e-6 + std::pow(std::pow(compute, p) + std::pow(memory, p), 1 / p);
  EXPECT_NEAR((time.compute(4) - router_s(4, 8, 4096)) / experts, 1, 1e-9);
}

TEST(MoeTime, SharedExpertsAreTwoMoreGemms) {
  ModelSpec without = model("deepseek-v3");
  without.moe->shared_experts = 0;
  const GpuSpec& h200 = gpu("h200-sxm");
  const MoeTime with_shared(h200, model("deepseek-v3"), 8, 1, WeightType::fp8);
  const MoeTime plain(h200, without, 8, 1, WeightType::fp8);
  EXPECT_TRUE(plain.is_measured());
  const double shared = gemm_time(h200, {100, 2 * 256, 7168}, WeightType::fp8) +
                        gemm_time(h200, {100, 7168, 256}, WeightType::fp8);
  EXPECT_NEAR((with_shared.compute(100) - plain.compute(100)) / shared, 1, 1e-9);
}

// 2 T k h / groups bytes there, and as many back: 8.443 us + 4.4247e-9 sqrt(S) + 2.5774e-12 S.
TEST(MoeTime, GroupsExchangeTokens) {
  EXPECT_EQ(qwen_on_h100(8, 1).exchange(1000), 0);
  const double bytes = 2.0 * 1000 * 8 * 2048 / 8;
  const double once = 8.443e-6 + 4.4247e-9 * std::sqrt(bytes) + 2.5774e-12 * bytes;
  EXPECT_NEAR(qwen_on_h100(8, 8).exchange(1000) / (2 * once), 1, 1e-9);
}

TEST(MoeTime, ManyGroupsAreMeasuredToo) {
  EXPECT_TRUE(qwen_on_h100(8, 8).is_measured());
  EXPECT_FALSE(qwen_on_h100(4, 2).is_measured());
}

std::vector<std::string> fields_of(const std::string& line) {
  std::vector<std::string> fields;
  std::istringstream stream(line);
  for (std::string field; std::getline(stream, field, ',');) fields.push_back(field);
  return fields;
}

// gpu,moe_dtype,model_shape,hidden,inter,topk,experts,moe_tp_size,moe_ep_size,distribution,
// num_tokens,latency_us: the whole tables of which the catalog holds every second point or so.
TEST(MoeTime, TheThinnedTablesMeetTheWholeOnes) {
  const std::string path = std::string(KVFERRY_SHARED_FILES) + "/perf/aic_moe.csv";
  std::ifstream file(path);
  if (!file) GTEST_SKIP() << "NOT CHECKED: the measured times are not here (" << path << ")";
  const std::map<std::string, std::string> gpus{{"h100", "h100-sxm"}, {"b200", "b200-sxm"}};
  std::string line;
  std::getline(file, line);
  int rows = 0;
  double sum = 0;
  const std::map<std::string, MoeTime> times{
      {"h100", {gpu("h100-sxm"), model("qwen3-235b-a22b"), 4, 1, WeightType::bf16}},
      {"b200", {gpu("b200-sxm"), model("qwen3-235b-a22b"), 4, 1, WeightType::bf16}}};
  while (std::getline(file, line)) {
    const auto f = fields_of(line);
    if (!times.contains(f[0]) || f[1] != "bfloat16" || f[2] != "Qwen3-235B-A22B" || f[7] != "4" ||
        f[8] != "1" || f[9] != "balanced")
      continue;
    const double tokens = std::stod(f[10]);
    const double router = gemm_time(gpu(gpus.at(f[0])), {tokens, 128, 4096}, WeightType::bf16);
    sum += std::abs((times.at(f[0]).compute(tokens) - router) * 1e6 / std::stod(f[11]) - 1);
    ++rows;
  }
  EXPECT_EQ(rows, 54);
  EXPECT_LT(sum / rows, 0.03);
  std::cout << "checked " << rows << " measured times, mean error " << 100 * sum / rows << " %\n";
}

}  // namespace
}  // namespace kvferry::sim
