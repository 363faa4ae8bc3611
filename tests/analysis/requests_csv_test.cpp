#include "analysis/requests_csv.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <string>

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
  done.session = 12;
  done.scheduled = {0.05};
  done.preemptions = 3;
  done.retries = 5;
  done.restarts = 2;
  std::string text;
  RequestsCsv csv([&](std::string_view block) { text += block; });
  csv.record(done);
  csv.record(rejected);
  EXPECT_EQ(text, "") << "short runs touch the disk once";
  csv.finish();
  EXPECT_EQ(
      text,
      "request_id,arrival_s,input_tokens,output_tokens,cached_tokens,"
      "prefill_instance,decode_instance,"
      "prefill_start_s,prefill_end_s,kv_ready_s,first_token_s,finish_s,"
      "kv_raw_bytes,kv_wire_bytes,encode_s,network_s,decode_codec_s,outcome,"
      "transfer_start_s,first_decode_step_s,session_id,scheduled_s,preemptions,retries,restarts\n"
      "4,0.1,10,2,0,1,0,0.2,0.3,0.4,0.45,0.5,100,75,1e-06,0.1,2e-06,finished,0.35,0.5,"
      "12,0.05,3,5,2\n"
      "0,1,0,0,0,,,,,,,,0,0,0,0,0,rejected:exceeds-decode-kv,,,,0,0,0,0\n");
}

// No field may be longer than there is room for, nor a row be lost where blocks meet.
TEST(RequestsCsv, LongRowsOfManyBlocksAreAllThere) {
  RequestRecord longest;
  longest.request_id = longest.session = std::numeric_limits<std::int64_t>::max();
  longest.input_tokens = longest.output_tokens = longest.cached_tokens = longest.preemptions =
      longest.retries = longest.restarts = longest.kv_raw.value = longest.kv_wire.value =
          std::numeric_limits<std::int64_t>::min();
  longest.prefill_instance = longest.decode_instance = std::numeric_limits<std::int32_t>::max();
  for (Seconds* time : {&longest.scheduled, &longest.arrival, &longest.prefill_start,
                        &longest.prefill_end, &longest.transfer_start, &longest.kv_ready,
                        &longest.first_decode_step, &longest.first_token, &longest.finish,
                        &longest.encode, &longest.network, &longest.decode_codec})
    *time = {-2.2250738585072014e-308};
  longest.outcome = Outcome::rejected_prefill_kv;
  std::string text;
  std::size_t blocks = 0;
  RequestsCsv csv([&](std::string_view block) {
    text += block;
    ++blocks;
  });
  constexpr std::size_t kRows = 10'000;
  for (std::size_t i = 0; i < kRows; ++i) csv.record(longest);
  csv.finish();
  EXPECT_GT(blocks, 3U);
  EXPECT_EQ(std::ranges::count(text, '\n'), static_cast<std::ptrdiff_t>(kRows + 1));
  EXPECT_EQ(std::ranges::count(text, ','), static_cast<std::ptrdiff_t>(24 * (kRows + 1)));
}

}  // namespace
}  // namespace kvferry::analysis
