#include "sim/iteration_time.hpp"

#include "tests/sim/small_system.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace kvferry::sim {
namespace {

struct Golden {
  std::string gpu;
  std::string model;
  std::int32_t tensor_parallel;
  WeightType weights;
  std::vector<PrefillItem> prefill;
  DecodeLoad decode;
  double total_ms;
};

double total_ms(const Golden& golden) {
  const IterationTime time(pool(golden.gpu, golden.tensor_parallel), model(golden.model), stack(),
                           golden.weights);
  return 1e3 * time.parts(golden.prefill, golden.decode).total.value;
}

// Predictions of the reference implementation that the parameters were fitted with; the last digits
// of its parameters are not published, hence 0.1 %.
TEST(IterationTime, ReproducesReferencePredictions) {
  const std::vector<PrefillItem> prompt{{2048, 0}};
  const std::vector<PrefillItem> four_prompts(4, {512, 0});
  const DecodeLoad alone{1, 1024, 1024};
  const DecodeLoad batch{64, 131072, 2048};
  const auto bf16 = WeightType::bf16;
  const auto fp8 = WeightType::fp8;
  for (const Golden& golden :
       {Golden{"a100-sxm-80gb", "llama-3.1-8b", 1, bf16, prompt, {}, 143.552},
        Golden{"a100-sxm-80gb", "llama-3.1-8b", 1, bf16, four_prompts, {}, 138.82},
        Golden{"a100-sxm-80gb", "llama-3.1-8b", 1, bf16, {}, alone, 12.7015},
        Golden{"a100-sxm-80gb", "qwen3-32b", 2, bf16, {}, batch, 42.9795},
        Golden{"h100-sxm", "qwen3-32b", 2, bf16, prompt, {}, 121.635},
        Golden{"h100-sxm", "qwen3-32b", 2, bf16, four_prompts, {}, 119.167},
        Golden{"h100-sxm", "qwen3-32b", 2, bf16, {}, batch, 24.0556},
        Golden{"h100-sxm", "qwen3-32b", 2, fp8, prompt, {}, 88.2002},
        Golden{"h100-sxm", "llama-3.1-8b", 1, fp8, {}, batch, 13.3334},
        Golden{"h100-sxm", "llama-3.1-8b", 2, fp8, prompt, {}, 25.6251}}) {
    EXPECT_NEAR(total_ms(golden) / golden.total_ms, 1, 1e-3) << golden.gpu << " " << golden.model;
  }
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
  return parts;
}

// gpu,model,tp,weights,kind,prefill_n_x_c,decode_B,decode_sum_ctx,...,total_ms
Golden parse_golden(const std::string& line) {
  static const std::map<std::string, std::string> kGpuNames{{"a100", "a100-sxm-80gb"},
                                                            {"h100", "h100-sxm"},
                                                            {"h200", "h200-sxm"},
                                                            {"b200", "b200-sxm"},
                                                            {"l40s", "l40s"}};
  static const std::map<std::string, std::string> kModelNames{
      {"Llama-3.1-8B-Instruct", "llama-3.1-8b"},
      {"Llama-3.1-70B-Instruct", "llama-3.1-70b"},
      {"Qwen3-32B", "qwen3-32b"}};
  const auto fields = split(line, ',');
  Golden golden{kGpuNames.at(fields[0]),
                kModelNames.at(fields[1]),
                std::stoi(fields[2]),
                fields[3] == "fp8" ? WeightType::fp8 : WeightType::bf16,
                {},
                {},
                std::stod(fields.back())};
  for (const std::string& item : split(fields[5], ';')) {
    const auto parts = split(item, '+');
    golden.prefill.push_back({std::stoll(parts[0]), std::stoll(parts[1])});
  }
  const std::int64_t sequences = std::stoll(fields[6]);
  const std::int64_t contexts = std::stoll(fields[7]);
  if (sequences > 0) golden.decode = {sequences, contexts, contexts / sequences};
  return golden;
}

TEST(IterationTime, ReproducesAllReferencePredictions) {
  const std::string path = std::string(KVFERRY_SHARED_FILES) + "/perf/golden_predictions.csv";
  std::ifstream file(path);
  if (!file) GTEST_SKIP() << "NOT CHECKED: the reference predictions are not here (" << path << ")";
  std::string line;
  std::getline(file, line);
  int rows = 0;
  double worst = 0;
  while (std::getline(file, line)) {
    const Golden golden = parse_golden(line);
    const double error = std::abs(total_ms(golden) / golden.total_ms - 1);
    EXPECT_LT(error, 1e-3) << line;
    worst = std::max(worst, error);
    ++rows;
  }
  EXPECT_EQ(rows, 180);
  std::cout << "checked " << rows << " reference predictions, largest error " << 100 * worst
            << " %\n";
}

TEST(IterationTime, MoreWorkNeverTakesLess) {
  const IterationTime time(pool("h100-sxm", 1), model("llama-3.1-8b"), stack(), WeightType::bf16);
  double previous = 0;
  for (std::int64_t tokens = 1; tokens < 200'000; tokens = tokens * 3 / 2 + 1) {
    const PrefillItem item{tokens, 0};
    const double seconds = time.prefill({&item, 1}).value;
    EXPECT_GT(seconds, previous);
    previous = seconds;
  }
  previous = 0;
  for (std::int64_t sequences = 1; sequences < 1000; ++sequences) {
    const double seconds = time.decode({sequences, sequences * 1000, 1000}).value;
    EXPECT_GT(seconds, previous);
    previous = seconds;
  }
}

// The batch k iterations later: every context is k tokens longer.
DecodeLoad grown(DecodeLoad load, std::int64_t k) {
  load.kv_tokens += load.sequences * k;
  load.longest_context += k;
  load.windowed_kv_tokens += load.windowed_growing * k;
  return load;
}

TEST(IterationTime, SeriesFollowsAnUnchangedBatch) {
  for (const StackProfile& profile : {stack(), StackProfile{}}) {
    for (const DecodeLoad& load :
         {DecodeLoad{1, 1, 0}, DecodeLoad{1, 1025, 1024}, DecodeLoad{64, 131072, 9000},
          DecodeLoad{5000, 6'000'000, 9000}}) {
      StackProfile used = profile;
      used.attention_factor = 0.9586;
      const IterationTime time(pool("h100-sxm", 2), model("llama-3.1-8b"), used, WeightType::bf16);
      const DecodeSeries series = time.decode_series(load);
      EXPECT_EQ(series.first, time.decode(load));
      EXPECT_EQ(series.first, time.parts({}, load).total);
      for (std::int64_t k = 0; k <= 5000; ++k) {
        const double expected = time.decode(grown(load, k)).value;
        const double predicted = series.first.value + static_cast<double>(k) * series.step.value;
        ASSERT_NEAR(predicted / expected, 1, 1e-12) << "iteration " << k;
      }
    }
  }
}

ModelSpec windowed_model() {
  ModelSpec windowed = model("llama-3.1-8b");
  windowed.sliding_window = 128;
  windowed.windowed_layers = 16;
  return windowed;
}

// Contexts 5, 50 and 1000: the windows of the first two fill with context 127, after 77 iterations.
TEST(IterationTime, SeriesHoldsUntilTheNextWindowIsFull) {
  const IterationTime time(pool("h100-sxm", 1), windowed_model(), stack(), WeightType::bf16);
  DecodeLoad load;
  for (const std::int64_t context : {5, 50, 1000}) add_sequence(load, context, 128);
  EXPECT_EQ(load.kv_tokens, 6 + 51 + 1001);
  EXPECT_EQ(load.windowed_kv_tokens, 6 + 51 + 128);
  EXPECT_EQ(load.windowed_growing, 2);
  const DecodeSeries series = time.decode_series(load);
  EXPECT_EQ(series.first, time.decode(load));
  for (std::int64_t k = 0; k <= 77; ++k) {
    const double predicted = series.first.value + static_cast<double>(k) * series.step.value;
    EXPECT_NEAR(predicted / time.decode(grown(load, k)).value, 1, 1e-12) << "iteration " << k;
  }
}

// A lone sequence of 50 tokens is the longest of the windowed layers too, until its window is full.
TEST(IterationTime, TheLongestWindowGrowsUntilItIsFull) {
  const IterationTime time(pool("h100-sxm", 1), windowed_model(), stack(), WeightType::bf16);
  const DecodeSeries growing = time.decode_series({1, 51, 50, 51, 1});
  const DecodeLoad full_window{1, 128, 127, 128, 0};
  const DecodeSeries full = time.decode_series(full_window);
  EXPECT_NEAR((growing.first.value + 77 * growing.step.value) / full.first.value, 1, 1e-12);
  EXPECT_NEAR(growing.step.value / full.step.value, 2, 1e-12);  // half of the layers stop growing
  EXPECT_NEAR(
      (full.first.value + 1000 * full.step.value) / time.decode(grown(full_window, 1000)).value, 1,
      1e-12);
}

TEST(IterationTime, WindowsBoundTheWorkOfPrompts) {
  const IterationTime windowed(pool("h100-sxm", 1), windowed_model(), stack(), WeightType::bf16);
  const IterationTime full(pool("h100-sxm", 1), model("llama-3.1-8b"), stack(), WeightType::bf16);
  const PrefillItem within{128, 0};
  EXPECT_NEAR(windowed.prefill({&within, 1}) / full.prefill({&within, 1}), 1, 1e-12);
  const PrefillItem beyond{32768, 0};
  EXPECT_LT(windowed.prefill({&beyond, 1}), full.prefill({&beyond, 1}));
  const PrefillItem cached{128, 32768};
  EXPECT_LT(windowed.prefill({&cached, 1}), full.prefill({&cached, 1}));
}

TEST(IterationTime, CachedTokensAreCheaperThanNewOnes) {
  const IterationTime time(pool("h100-sxm", 1), model("llama-3.1-8b"), stack(), WeightType::bf16);
  const PrefillItem whole{4096, 0};
  const PrefillItem suffix{1024, 3072};
  EXPECT_LT(time.prefill({&suffix, 1}).value, 0.4 * time.prefill({&whole, 1}).value);
}

}  // namespace
}  // namespace kvferry::sim
