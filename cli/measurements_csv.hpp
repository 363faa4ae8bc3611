// End-to-end measurements of serving systems under a fixed concurrency, for `kvferry accuracy`: a
// subset, by name, of the columns of silicon_sample.csv of NVIDIA ai-dynamo/aiconfigurator. Other
// columns are ignored.
//
//   model_path, system   the model and the GPU as the table names them (measured_systems.hpp)
//   backend              the serving stack: vllm, trtllm, sglang
//   precision            of the weights; empty: bf16
//   isl, osl             tokens of each prompt and of each answer, or their maximum
//   concurrency          requests in flight, or empty: not known
//   tp_size              GPUs that share each layer
//   silicon_ttft_ms, silicon_tpot_ms   means over the requests
// and optionally
//   pp_size, attention_dp_size         pipeline stages, replicas of the attention; 1 when absent
//   source               benchmark-db-dump: lengths are drawn, see measured_systems.hpp
//   note                 why the row is unfit to be compared with; empty: it is fit
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kvferry::cli {

struct Measurement {
  std::int64_t line;  ///< of the file, from 1
  std::string model;
  std::string gpu;
  std::string backend;
  std::string precision;
  std::string source;
  std::string note;
  std::int64_t input_tokens;
  std::int64_t output_tokens;
  std::optional<std::int64_t> concurrency;
  std::int64_t tensor_parallel;
  std::int64_t pipeline_parallel;
  std::int64_t attention_replicas;
  double ttft_ms;
  double tpot_ms;
};

/// @throws InputError with up to 20 faults: file, line, column, found, allowed
std::vector<Measurement> read_measurements(const std::string& path);

}  // namespace kvferry::cli
