#include "text/jinja/jinja_lexer.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "text/unicode.h"

namespace phi::text::jinja {
namespace {

constexpr size_t kMaxTemplateBytes = size_t{1} << 20;

// The longer ones first.
constexpr std::array<std::string_view, 27> kSymbols = {
    "//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]",
    "(",  ")",  "{",  "}",  ">",  "<",  "=", ".", ":", "|", ",", ";", "!"};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

/// Line ends as \n, and without the last one.
std::string normalized(std::string_view source) {
  std::string out;
  out.reserve(source.size());
  for (size_t i = 0; i < source.size(); ++i) {
    if (source[i] == '\r') {
      out += '\n';
      if (i + 1 < source.size() && source[i + 1] == '\n') ++i;
    } else {
      out += source[i];
    }
  }
  if (out.ends_with('\n')) out.pop_back();
  return out;
}

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(normalized(source)), rest_(source_) {}

  std::vector<Token> run() {
    while (!rest_.empty()) {
      const size_t tag = find_tag();
      if (tag == std::string_view::npos) {
        add_text(rest_);
        advance(rest_.size());
        break;
      }
      read_tag(tag);
    }
    add(TokenType::end, "");
    return std::move(tokens_);
  }

 private:
  void add(TokenType type, std::string text) { tokens_.push_back({type, std::move(text), line_}); }
  void add_text(std::string_view text) {
    if (!text.empty()) add(TokenType::text, std::string(text));
  }

  void advance(size_t bytes) {
    line_ += static_cast<int>(
        std::count(rest_.begin(), rest_.begin() + static_cast<ptrdiff_t>(bytes), '\n'));
    if (bytes > 0) starts_line_ = rest_[bytes - 1] == '\n';
    rest_.remove_prefix(bytes);
  }

  size_t find_tag() const {
    for (size_t at = rest_.find('{'); at != std::string_view::npos; at = rest_.find('{', at + 1)) {
      if (at + 1 < rest_.size() &&
          std::string_view("{%#").find(rest_[at + 1]) != std::string_view::npos)
        return at;
    }
    return std::string_view::npos;
  }

  /// The text before a tag, without what the tag's sign or lstrip_blocks takes away.
  std::string_view text_before(size_t tag, char sign, bool is_output) const {
    std::string_view text = rest_.substr(0, tag);
    if (sign == '-') return text.substr(0, text.size() - trailing_white_space(text));
    if (sign == '+' || is_output) return text;
    const size_t line = text.rfind('\n') + 1;  // npos + 1 = 0
    const bool whole_line = line > 0 || starts_line_;
    const std::string_view indent = text.substr(line);
    return whole_line && leading_white_space(indent) == indent.size() ? text.substr(0, line) : text;
  }

  void read_tag(size_t tag) {
    const char kind = rest_[tag + 1];
    const char sign = tag + 2 < rest_.size() && (rest_[tag + 2] == '-' || rest_[tag + 2] == '+')
                          ? rest_[tag + 2]
                          : ' ';
    add_text(text_before(tag, sign, kind == '{'));
    advance(tag + (sign == ' ' ? 2 : 3));
    if (kind == '#') {
      const size_t end = rest_.find("#}");
      if (end == std::string_view::npos) syntax_error(line_, "a comment has no end");
      skip_end(end, end > 0 ? rest_[end - 1] : ' ');
    } else if (kind == '%' && skip_word_tag("raw", RawSide::begin)) {
      read_raw();
    } else {
      read_code(kind == '{');
    }
  }

  /// Passes the two bytes of a tag's end at `end` and the white space that they take along.
  void skip_end(size_t end, char sign) {
    advance(end + 2);
    if (sign == '-') {
      advance(leading_white_space(rest_));
    } else if (sign != '+' && rest_.starts_with('\n')) {
      advance(1);
    }
  }

  enum class RawSide : int32_t { begin, end };

