#include "analysis/requests_csv.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <utility>

namespace kvferry::analysis {
namespace {

constexpr std::string_view kHeader =
    "request_id,arrival_s,input_tokens,output_tokens,cached_tokens,"
    "prefill_instance,decode_instance,"
    "prefill_start_s,prefill_end_s,kv_ready_s,first_token_s,finish_s,"
    "kv_raw_bytes,kv_wire_bytes,encode_s,network_s,decode_codec_s,outcome,"
    "transfer_start_s,first_decode_step_s,session_id,scheduled_s,preemptions,"
    "retries,restarts\n";

constexpr std::size_t kBlockBytes = std::size_t{1} << 20;
constexpr std::size_t kLongestRow = 1024;  // 24 numbers of at most 24 characters, and an outcome

/// Builds one row; every field ends with a comma, the last one's becomes the line's end.
class Row {
 public:
  Row& number(std::int64_t value) { return put(value); }
  Row& number(double value) { return put(value); }
  /// Empty for kNever.
  Row& date(Seconds when) { return when == kNever ? empty() : put(when.value); }
  /// Empty below zero: none.
  Row& index(std::int64_t value) { return value < 0 ? empty() : put(value); }
  Row& word(std::string_view text) {
    next_ = std::copy(text.begin(), text.end(), next_);
    return empty();
  }
  std::string_view text() {
    next_[-1] = '\n';
    return {row_.data(), next_};
  }

 private:
  template <typename Number>
  Row& put(Number value) {
    next_ = std::to_chars(next_, row_.data() + row_.size(), value).ptr;
    return empty();
  }
  Row& empty() {
    *next_++ = ',';
    return *this;
  }

  std::array<char, kLongestRow> row_;
  char* next_ = row_.data();
};

}  // namespace

RequestsCsv::RequestsCsv(Write write) : write_(std::move(write)), block_(kHeader) {
  block_.reserve(kBlockBytes + kLongestRow);
}

void RequestsCsv::record(const RequestRecord& r) {
  Row row;
  row.number(r.request_id).date(r.arrival);
  row.number(r.input_tokens).number(r.output_tokens).number(r.cached_tokens);
  row.index(r.prefill_instance).index(r.decode_instance);
  row.date(r.prefill_start).date(r.prefill_end).date(r.kv_ready).date(r.first_token).date(r.finish);
  row.number(r.kv_raw.value).number(r.kv_wire.value);
  row.number(r.encode.value).number(r.network.value).number(r.decode_codec.value);
  row.word(name_of(r.outcome)).date(r.transfer_start).date(r.first_decode_step);
  row.index(r.session).date(r.scheduled).number(r.preemptions);
  row.number(r.retries).number(r.restarts);
  block_ += row.text();
  if (block_.size() < kBlockBytes) return;
  write_(block_);
  block_.clear();
}

void RequestsCsv::finish() {
  write_(block_);
  block_.clear();
}

}  // namespace kvferry::analysis
