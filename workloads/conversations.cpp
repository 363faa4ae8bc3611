#include "workloads/conversations.hpp"

#include "sim/base/error.hpp"
#include "sim/base/quantity_text.hpp"
#include "workloads/block_naming.hpp"
#include "workloads/trace_row.hpp"
#include "workloads/zipf.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace kvferry::workloads {
namespace {

constexpr std::int64_t kMostGroups = 10'000'000;
constexpr std::int64_t kLargestBlock = 1 << 20;

void require(bool ok, const std::string& rule, const std::string& found) {
  if (!ok) throw InputError(rule + ", found " + found);
}

void check(const SharedPrefixes& prefixes) {
  require(prefixes.groups >= 1 && prefixes.groups <= kMostGroups,
          "prefixes: the number of groups must be from 1 to 10000000",
          std::to_string(prefixes.groups));
  require(prefixes.prefix_tokens >= 1 && prefixes.prefix_tokens < kMostTokens,
          "prefixes: the prefix must be from 1 to 2147483646 tokens",
          std::to_string(prefixes.prefix_tokens));
  require(prefixes.zipf_exponent >= 0 && prefixes.zipf_exponent <= 100,
          "prefixes: the exponent of Zipf's law must be from 0 to 100",
          shortest_decimal(prefixes.zipf_exponent));
}

std::int64_t tokens_before(const ConversationSpec& spec) {
  const bool adds = spec.prefixes && spec.prefixes->input_counts == InputCounts::suffix;
  return adds ? spec.prefixes->prefix_tokens : 0;
}

void require_room_for_prefix(const ConversationSpec& spec, std::int64_t prompt_tokens) {
  if (!spec.prefixes || prompt_tokens >= spec.prefixes->prefix_tokens) return;
  throw InputError("prefixes: a prompt must be at least as long as its prefix of " +
                   std::to_string(spec.prefixes->prefix_tokens) + " tokens, found one of " +
                   std::to_string(prompt_tokens) + " tokens");
}

// Builds conversation after conversation.
class Writer {
 public:
  Writer(const ConversationSpec& spec, std::int64_t max_input_tokens, std::uint64_t seed)
      : spec_(spec),
        max_input_tokens_(max_input_tokens),
        naming_(spec.block_tokens),
        think_(seed, "think times"),
        choice_(seed, "prefix groups") {
    if (!spec.prefixes) return;
    groups_.emplace(1, spec.prefixes->groups, spec.prefixes->zipf_exponent);
    group_texts_.resize(static_cast<std::size_t>(spec.prefixes->groups));
  }

  void add(std::int64_t session, Seconds start, const LengthPair* lengths, std::int64_t turns) {
    BlockNaming::Text text = beginning();
    std::int64_t context = tokens_before(spec_);
    for (std::int64_t turn = 0; turn < turns; ++turn) {
      const std::int64_t prompt = context + lengths[turn].input_tokens;
      if (turn == 0) require_room_for_prefix(spec_, prompt);
      if (prompt > max_input_tokens_) {
        conversations_.left_out += turns - turn;
        return;
      }
      Request& request = append(start, {prompt, lengths[turn].output_tokens});
      if (names_blocks()) request.prefix_blocks = naming_.ids_of_prompt(text, prompt);
      if (spec_.sessions) join(request, session, turn);
      context = prompt + lengths[turn].output_tokens;
    }
  }

  Conversations finish() { return std::move(conversations_); }

 private:
  bool names_blocks() const { return spec_.prefixes || spec_.sessions; }

  // The full blocks of the prefix, which all conversations of the group share.
  BlockNaming::Text beginning() {
    if (!groups_) return {};
    BlockNaming::Text& text = group_texts_[static_cast<std::size_t>(groups_->draw(choice_) - 1)];
    naming_.fill(text, spec_.prefixes->prefix_tokens);
    return text;
  }

