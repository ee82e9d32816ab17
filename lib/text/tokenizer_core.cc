#include "text/tokenizer_core.h"

#include <utility>

#include "base/fail.h"
#include "text/added_tokens.h"
#include "text/bpe_model.h"
#include "text/pretokenize.h"
#include "text/unicode.h"

namespace phi::text {
namespace {

constexpr std::string_view kSpaceMark = "\xE2\x96\x81";  // U+2581

std::string replaced(std::string_view text, std::string_view from, std::string_view to) {
  std::string out;
  out.reserve(text.size());
  while (true) {
    const size_t at = text.find(from);
    out += text.substr(0, at);
    if (at == std::string_view::npos) return out;
    out += to;
    text.remove_prefix(at + from.size());
  }
}

void check_id(Token id, size_t vocabulary, std::string_view what) {
  if (id < -1 || id >= static_cast<int64_t>(vocabulary)) {
    fail(Code::bad_format, what, " token ", id, " is outside the vocabulary of ", vocabulary);
  }
}

/// What the readers promise, checked once more: a spec may come from anywhere.
TokenizerSpec checked(TokenizerSpec spec) {
  const size_t vocabulary = spec.tokens.size();
  if (vocabulary == 0) fail(Code::bad_format, "the vocabulary is empty");
  if (vocabulary > kMaxVocabulary)
    fail(Code::bad_format, "the vocabulary has ", vocabulary, " tokens");
  if (!spec.scores.empty() && spec.scores.size() != vocabulary) {
    fail(Code::bad_format, spec.scores.size(), " scores for ", vocabulary, " tokens");
  }
  for (const float score : spec.scores) {
    if (!(score == score)) fail(Code::bad_format, "a token's score is not a number");
  }
  for (size_t id = 0; id < vocabulary; ++id) {
    if (!is_valid_utf8(spec.tokens[id])) fail(Code::bad_format, "token ", id, " is not UTF-8");
  }
  for (const AddedToken& token : spec.added) {
    check_id(token.id, vocabulary, concat("added token '", printable(token.content), "':"));
    if (token.id < 0)
      fail(Code::bad_format, "added token '", printable(token.content), "' has no id");
    if (!is_valid_utf8(token.content))
      fail(Code::bad_format, "added token ", token.id, " is not UTF-8");
  }
  check_id(spec.unknown, vocabulary, "unknown");
  check_id(spec.bos, vocabulary, "beginning-of-text");
  check_id(spec.pad, vocabulary, "padding");
  for (const Token token : spec.end) check_id(token, vocabulary, "end");
  return spec;
}

}  // namespace

struct TokenizerCore::Impl {
  explicit Impl(TokenizerSpec given)
      : spec(checked(std::move(given))),
        model(spec),
        pretokenizer(spec.split_patterns, spec.split_removes_rest ? Rest::removed : Rest::kept),
        control(spec.tokens.size()) {
    for (const AddedToken& token : spec.added) {
      if (token.special) {
        control[static_cast<size_t>(token.id)] = true;
        control_spellings.insert(token, token.content);
      }
      if (token.normalized) {
        std::string storage;
        normalized_added.insert(token, normalize(token.content, true, storage));
      } else {
        raw_added.insert(token, token.content);
      }
    }
  }

  bool prefix_is_normalization() const {
    return spec.kind == BpeKind::sentencepiece && !spec.prefix_if_absent;
  }
  bool wants_prefix(bool begins_text) const {
    return spec.add_prefix_space && (begins_text || !spec.prefix_first_only);
  }

  /// One segment between added tokens, as the normalizer makes it: itself, or in `storage`.
  std::string_view normalize(std::string_view segment, bool begins_text,
                             std::string& storage) const {
    if (spec.nfc) segment = storage = nfc(segment);
    if (spec.kind == BpeKind::byte_level || segment.empty()) return segment;
    const bool prefixed = prefix_is_normalization() && wants_prefix(begins_text);
    storage = concat(prefixed ? kSpaceMark : "", replaced(segment, " ", kSpaceMark));
    return storage;
  }

  std::vector<Token> encode(std::string_view text, Specials specials, std::string_view guard) const;
  void encode_segment(std::string_view text, bool begins_text, std::vector<Token>& out) const;

