#include "text/pretokenize.h"

#include <pcre2.h>

#include <array>
#include <utility>

#include "base/fail.h"
#include "text/unicode.h"

namespace phi::text {
namespace {

constexpr size_t kMaxPatternBytes = 1 << 16;
constexpr size_t kJitStackStart = 32 << 10, kJitStackMax = 16 << 20;
constexpr uint32_t kHeapLimitKib = 64 << 10;

// White_Space and its complement as members of a character class.
constexpr std::string_view kSpaces =
    R"(\x09-\x0D\x20\x85\xA0\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000})";
constexpr std::string_view kNonSpaces =
    R"(\x00-\x08\x0E-\x1F\x21-\x84\x86-\x9F\x{A1}-\x{167F}\x{1681}-\x{1FFF}\x{200B}-\x{2027}\x{202A}-\x{202E})"
    R"(\x{2030}-\x{205E}\x{2060}-\x{2FFF}\x{3001}-\x{10FFFF})";
constexpr std::string_view kWords = R"(\p{L}\p{M}\p{Nd}\p{Nl}\p{Pc}\x{200C}\x{200D})";

struct Free {
  void operator()(pcre2_code* p) const { pcre2_code_free(p); }
  void operator()(pcre2_match_data* p) const { pcre2_match_data_free(p); }
  void operator()(pcre2_match_context* p) const { pcre2_match_context_free(p); }
  void operator()(pcre2_jit_stack* p) const { pcre2_jit_stack_free(p); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

template <class T>
Owned<T> owned(T* pointer) {
  if (!pointer) fail(Code::out_of_memory, "no memory for a regular expression");
  return Owned<T>(pointer);
}

std::string error_text(int code) {
  std::array<PCRE2_UCHAR, 128> text{};
  pcre2_get_error_message(code, text.data(), text.size());
  return reinterpret_cast<const char*>(text.data());
}

}  // namespace

std::string pcre2_dialect(std::string_view pattern) {
  std::string out;
  bool in_class = false;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == '\\' && i + 1 < pattern.size()) {
      const char escaped = pattern[++i];
      const std::string_view members = escaped == 's'   ? kSpaces
                                       : escaped == 'S' ? kNonSpaces
                                       : escaped == 'w' ? kWords
                                                        : "";
      if (!members.empty()) {
        out += in_class ? std::string(members) : concat('[', members, ']');
      } else if (escaped == 'W' && in_class) {
        fail(Code::unsupported, "pattern '", printable(pattern), "': \\W inside a character class");
      } else if (escaped == 'W') {
        out += concat("[^", kWords, ']');
      } else {
        out += c;
        out += escaped;
      }
      continue;
    }
    out += c;
    if (in_class) {
      in_class = c != ']';
    } else if (c == '[') {
      in_class = true;
      if (i + 1 < pattern.size() && pattern[i + 1] == '^') out += pattern[++i];
      if (i + 1 < pattern.size() && pattern[i + 1] == ']')
        out += pattern[++i];  // a first ']' is a member
    }
  }
  return out;
}

/// One compiled expression.
class Pretokenizer::Pattern {
 public:
  explicit Pattern(const std::string& source) : source_(printable(source)) {
    if (source.size() > kMaxPatternBytes)
      fail(Code::bad_format, "pattern '", source_, "': too long");
    if (!is_valid_utf8(source)) fail(Code::bad_format, "pattern '", source_, "': not UTF-8");
    const std::string dialect = pcre2_dialect(source);
    int error = 0;
    size_t offset = 0;
    code_.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(dialect.data()), dialect.size(),
                              PCRE2_UTF | PCRE2_UCP, &error, &offset, nullptr));
    if (!code_) fail(Code::bad_format, "pattern '", source_, "': ", error_text(error));
    // Without JIT (not built in, or memory that may not be made executable) the interpreter does
    // the same, slower.
    jit_ = pcre2_jit_compile(code_.get(), PCRE2_JIT_COMPLETE) == 0;
  }

  /// Walks over the matches in `text`: calls match(begin, end) for each that is not empty, in
  /// order.
  template <class OnMatch>
  void for_each_match(std::string_view text, OnMatch&& on_match) const {
    Matcher matcher(*this, text);
    size_t from = 0;
    while (from < text.size() && matcher.search(from)) {
      const auto [begin, end] = matcher.found();
      if (end > begin) {
        on_match(begin, end);
        from = end;
      } else {
        if (begin >= text.size()) return;
        from = begin + first_code_point(text.substr(begin)).bytes;
      }
    }
  }

 private:
  /// The mutable state of matching against one text.
  class Matcher {
   public:
    Matcher(const Pattern& pattern, std::string_view text)
        : pattern_(pattern), text_(text), data_(owned(pcre2_match_data_create(1, nullptr))) {}

    bool search(size_t from) {
      int result = pattern_.jit_ ? fast_search(from) : PCRE2_ERROR_JIT_STACKLIMIT;
      if (result == PCRE2_ERROR_JIT_STACKLIMIT && pattern_.jit_ && !jit_stack_) {
        grow_jit_stack();
        result = fast_search(from);
      }
      if (result == PCRE2_ERROR_JIT_STACKLIMIT) result = interpret(from);
      if (result == PCRE2_ERROR_NOMATCH) return false;
      if (result < 0)
        fail(Code::unsupported, "pattern '", pattern_.source_, "': ", error_text(result));
      return true;
    }

    std::pair<size_t, size_t> found() const {
      const size_t* bounds = pcre2_get_ovector_pointer(data_.get());
      return {bounds[0], bounds[1]};
    }

   private:
    PCRE2_SPTR subject() const { return reinterpret_cast<PCRE2_SPTR>(text_.data()); }

    int fast_search(size_t from) {
      return pcre2_jit_match(pattern_.code_.get(), subject(), text_.size(), from, 0, data_.get(),
                             context_.get());
    }
    int interpret(size_t from) {
      make_context();
      return pcre2_match(pattern_.code_.get(), subject(), text_.size(), from,
                         PCRE2_NO_JIT | PCRE2_NO_UTF_CHECK, data_.get(), context_.get());
    }
    void make_context() {
      if (context_) return;
      context_ = owned(pcre2_match_context_create(nullptr));
      pcre2_set_heap_limit(context_.get(), kHeapLimitKib);
    }
    void grow_jit_stack() {
      make_context();
      jit_stack_ = owned(pcre2_jit_stack_create(kJitStackStart, kJitStackMax, nullptr));
      pcre2_jit_stack_assign(context_.get(), nullptr, jit_stack_.get());
    }

    const Pattern& pattern_;
    std::string_view text_;
    Owned<pcre2_match_data> data_;
    Owned<pcre2_match_context> context_;
    Owned<pcre2_jit_stack> jit_stack_;
  };

  std::string source_;  // for messages
  Owned<pcre2_code> code_;
  bool jit_ = false;
};

Pretokenizer::Pretokenizer(const std::vector<std::string>& patterns, Rest rest) : rest_(rest) {
  if (patterns.size() == 1) scan_ = known_scan(patterns[0]);
  for (const std::string& pattern : patterns)
    patterns_.push_back(std::make_unique<Pattern>(pattern));
}

Pretokenizer::~Pretokenizer() = default;

void Pretokenizer::split(std::string_view text, std::vector<std::string_view>& pieces) const {
  if (text.empty()) return;
  const size_t before = pieces.size();
  pieces.push_back(text);
  for (const auto& pattern : patterns_) {
    const std::vector<std::string_view> coarse(pieces.begin() + static_cast<ptrdiff_t>(before),
                                               pieces.end());
    pieces.resize(before);
    for (const std::string_view piece : coarse) {
      size_t done = 0;
      const auto keep_rest = [&](size_t end) {
        if (rest_ == Rest::kept && end > done) pieces.push_back(piece.substr(done, end - done));
      };
      pattern->for_each_match(piece, [&](size_t begin, size_t end) {
        keep_rest(begin);
        pieces.push_back(piece.substr(begin, end - begin));
        done = end;
      });
      keep_rest(piece.size());
    }
  }
}

}  // namespace phi::text
