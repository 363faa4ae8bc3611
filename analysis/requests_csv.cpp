#include "analysis/requests_csv.hpp"

#include "sim/base/quantity_text.hpp"

#include <ostream>
#include <string>

namespace kvferry::analysis {
namespace {

constexpr const char* kHeader =
    "request_id,arrival_s,input_tokens,output_tokens,cached_tokens,"
    "prefill_instance,decode_instance,"
    "prefill_start_s,prefill_end_s,kv_ready_s,first_token_s,finish_s,"
    "kv_raw_bytes,kv_wire_bytes,encode_s,network_s,decode_codec_s,outcome,"
    "transfer_start_s,first_decode_step_s\n";

std::string date(Seconds when) {
  return when == kNever ? std::string{} : shortest_decimal(when.value);
}
std::string instance(std::int32_t index) {
  return index < 0 ? std::string{} : std::to_string(index);
}

}  // namespace

void write_requests_csv(std::ostream& out, std::span<const RequestRecord> records) {
  out << kHeader;
  for (const RequestRecord& r : records) {
    out << r.request_id << ',' << shortest_decimal(r.arrival.value) << ',' << r.input_tokens << ','
        << r.output_tokens << ',' << r.cached_tokens << ',' << instance(r.prefill_instance) << ','
        << instance(r.decode_instance) << ',' << date(r.prefill_start) << ',' << date(r.prefill_end)
        << ',' << date(r.kv_ready) << ',' << date(r.first_token) << ',' << date(r.finish) << ','
        << r.kv_raw.value << ',' << r.kv_wire.value << ',' << shortest_decimal(r.encode.value)
        << ',' << shortest_decimal(r.network.value) << ',' << shortest_decimal(r.decode_codec.value)
        << ',' << name_of(r.outcome) << ',' << date(r.transfer_start) << ','
        << date(r.first_decode_step) << '\n';
  }
}

}  // namespace kvferry::analysis