  TokenizerSpec spec;
  BpeModel model;
  Pretokenizer pretokenizer;
  std::vector<bool> control;
  AddedTokens raw_added,
      normalized_added;           // what encode looks for in the raw and in the normalised text
  AddedTokens control_spellings;  // what chats guard against
};

std::vector<Token> TokenizerCore::Impl::encode(std::string_view text, Specials specials,
                                               std::string_view guard) const {
  std::string repaired, storage;
  if (!is_valid_utf8(text)) text = repaired = replace_invalid_utf8(text);
  std::vector<Token> out;
  out.reserve(text.size() / 4);  // about what most texts take
  std::vector<TextPart> raw_parts, parts;
  raw_added.cut(text, specials, guard, raw_parts);
  for (const TextPart& raw : raw_parts) {
    if (raw.token >= 0) {
      out.push_back(raw.token);
      continue;
    }
    const bool begins_text = raw.text.data() == text.data();
    const std::string_view normalized = normalize(raw.text, begins_text, storage);
    parts.clear();
    normalized_added.cut(normalized, specials, guard, parts);
    for (const TextPart& part : parts) {
      const bool begins = begins_text && part.text.data() == normalized.data();
      if (part.token >= 0) {
        out.push_back(part.token);
      } else if (guard.empty()) {
        encode_segment(part.text, begins, out);
      } else {
        encode_segment(replaced(part.text, guard, ""), begins, out);
      }
    }
  }
  return out;
}

void TokenizerCore::Impl::encode_segment(std::string_view text, bool begins_text,
                                         std::vector<Token>& out) const {
  if (text.empty()) return;
  const std::string_view space = spec.kind == BpeKind::byte_level ? " " : kSpaceMark;
  std::string prefixed;
  if (!prefix_is_normalization() && wants_prefix(begins_text) && !text.starts_with(space)) {
    text = prefixed = concat(space, text);
  }
  if (const PieceScan scan = pretokenizer.scan()) {
    while (const size_t bytes = text.empty() ? 0 : scan(text)) {
      model.encode(text.substr(0, bytes), out);
      text.remove_prefix(bytes);
    }
  }
  std::vector<std::string_view> pieces;
  pretokenizer.split(text, pieces);
  for (const std::string_view piece : pieces) model.encode(piece, out);
}

TokenizerCore::TokenizerCore(TokenizerSpec spec)
    : impl_(std::make_unique<const Impl>(std::move(spec))) {}
TokenizerCore::~TokenizerCore() = default;

const TokenizerSpec& TokenizerCore::spec() const noexcept { return impl_->spec; }
uint32_t TokenizerCore::vocab_size() const noexcept {
  return static_cast<uint32_t>(impl_->model.vocab_size());
}

std::vector<Token> TokenizerCore::encode(std::string_view text, Specials specials) const {
  return impl_->encode(text, specials, {});
}

std::vector<Token> TokenizerCore::encode_guarded(std::string_view text,
                                                 std::string_view guard) const {
  return impl_->encode(text, Specials::parse, guard);
}

std::string TokenizerCore::guard_content(std::string_view content, std::string_view guard) const {
  std::string out;
  size_t done = 0;
  for (const size_t point : impl_->control_spellings.guard_points(content)) {
    out += content.substr(done, point - done);
    out += guard;
    done = point;
  }
  out += content.substr(done);
  return out;
}

std::string_view TokenizerCore::token_bytes(Token token, ShowSpecials specials, Place place) const {
  if (token < 0 || static_cast<uint32_t>(token) >= vocab_size()) {
    fail(Code::out_of_range, "token ", token, " is outside the vocabulary of ", vocab_size());
  }
  if (specials == ShowSpecials::no && impl_->control[static_cast<size_t>(token)]) return {};
  std::string_view bytes = impl_->model.bytes_of(token);
  if (place == Place::start && impl_->spec.strip_leading_space && bytes.starts_with(' '))
    bytes.remove_prefix(1);
  return bytes;
}

std::string TokenizerCore::decode(std::span<const Token> tokens, ShowSpecials specials) const {
  std::string bytes;
  for (const Token token : tokens) bytes += token_bytes(token, specials, Place::middle);
  if (impl_->spec.strip_leading_space && bytes.starts_with(' ')) bytes.erase(0, 1);
  return is_valid_utf8(bytes) ? bytes : replace_invalid_utf8(bytes);
}

}  // namespace phi::text
