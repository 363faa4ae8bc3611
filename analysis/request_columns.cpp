#include "analysis/request_columns.hpp"

#include <algorithm>

namespace kvferry::analysis {
namespace {

std::optional<Seconds> between(Seconds start, Seconds end) {
  if (start == kNever || end == kNever) return std::nullopt;
  return end - start;
}

// An instance that decodes what it prefilled has the cache where it needs it.
bool stayed_in_place(const RequestRecord& record) {
  return record.kv_raw.value == 0 && record.kv_ready == record.prefill_end;
}

}  // namespace

void RequestColumns::reserve(std::size_t requests) {
  for (auto* column : {&id_, &session_, &input_tokens_, &output_tokens_}) column->reserve(requests);
  for (auto* column : {&scheduled_, &arrival_, &prefill_start_, &prefill_end_, &transfer_start_,
                       &kv_ready_, &first_token_, &finish_, &encode_, &network_, &decode_codec_}) {
    column->reserve(requests);
  }
  outcome_.reserve(requests);
}

void RequestColumns::add(const RequestRecord& record) {
  id_.push_back(record.request_id);
  session_.push_back(record.session);
  input_tokens_.push_back(record.input_tokens);
  output_tokens_.push_back(record.output_tokens);
  scheduled_.push_back(record.scheduled);
  arrival_.push_back(record.arrival);
  prefill_start_.push_back(record.prefill_start);
  prefill_end_.push_back(record.prefill_end);
  transfer_start_.push_back(stayed_in_place(record) ? kNever : record.transfer_start);
  kv_ready_.push_back(record.kv_ready);
  first_token_.push_back(record.first_token);
  finish_.push_back(record.finish);
  encode_.push_back(record.encode);
  network_.push_back(record.network);
  decode_codec_.push_back(record.decode_codec);
  outcome_.push_back(record.outcome);
}

RequestColumns::Time RequestColumns::ttft(std::size_t row) const {
  return between(arrival_[row], first_token_[row]);
}

RequestColumns::Time RequestColumns::ttft_from_schedule(std::size_t row) const {
  return between(scheduled_[row], first_token_[row]);
}

RequestColumns::Time RequestColumns::tpot(std::size_t row) const {
  if (output_tokens_[row] < 2) return std::nullopt;
  return (finish_[row] - first_token_[row]) * (1.0 / static_cast<double>(output_tokens_[row] - 1));
}

RequestColumns::Time RequestColumns::e2el(std::size_t row) const {
  return between(arrival_[row], finish_[row]);
}

RequestColumns::Time RequestColumns::client_queue(std::size_t row) const {
  return between(scheduled_[row], arrival_[row]);
}

RequestColumns::Time RequestColumns::queue(std::size_t row) const {
  return between(arrival_[row], prefill_start_[row]);
}

RequestColumns::Time RequestColumns::prefill(std::size_t row) const {
  return between(prefill_start_[row], prefill_end_[row]);
}

// Nothing was waited for where the hand-off began before the prompt was complete.
RequestColumns::Time RequestColumns::admission_wait(std::size_t row) const {
  if (!was_handed_off(row)) return std::nullopt;
  return between(prefill_end_[row], std::max(prefill_end_[row], transfer_start_[row]));
}

RequestColumns::Time RequestColumns::encode(std::size_t row) const {
  return was_handed_off(row) ? Time(encode_[row]) : std::nullopt;
}

RequestColumns::Time RequestColumns::network(std::size_t row) const {
  return was_handed_off(row) ? Time(network_[row]) : std::nullopt;
}

RequestColumns::Time RequestColumns::decode_codec(std::size_t row) const {
  return was_handed_off(row) ? Time(decode_codec_[row]) : std::nullopt;
}

RequestColumns::Time RequestColumns::transfer(std::size_t row) const {
  return between(transfer_start_[row], kv_ready_[row]);
}

RequestColumns::Time RequestColumns::exposed_transfer(std::size_t row) const {
  return was_handed_off(row) ? between(prefill_end_[row], kv_ready_[row]) : std::nullopt;
}

RequestColumns::Time RequestColumns::hidden_transfer(std::size_t row) const {
  if (!was_handed_off(row)) return std::nullopt;
  const Seconds shown = std::min(kv_ready_[row], prefill_end_[row]);
  return between(transfer_start_[row], std::max(transfer_start_[row], shown));
}

}  // namespace kvferry::analysis
