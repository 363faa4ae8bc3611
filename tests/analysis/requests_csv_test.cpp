#include "analysis/requests_csv.hpp"

#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

namespace kvferry::analysis {
namespace {

TEST(RequestsCsv, HasTheColumnsOfTheContractAndLeavesOutWhatNeverHappened) {
  RequestRecord done;
  done.request_id = 4;
  done.arrival = {0.1};
  done.input_tokens = 10;
  done.output_tokens = 2;
  done.prefill_instance = 1;
  done.decode_instance = 0;
  done.prefill_start = {0.2};
  done.prefill_end = {0.3};
  done.transfer_start = {0.35};
  done.kv_ready = {0.4};
  done.first_decode_step = {0.5};
  done.first_token = {0.45};
  done.finish = {0.5};
  done.kv_raw = {100};
  done.kv_wire = {75};
  done.encode = {1e-6};
  done.network = {0.1};
  done.decode_codec = {2e-6};
  done.outcome = Outcome::finished;
  RequestRecord rejected;
  rejected.arrival = {1};
  rejected.outcome = Outcome::rejected_decode_kv;
  std::ostringstream out;
  write_requests_csv(out, std::vector{done, rejected});
  EXPECT_EQ(out.str(),
            "request_id,arrival_s,input_tokens,output_tokens,cached_tokens,"
            "prefill_instance,decode_instance,"
            "prefill_start_s,prefill_end_s,kv_ready_s,first_token_s,finish_s,"
            "kv_raw_bytes,kv_wire_bytes,encode_s,network_s,decode_codec_s,outcome,"
            "transfer_start_s,first_decode_step_s\n"
            "4,0.1,10,2,0,1,0,0.2,0.3,0.4,0.45,0.5,100,75,1e-06,0.1,2e-06,finished,0.35,0.5\n"
            "0,1,0,0,0,,,,,,,,0,0,0,0,0,rejected:exceeds-decode-kv,,\n");
}

}  // namespace
}  // namespace kvferry::analysis
