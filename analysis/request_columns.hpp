// What the figures of a run need of each request, in columns: of a million requests about 120 MB.
#pragma once

#include "sim/base/record.hpp"
#include "sim/base/units.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace kvferry::analysis {

/// Rows are in the order in which they were added. Times are defined for requests that have
/// finished; some of these skip a stage, and then have no time in it.
class RequestColumns {
 public:
  using Time = std::optional<Seconds>;

  void reserve(std::size_t requests);
  void add(const RequestRecord& record);
  std::size_t size() const { return outcome_.size(); }

  std::int64_t id(std::size_t row) const { return id_[row]; }
  std::int64_t session(std::size_t row) const { return session_[row]; }
  std::int64_t input_tokens(std::size_t row) const { return input_tokens_[row]; }
  std::int64_t output_tokens(std::size_t row) const { return output_tokens_[row]; }
  Seconds scheduled(std::size_t row) const { return scheduled_[row]; }
  Seconds arrival(std::size_t row) const { return arrival_[row]; }
  Seconds finish(std::size_t row) const { return finish_[row]; }
  bool has_finished(std::size_t row) const { return outcome_[row] == Outcome::finished; }

  Time ttft(std::size_t row) const;                ///< arrival to first token
  Time ttft_from_schedule(std::size_t row) const;  ///< the client's own queue included
  Time tpot(std::size_t row) const;                ///< nothing for a single output token
  Time e2el(std::size_t row) const;                ///< arrival to finish
  Time client_queue(std::size_t row) const;        ///< wanted to be sent until sent
  Time queue(std::size_t row) const;               ///< arrival to prefill start
  Time prefill(std::size_t row) const;
  Time admission_wait(std::size_t row) const;    ///< prefill end until the decode side has room
  Time encode(std::size_t row) const;            ///< codec busy, sending GPU
  Time network(std::size_t row) const;           ///< with bytes on the wire
  Time decode_codec(std::size_t row) const;      ///< codec busy, receiving GPU
  Time transfer(std::size_t row) const;          ///< hand-off start to KV ready
  Time exposed_transfer(std::size_t row) const;  ///< prefill end to KV ready
  Time hidden_transfer(std::size_t row) const;   ///< of the hand-off, while prefill still computed

 private:
  bool was_handed_off(std::size_t row) const { return transfer_start_[row] != kNever; }

  std::vector<std::int64_t> id_;
  std::vector<std::int64_t> session_;
  std::vector<std::int64_t> input_tokens_;
  std::vector<std::int64_t> output_tokens_;
  std::vector<Seconds> scheduled_;
  std::vector<Seconds> arrival_;
  std::vector<Seconds> prefill_start_;
  std::vector<Seconds> prefill_end_;
  std::vector<Seconds> transfer_start_;  ///< kNever where nothing was handed off
  std::vector<Seconds> kv_ready_;
  std::vector<Seconds> first_token_;
  std::vector<Seconds> finish_;
  std::vector<Seconds> encode_;
  std::vector<Seconds> network_;
  std::vector<Seconds> decode_codec_;
  std::vector<Outcome> outcome_;
};

}  // namespace kvferry::analysis