  Request& append(Seconds start, const LengthPair& lengths) {
    Request request;
    request.id = static_cast<std::int64_t>(conversations_.requests.size());
    request.arrival = start;
    request.input_tokens = lengths.input_tokens;
    request.output_tokens = lengths.output_tokens;
    return conversations_.requests.emplace_back(std::move(request));
  }

  void join(Request& request, std::int64_t session, std::int64_t turn) {
    request.session = session;
    if (turn == 0) return;
    request.after = request.id - 1;
    request.think = draw(spec_.sessions->think, think_);
  }

  const ConversationSpec& spec_;
  std::int64_t max_input_tokens_;
  BlockNaming naming_;
  RandomStream think_;
  RandomStream choice_;
  std::optional<Zipf> groups_;
  std::vector<BlockNaming::Text> group_texts_;
  Conversations conversations_;
};

}  // namespace

void check(const ConversationSpec& spec) {
  if (spec.prefixes) check(*spec.prefixes);
  if (spec.sessions) {
    check(spec.sessions->turns, "turns");
    check(spec.sessions->think);
  }
  require(spec.block_tokens >= 1 && spec.block_tokens <= kLargestBlock,
          "prefixes: a block must have 1 to 1048576 tokens", std::to_string(spec.block_tokens));
}

std::vector<std::int64_t> conversation_turns(const ConversationSpec& spec, std::int64_t requests,
                                             std::uint64_t seed) {
  if (!spec.sessions) return std::vector<std::int64_t>(static_cast<std::size_t>(requests), 1);
  RandomStream random(seed, "session turns");
  std::vector<std::int64_t> turns;
  for (std::int64_t rest = requests; rest > 0; rest -= turns.back()) {
    turns.push_back(std::clamp<std::int64_t>(draw(spec.sessions->turns, random), 1, rest));
  }
  return turns;
}

LengthLimits limits_beside_prefix(const ConversationSpec& spec, const LengthLimits& limits) {
  const std::int64_t before = tokens_before(spec);
  if (before == 0) return limits;
  LengthLimits rest = limits;
  rest.max_input_tokens = limits.max_input_tokens.value_or(kMostTokens) - before;
  require(*rest.max_input_tokens >= 1,
          "prefixes: the limit of the input must be above the prefix of " + std::to_string(before) +
              " tokens",
          std::to_string(*limits.max_input_tokens));
  return rest;
}

Conversations make_conversations(const ConversationSpec& spec, const std::vector<Seconds>& starts,
                                 const std::vector<std::int64_t>& turns,
                                 const std::vector<LengthPair>& lengths,
                                 std::int64_t max_input_tokens, std::uint64_t seed) {
  Writer writer(spec, max_input_tokens, seed);
  const LengthPair* next = lengths.data();
  for (std::size_t i = 0; i < starts.size(); ++i) {
    writer.add(static_cast<std::int64_t>(i), starts[i], next, turns[i]);
    next += turns[i];
  }
  return writer.finish();
}

std::string describe(const ConversationSpec& spec) {
  std::string text;
  if (spec.prefixes) {
    const SharedPrefixes& prefixes = *spec.prefixes;
    text += "; prefixes: " + std::to_string(prefixes.groups) + " groups of " +
            std::to_string(prefixes.prefix_tokens) + " tokens, chosen " +
            (prefixes.zipf_exponent == 0
                 ? "uniformly"
                 : "by Zipf's law of exponent " + shortest_decimal(prefixes.zipf_exponent)) +
            (prefixes.input_counts == InputCounts::suffix ? ", inputs follow them"
                                                          : ", inputs include them");
  }
  if (spec.sessions) {
    text += "; sessions: turns " + describe(spec.sessions->turns) + ", think time " +
            describe(spec.sessions->think) + ", prompts repeat what was said";
  }
  if (!text.empty()) text += "; block ids of " + std::to_string(spec.block_tokens) + " tokens";
  return text;
}

}  // namespace kvferry::workloads
