#include "sim/result_stream.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <type_traits>
#include <unistd.h>
#include <utility>

namespace kvferry::sim {
namespace {

// Large enough that a system call costs little beside the copying, small enough to stay in a cache.
constexpr std::size_t kRecordsPerBlock = 512;
constexpr std::size_t kGapRunsPerBlock = 2048;
constexpr std::size_t kReadBytes = std::size_t{256} << 10;

enum Block : std::uint64_t {
  kRecords,
  kTokenGaps,
  kLinkUses,
  kLinkTimelines,
  kTimelineBin,
  kIncast,
  kTotals,  ///< the last one of a run that succeeded
  kWrongInput,
  kRunFailed,
};

struct BlockHeader {
  std::uint64_t kind;
  std::uint64_t bytes;  ///< of the content, which follows
};

void write_all(int descriptor, const void* data, std::size_t size) {
  const auto* next = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t written = ::write(descriptor, next, size);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) throw std::system_error(errno, std::generic_category(), "writing the result");
    next += written;
    size -= static_cast<std::size_t>(written);
  }
}

template <typename Value>
void write_block(int descriptor, Block kind, std::span<const Value> values) {
  static_assert(std::is_trivially_copyable_v<Value>);
  const BlockHeader header{kind, values.size_bytes()};
  write_all(descriptor, &header, sizeof header);
  write_all(descriptor, values.data(), values.size_bytes());
}

template <typename Value>
void write_and_clear(int descriptor, Block kind, std::vector<Value>& values) {
  if (!values.empty()) write_block(descriptor, kind, std::span<const Value>(values));
  values.clear();
}

// The bytes of a block need not be aligned for the values.
template <typename Value, typename Use>
void for_each(std::span<const std::byte> content, Use use) {
  for (std::size_t at = 0; at + sizeof(Value) <= content.size(); at += sizeof(Value)) {
    Value value;
    std::memcpy(&value, content.data() + at, sizeof value);
    use(value);
  }
}

std::string text_of(std::span<const std::byte> content) {
  std::string text(content.size(), '\0');
  std::memcpy(text.data(), content.data(), content.size());
  return text;
}

}  // namespace

void ResultStreamWriter::record(const RequestRecord& record) {
  records_.push_back(record);
  if (records_.size() == kRecordsPerBlock) write_and_clear(descriptor_, kRecords, records_);
}

void ResultStreamWriter::token_gaps(const TokenGapRun& run) {
  token_gaps_.push_back(run);
  if (token_gaps_.size() == kGapRunsPerBlock) write_and_clear(descriptor_, kTokenGaps, token_gaps_);
}

void ResultStreamWriter::finish(const SimulationSums& sums) {
  write_and_clear(descriptor_, kRecords, records_);
  write_and_clear(descriptor_, kTokenGaps, token_gaps_);
  const NetworkUse& network = sums.network;
  write_block(descriptor_, kLinkUses, std::span<const LinkUse>(network.links));
  write_block(descriptor_, kLinkTimelines, std::span<const LinkTimeline>(network.timelines));
  write_block(descriptor_, kTimelineBin, std::span(&network.bin, 1));
  write_block(descriptor_, kIncast, std::span(&network.incast, 1));
  write_block(descriptor_, kTotals, std::span(&sums.totals, 1));
}

void ResultStreamWriter::fail(const StreamedFailure& failure) {
  const Block kind = failure.kind == StreamedFailure::Kind::wrong_input ? kWrongInput : kRunFailed;
  write_block(descriptor_, kind, std::span<const char>(failure.message));
}

ResultStreamReader::ResultStreamReader(ResultSink& sink) : sink_(sink), buffer_(kReadBytes) {}

bool ResultStreamReader::read(int descriptor) {
  if (filled_ == buffer_.size()) buffer_.resize(2 * buffer_.size());  // a block beyond its size
  ssize_t count = -1;
  do {
    count = ::read(descriptor, buffer_.data() + filled_, buffer_.size() - filled_);
  } while (count < 0 && errno == EINTR);
  if (count <= 0) return false;
  filled_ += static_cast<std::size_t>(count);
  hand_on_complete_blocks();
  return true;
}

void ResultStreamReader::hand_on_complete_blocks() {
  const std::span<const std::byte> all(buffer_.data(), filled_);
  std::size_t done = 0;
  while (filled_ - done >= sizeof(BlockHeader)) {
    BlockHeader header;
    std::memcpy(&header, all.data() + done, sizeof header);
    const std::size_t start = done + sizeof header;
    if (filled_ - start < header.bytes) break;
    hand_on(header.kind, all.subspan(start, header.bytes));
    done = start + header.bytes;
  }
  std::copy(all.begin() + static_cast<std::ptrdiff_t>(done), all.end(), buffer_.begin());
  filled_ -= done;
}

void ResultStreamReader::hand_on(std::uint64_t kind, std::span<const std::byte> content) {
  switch (kind) {
    case kRecords:
      for_each<RequestRecord>(content, [&](const RequestRecord& value) { sink_.record(value); });
      break;
    case kTokenGaps:
      for_each<TokenGapRun>(content, [&](const TokenGapRun& value) { sink_.token_gaps(value); });
      break;
    case kLinkUses:
      for_each<LinkUse>(content, [&](const LinkUse& use) { network_.links.push_back(use); });
      break;
    case kLinkTimelines:
      for_each<LinkTimeline>(content,
                             [&](const LinkTimeline& line) { network_.timelines.push_back(line); });
      break;
    case kTimelineBin:
      for_each<Seconds>(content, [&](Seconds width) { network_.bin = width; });
      break;
    case kIncast:
      for_each<IncastUse>(content, [&](const IncastUse& incast) { network_.incast = incast; });
      break;
    case kTotals:
      for_each<SimulationTotals>(content, [&](const SimulationTotals& totals) {
        sums_ = SimulationSums{totals, std::move(network_)};
      });
      break;
    case kWrongInput:
      failure_ = {StreamedFailure::Kind::wrong_input, text_of(content)};
      break;
    default:
      failure_ = {StreamedFailure::Kind::run_failed, text_of(content)};
  }
}

}  // namespace kvferry::sim