  /// At what follows "{%": passes ` raw %}` or ` endraw %}` if that is what it is.
  bool skip_word_tag(std::string_view word, RawSide side) {
    size_t at = leading_white_space(rest_);
    if (!rest_.substr(at).starts_with(word)) return false;
    at += word.size();
    at += leading_white_space(rest_.substr(at));
    char sign = ' ';
    if (at < rest_.size() && (rest_[at] == '-' || (rest_[at] == '+' && side == RawSide::end)))
      sign = rest_[at++];
    if (!rest_.substr(at).starts_with("%}")) return false;
    // The newline behind a raw tag belongs to the raw text.
    skip_end(at, sign == ' ' && side == RawSide::begin ? '+' : sign);
    return true;
  }

  void read_raw() {
    const int begin = line_;
    const std::string_view all = rest_;
    size_t from = 0;
    while (true) {
      const size_t tag = all.find("{%", from);
      if (tag == std::string_view::npos) syntax_error(begin, "a raw block has no end");
      const char next = tag + 2 < all.size() ? all[tag + 2] : ' ';
      const char sign = next == '-' || next == '+' ? next : ' ';
      const std::string_view body = text_before(tag, sign, false);
      const std::string_view before = rest_;
      const int line = line_;
      advance(tag + (sign == ' ' ? 2 : 3));
      if (skip_word_tag("endraw", RawSide::end)) {
        add_text(body);
        return;
      }
      rest_ = before;
      line_ = line;
      from = tag + 2;
    }
  }

  /// The inside of {{ }} or {% %}.
  void read_code(bool is_output) {
    add(is_output ? TokenType::output_begin : TokenType::block_begin, "");
    const int begin = line_;
    const std::string_view closing = is_output ? "}}" : "%}";
    std::string open;  // brackets
    while (true) {
      advance(leading_white_space(rest_));
      if (rest_.empty()) syntax_error(begin, "a tag has no end");
      if (open.empty()) {
        const bool signed_end = rest_[0] == '-' || (rest_[0] == '+' && !is_output);
        const size_t at = signed_end ? 1 : 0;
        if (rest_.substr(at).starts_with(closing)) {
          add(is_output ? TokenType::output_end : TokenType::block_end, "");
          // Only block tags take the newline behind them along.
          skip_end(at, signed_end ? rest_[0] : is_output ? '+' : ' ');
          return;
        }
      }
      read_token(open);
    }
  }

  void read_token(std::string& open) {
    const char c = rest_[0];
    if (is_digit(c)) return read_number();
    if (is_name_start(c)) return read_name();
    if (c == '\'' || c == '"') return read_string(c);
    const auto symbol = std::find_if(kSymbols.begin(), kSymbols.end(),
                                     [&](std::string_view s) { return rest_.starts_with(s); });
    if (symbol == kSymbols.end() || *symbol == "!")
      syntax_error(line_, "unexpected '", printable(rest_.substr(0, 1)), "'");
    if (c == '(' || c == '[' || c == '{') open += c;
    if (c == ')' || c == ']' || c == '}') {
      const char partner = c == ')' ? '(' : c == ']' ? '[' : '{';
      if (open.empty() || open.back() != partner) syntax_error(line_, "unexpected '", c, "'");
      open.pop_back();
    }
    add(TokenType::symbol, std::string(*symbol));
    advance(symbol->size());
  }

  void read_name() {
    size_t end = 1;
    while (end < rest_.size() && (is_name_start(rest_[end]) || is_digit(rest_[end]))) ++end;
    add(TokenType::name, std::string(rest_.substr(0, end)));
    advance(end);
  }

  size_t digits_at(size_t at) const {
    const size_t begin = at;
    while (at < rest_.size() &&
           (is_digit(rest_[at]) ||
            (rest_[at] == '_' && at > begin && at + 1 < rest_.size() && is_digit(rest_[at + 1]))))
      ++at;
    return at - begin;
  }

