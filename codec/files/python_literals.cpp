#include "codec/files/python_literals.hpp"

#include "codec/files/tensor_file.hpp"

#include <charconv>
#include <cstddef>
#include <optional>

namespace kvferry::codec {
namespace {

class DictionaryReader {
 public:
  DictionaryReader(const InputFile& file, std::string_view text) : file_(file), text_(text) {}

  NpyDictionary read() {
    expect('{');
    while (!take('}')) {
      read_entry();
      if (take(',')) continue;
      expect('}');
      break;
    }
    skip_blanks();
    if (at_ != text_.size()) refuse("expected nothing behind the dictionary");
    if (!descr_) refuse("the key 'descr' is missing");
    if (!fortran_order_) refuse("the key 'fortran_order' is missing");
    if (!shape_) refuse("the key 'shape' is missing");
    return {*descr_, *fortran_order_, *shape_};
  }

 private:
  void read_entry() {
    const std::string key = string();
    expect(':');
    if (key == "descr" && !descr_) {
      skip_blanks();
      if (next() == '[') refuse("structured types are not supported");
      descr_ = string();
    } else if (key == "fortran_order" && !fortran_order_) {
      fortran_order_ = boolean();
    } else if (key == "shape" && !shape_) {
      shape_ = tuple();
    } else {
      refuse("unexpected key " + quoted_name(key) + "; keys: descr, fortran_order, shape");
    }
  }

  std::string string() {
    skip_blanks();
    const char quote = next();
    if (quote != '\'' && quote != '"') refuse("expected a string in quotes");
    const auto end = text_.find(quote, at_ + 1);
    if (end == std::string_view::npos) refuse("a string without its closing quote");
    std::string text(text_.substr(at_ + 1, end - at_ - 1));
    at_ = end + 1;
    return text;
  }

  bool boolean() {
    skip_blanks();
    for (const std::string_view word : {"False", "True"}) {
      if (!text_.substr(at_).starts_with(word)) continue;
      at_ += word.size();
      return word == "True";
    }
    refuse("expected True or False");
  }

  std::vector<std::uint64_t> tuple() {
    std::vector<std::uint64_t> numbers;
    expect('(');
    while (!take(')')) {
      if (numbers.size() == kMaxRank) {
        refuse("more than " + std::to_string(kMaxRank) + " dimensions");
      }
      numbers.push_back(number());
      if (take(',')) continue;
      expect(')');
      break;
    }
    return numbers;
  }

  std::uint64_t number() {
    skip_blanks();
    std::uint64_t value = 0;
    const char* const begin = text_.data() + at_;
    const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), value);
    if (error != std::errc{}) refuse("expected a whole number of at least 0");
    at_ += static_cast<std::size_t>(end - begin);
    take('L');  // Python 2 wrote long numbers so
    return value;
  }

  char next() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  void skip_blanks() {
    constexpr std::string_view kBlanks = " \t\r\n";
    while (at_ < text_.size() && kBlanks.find(text_[at_]) != std::string_view::npos) ++at_;
  }

  bool take(char wanted) {
    skip_blanks();
    if (next() != wanted) return false;
    ++at_;
    return true;
  }

  void expect(char wanted) {
    if (!take(wanted)) refuse(std::string("expected '") + wanted + "'");
  }

  [[noreturn]] void refuse(const std::string& message) const {
    file_.refuse("the .npy header, byte " + std::to_string(at_) + " of its dictionary: " + message);
  }

  const InputFile& file_;
  std::string_view text_;
  std::size_t at_ = 0;
  std::optional<std::string> descr_;
  std::optional<bool> fortran_order_;
  std::optional<std::vector<std::uint64_t>> shape_;
};

}  // namespace

NpyDictionary read_npy_dictionary(const InputFile& file, std::string_view text) {
  return DictionaryReader(file, text).read();
}

}  // namespace kvferry::codec
