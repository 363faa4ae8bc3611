#include "codec/files/tensor_name.hpp"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <initializer_list>
#include <limits>
#include <tuple>
#include <vector>

namespace kvferry::codec {
namespace {

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// Runs of letters and runs of digits, in lower case: "Layer12.k_cache" -> layer, 12, k, cache.
std::vector<std::string> words_of(std::string_view name) {
  std::vector<std::string> words;
  const auto kind_of = [](char c) {
    const auto code = static_cast<unsigned char>(c);
    return std::isdigit(code) != 0 ? 'd' : std::isalpha(code) != 0 ? 'a' : ' ';
  };
  char previous = ' ';
  for (const char c : name) {
    const char kind = kind_of(c);
    if (kind != ' ' && kind != previous) words.emplace_back();
    if (kind != ' ') {
      words.back() += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
    previous = kind;
  }
  return words;
}

bool is_number(const std::string& word) {
  return std::isdigit(static_cast<unsigned char>(word.front())) != 0;
}

std::optional<int> layer_of(const std::vector<std::string>& words) {
  constexpr std::size_t kMostDigits = 6;
  const std::string* only_number = nullptr;
  int numbers = 0;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (!is_number(words[i]) || words[i].size() > kMostDigits) continue;
    if (i > 0 && is_one_of(words[i - 1], {"layer", "layers", "block", "blocks", "h", "l"})) {
      return std::stoi(words[i]);
    }
    only_number = &words[i];
    ++numbers;
  }
  return numbers == 1 ? std::optional(std::stoi(*only_number)) : std::nullopt;
}

std::optional<KvKind> kind_of(const std::vector<std::string>& words) {
  std::optional<KvKind> kind;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const bool is_key = is_one_of(words[i], {"k", "key", "keys", "kcache"});
    const bool is_value = is_one_of(words[i], {"v", "value", "values", "vcache"});
    // "past_key_values.3.key": the pair names the cache, not a kind.
    const bool is_pair =
        is_key && i + 1 < words.size() && is_one_of(words[i + 1], {"value", "values"});
    if (is_pair) ++i;
    if (is_pair || !(is_key || is_value)) continue;
    kind = is_key ? KvKind::key : KvKind::value;
  }
  return kind;
}

}  // namespace

std::optional<KvTensorId> guess_kv_tensor(std::string_view name) {
  const std::vector<std::string> words = words_of(name);
  const bool is_parameter = std::any_of(words.begin(), words.end(), [](const std::string& word) {
    return is_one_of(word, {"proj", "norm", "weight", "bias", "scale"});
  });
  const auto layer = layer_of(words);
  const auto kind = kind_of(words);
  if (is_parameter || !layer || !kind) return std::nullopt;
  return KvTensorId{*layer, *kind};
}

std::string TensorGroup::label() const {
  if (!kv) return name;
  return "layer " + std::to_string(kv->layer) + (kv->kind == KvKind::key ? " K" : " V");
}

bool TensorGroup::operator<(const TensorGroup& other) const {
  const auto order = [](const TensorGroup& group) {
    const int layer = group.kv ? group.kv->layer : std::numeric_limits<int>::max();
    const KvKind kind = group.kv ? group.kv->kind : KvKind::value;
    return std::tuple<int, KvKind, std::string_view>(layer, kind, group.name);
  };
  return order(*this) < order(other);
}

TensorGroup group_of(std::string_view tensor_name) {
  if (const auto kv = guess_kv_tensor(tensor_name)) return {kv, {}};
  return {std::nullopt, std::string(tensor_name)};
}

}  // namespace kvferry::codec