  void read_number() {
    if (read_based_integer()) return;
    size_t end = digits_at(0);
    bool floating = false;
    // `x.0.1` is two subscripts.
    const bool after_dot =
        !tokens_.empty() && tokens_.back().type == TokenType::symbol && tokens_.back().text == ".";
    if (!after_dot) {
      if (end + 1 < rest_.size() && rest_[end] == '.' && is_digit(rest_[end + 1])) {
        floating = true;
        end += 1 + digits_at(end + 1);
      }
      if (end < rest_.size() && (rest_[end] == 'e' || rest_[end] == 'E')) {
        size_t power = end + 1;
        if (power < rest_.size() && (rest_[power] == '+' || rest_[power] == '-')) ++power;
        if (const size_t digits = digits_at(power)) {
          floating = true;
          end = power + digits;
        }
      }
    }
    std::string number(rest_.substr(0, end));
    std::erase(number, '_');
    add(floating ? TokenType::floating : TokenType::integer, std::move(number));
    advance(end);
  }

  /// 0x1F, 0o17, 0b11
  bool read_based_integer() {
    if (rest_.size() < 3 || rest_[0] != '0') return false;
    const char kind = static_cast<char>(rest_[1] | 0x20);
    const int base = kind == 'x' ? 16 : kind == 'o' ? 8 : kind == 'b' ? 2 : 0;
    if (base == 0) return false;
    int64_t value = 0;
    const auto [end, error] =
        std::from_chars(rest_.data() + 2, rest_.data() + rest_.size(), value, base);
    if (error != std::errc()) syntax_error(line_, "a number is too large");
    add(TokenType::integer, std::to_string(value));
    advance(static_cast<size_t>(end - rest_.data()));
    return true;
  }

  void read_string(char quote) {
    const int begin = line_;
    std::string value;
    size_t at = 1;
    while (at < rest_.size() && rest_[at] != quote) {
      if (rest_[at] == '\\') {
        at = read_escape(at, value);
      } else {
        value += rest_[at++];
      }
    }
    if (at >= rest_.size()) syntax_error(begin, "a string has no end");
    add(TokenType::string, std::move(value));
    advance(at + 1);
  }

  /// Python's escapes; an unknown one stays as it is. Gives the place behind it.
  size_t read_escape(size_t at, std::string& value) {
    if (at + 1 >= rest_.size()) syntax_error(line_, "a string has no end");
    const char c = rest_[at + 1];
    constexpr std::string_view kLetters = "abfnrtv\\'\"", kValues = "\a\b\f\n\r\t\v\\'\"";
    if (const size_t simple = kLetters.find(c); simple != std::string_view::npos) {
      value += kValues[simple];
      return at + 2;
    }
    if (c == '\n') return at + 2;
    const size_t hex_digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
    const size_t first = hex_digits ? at + 2 : at + 1, most = hex_digits ? hex_digits : 3;
    uint32_t code = 0;
    const char* const begin = rest_.data() + std::min(first, rest_.size());
    const char* const limit = rest_.data() + std::min(first + most, rest_.size());
    const auto [end, error] = std::from_chars(begin, limit, code, hex_digits ? 16 : 8);
    const auto length = static_cast<size_t>(end - begin);
    if (hex_digits ? length != hex_digits : length == 0) {
      if (hex_digits) syntax_error(line_, "a string has a broken escape");
      value += '\\';
      return at + 1;
    }
    if (code > 0x10FFFF || (code >= 0xD800 && code < 0xE000))
      syntax_error(line_, "a string has an escape that is no character");
    append_utf8(value, code);
    return first + length;
  }

  const std::string source_;
  std::string_view rest_;
  int line_ = 1;
  bool starts_line_ = true;
  std::vector<Token> tokens_;
};

}  // namespace

std::vector<Token> tokenize(std::string_view source) {
  if (source.size() > kMaxTemplateBytes) syntax_error(1, "it has ", source.size(), " bytes");
  if (!is_valid_utf8(source)) syntax_error(1, "it is not UTF-8");
  return Lexer(source).run();
}

}  // namespace phi::text::jinja
