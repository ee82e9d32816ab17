#include "text/bpe_model.h"

#include <algorithm>
#include <functional>
#include <optional>

#include "base/fail.h"
#include "text/byte_letters.h"
#include "text/unicode.h"

namespace phi::text {
namespace {

constexpr char32_t kSpaceMark = 0x2581;
constexpr std::string_view kSpaceMarkText = "\xE2\x96\x81";

/// The byte of a token spelled <0x00> … <0xFF>.
std::optional<unsigned char> byte_of_spelling(std::string_view spelling) {
  if (spelling.size() != 6 || !spelling.starts_with("<0x") || spelling[5] != '>')
    return std::nullopt;
  unsigned value = 0;
  for (const char c : spelling.substr(3, 2)) {
    const bool digit = c >= '0' && c <= '9', letter = c >= 'A' && c <= 'F';
    if (!digit && !letter) return std::nullopt;
    value = value * 16 + static_cast<unsigned>(digit ? c - '0' : c - 'A' + 10);
  }
  return static_cast<unsigned char>(value);
}

std::string with_spaces(std::string_view spelling) {
  std::string out;
  while (!spelling.empty()) {
    const size_t mark = std::min(spelling.find(kSpaceMarkText), spelling.size());
    out += spelling.substr(0, mark);
    spelling.remove_prefix(mark);
    if (spelling.empty()) break;
    out += ' ';
    spelling.remove_prefix(kSpaceMarkText.size());
  }
  return out;
}

std::string decoded_bytes(BpeKind kind, bool byte_fallback, const std::string& spelling) {
  if (kind == BpeKind::byte_level) return bytes_of_letters(spelling).value_or(spelling);
  if (byte_fallback) {
    if (const auto byte = byte_of_spelling(spelling))
      return std::string(1, static_cast<char>(*byte));
  }
  return with_spaces(spelling);
}

/// Does U+2581 follow anything but U+2581 in `spelling`?
bool has_inner_space(std::string_view spelling) {
  while (spelling.starts_with(kSpaceMarkText)) spelling.remove_prefix(kSpaceMarkText.size());
  return spelling.find(kSpaceMarkText) != std::string_view::npos;
}

/// The tokens that text may become by merging: not the control tokens. In scored vocabularies
/// neither the other added tokens, which are found before merging, nor those of single bytes.
std::vector<bool> plain_tokens(const TokenizerSpec& spec) {
  const bool scored = !spec.scores.empty();
  std::vector<bool> plain(spec.tokens.size());
  for (size_t id = 0; id < plain.size(); ++id) {
    plain[id] = !spec.tokens[id].empty() && !(scored && byte_of_spelling(spec.tokens[id]));
  }
  for (const AddedToken& token : spec.added) {
    if (token.special || scored) plain[static_cast<size_t>(token.id)] = false;
  }
  return plain;
}

StringIndex index_of(const std::vector<std::string>& tokens, const std::vector<bool>& chosen) {
  StringIndex index(tokens.size());
  for (size_t id = 0; id < tokens.size(); ++id) {
    if (chosen[id]) index.insert(tokens[id], static_cast<Token>(id));
  }
  return index;
}

/// Ranks by score: 0 for the highest; equal scores share a rank.
class ScoreRanks {
 public:
  explicit ScoreRanks(std::vector<float> scores) : falling_(std::move(scores)) {
    std::sort(falling_.begin(), falling_.end(), std::greater<>());
    falling_.erase(std::unique(falling_.begin(), falling_.end()), falling_.end());
  }
  uint32_t rank_of(float score) const {
    const auto at = std::lower_bound(falling_.begin(), falling_.end(), score, std::greater<>());
    return static_cast<uint32_t>(at - falling_.begin());
  }

 private:
  std::vector<float> falling_;
};

}  // namespace

BpeModel::BpeModel(const TokenizerSpec& spec)
    : kind_(spec.kind),
      byte_fallback_(spec.byte_fallback),
      fuse_unknown_(spec.fuse_unknown),
      ignore_merges_(spec.ignore_merges),
      unknown_(spec.unknown) {
  const std::vector<bool> plain = plain_tokens(spec);
  collect_bytes(spec);
  if (kind_ == BpeKind::sentencepiece) collect_characters(spec, plain);
  if (spec.scores.empty()) {
    collect_ranked_merges(spec, plain);
  } else {
    collect_scored_merges(spec, plain);
  }
  collect_whole_pieces(spec, plain);
}

void BpeModel::collect_bytes(const TokenizerSpec& spec) {
  byte_begins_.reserve(spec.tokens.size() + 1);
  byte_begins_.push_back(0);
  byte_tokens_.fill(-1);
  for (size_t id = 0; id < spec.tokens.size(); ++id) {
    const std::string& spelling = spec.tokens[id];
    bytes_ += decoded_bytes(kind_, byte_fallback_, spelling);
    byte_begins_.push_back(bytes_.size());
    const bool is_letter =
        kind_ == BpeKind::byte_level && spelling.size() <= 2 && count_code_points(spelling) == 1;
    const bool is_byte =
        is_letter ? bytes_of_letters(spelling).has_value()
                  : kind_ == BpeKind::sentencepiece && byte_of_spelling(spelling).has_value();
    if (!is_byte) continue;
    Token& token = byte_tokens_[static_cast<unsigned char>(bytes_[byte_begins_[id]])];
    if (token < 0) token = static_cast<Token>(id);
  }
}

void BpeModel::collect_characters(const TokenizerSpec& spec, const std::vector<bool>& plain) {
  for (size_t id = 0; id < spec.tokens.size(); ++id) {
    if (plain[id] && count_code_points(spec.tokens[id]) == 1) {
      symbols_.emplace(first_code_point(spec.tokens[id]).value, static_cast<Token>(id));
    }
  }
  for (size_t id = 0; id < spec.tokens.size() && !spec.scores.empty(); ++id) {
    if (!plain[id]) continue;
    for (std::string_view rest = spec.tokens[id]; !rest.empty();) {
      const CodePoint next = first_code_point(rest);
      const auto extra = static_cast<Token>(vocab_size() + extra_characters_.size());
      if (symbols_.emplace(next.value, extra).second) extra_characters_.push_back(next.value);
      rest.remove_prefix(next.bytes);
    }
  }
  ascii_symbols_.fill(-1);
  for (const auto& [character, symbol] : symbols_) {
    if (character < ascii_symbols_.size()) ascii_symbols_[character] = symbol;
  }
}

void BpeModel::collect_ranked_merges(const TokenizerSpec& spec, const std::vector<bool>& plain) {
  std::vector<bool> all(spec.tokens.size());
  for (size_t id = 0; id < all.size(); ++id) all[id] = !spec.tokens[id].empty();
  const StringIndex index = index_of(spec.tokens, all);
  const auto token_of = [&](size_t rank, const std::string& spelling) {
    const Token token = index.find(spelling);
    if (token < 0)
      fail(Code::bad_format, "merge ", rank, ": '", printable(spelling),
           "' is not in the vocabulary");
    return token;
  };
  merges_ = std::make_unique<MergeTable>(spec.merges.size());
  for (size_t rank = 0; rank < spec.merges.size(); ++rank) {
    const auto& [left, right] = spec.merges[rank];
    const std::string whole = left + right;
    const Token left_token = token_of(rank, left), right_token = token_of(rank, right),
                token = token_of(rank, whole);
    if (!plain[static_cast<size_t>(token)]) continue;  // text must not become a control token
    merges_->insert(left_token, right_token, {static_cast<uint32_t>(rank), token});
    if (has_inner_space(whole)) space_begins_words_ = false;
  }
}

void BpeModel::collect_scored_merges(const TokenizerSpec& spec, const std::vector<bool>& plain) {
  const StringIndex index = index_of(spec.tokens, plain);
  const ScoreRanks ranks(spec.scores);
  size_t pairs = 0;
  for (size_t id = 0; id < spec.tokens.size(); ++id) {
    if (plain[id]) pairs += count_code_points(spec.tokens[id]) - 1;
  }
  const auto symbol_or_token = [&](std::string_view part) {
    const CodePoint first = first_code_point(part);
    return first.bytes == part.size() ? symbol_of(first.value) : index.find(part);
  };
  merges_ = std::make_unique<MergeTable>(pairs);
  for (size_t id = 0; id < spec.tokens.size(); ++id) {
    const std::string_view whole = spec.tokens[id];
    if (!plain[id] || index.find(whole) != static_cast<Token>(id)) continue;
    if (whole.size() > kMaxScoredTokenBytes)
      fail(Code::bad_format, "token ", id, " is ", whole.size(), " bytes long");
    if (has_inner_space(whole)) space_begins_words_ = false;
    const MergeTable::Merge merge{ranks.rank_of(spec.scores[id]), static_cast<Token>(id)};
    for (size_t cut = first_code_point(whole).bytes; cut < whole.size();) {
      const Token left = symbol_or_token(whole.substr(0, cut)),
                  right = symbol_or_token(whole.substr(cut));
      if (left >= 0 && right >= 0) merges_->insert(left, right, merge);
      cut += first_code_point(whole.substr(cut)).bytes;
    }
  }
}

void BpeModel::collect_whole_pieces(const TokenizerSpec& spec, const std::vector<bool>& plain) {
  PieceIndex whole(vocab_size());
  std::vector<Token> merged;
  for (size_t id = 0; id < vocab_size(); ++id) {
    const bool is_text = kind_ == BpeKind::sentencepiece || bytes_of_letters(spec.tokens[id]);
    if (!plain[id] || !is_text) continue;
    const auto token = static_cast<Token>(id);
    const std::string_view piece =
        kind_ == BpeKind::sentencepiece ? std::string_view(spec.tokens[id]) : bytes_of(token);
    merged.clear();
    if (!ignore_merges_) encode(piece, merged);
    if (ignore_merges_ || (merged.size() == 1 && merged[0] == token)) whole.insert(piece, token);
  }
  whole_ = std::move(whole);
}

std::string_view BpeModel::bytes_of(Token token) const {
  const auto id = static_cast<size_t>(token);
  return std::string_view(bytes_).substr(byte_begins_[id], byte_begins_[id + 1] - byte_begins_[id]);
}

void BpeModel::encode(std::string_view piece, std::vector<Token>& out) const {
  const bool is_unit = kind_ == BpeKind::byte_level || ignore_merges_;
  const Token whole = is_unit ? whole_.find(piece) : -1;
  if (whole >= 0) {
    out.push_back(whole);
  } else if (kind_ == BpeKind::byte_level) {
    merge_bytes(piece, out);
  } else {
    encode_words(piece, out);
  }
}

void BpeModel::merge_bytes(std::string_view piece, std::vector<Token>& out) const {
  const size_t begin = out.size();
  for (const char c : piece) {
    const Token token = byte_tokens_[static_cast<unsigned char>(c)];
    const bool fused = token < 0 && fuse_unknown_ && out.size() > begin && out.back() == unknown_;
    if (token >= 0) {
      out.push_back(token);
    } else if (unknown_ >= 0 && !fused) {
      out.push_back(unknown_);
    }
  }
  merges_->apply(out, begin);
}

Token BpeModel::symbol_of(char32_t character) const {
  if (character < ascii_symbols_.size()) return ascii_symbols_[character];
  const auto found = symbols_.find(character);
  return found == symbols_.end() ? -1 : found->second;
}

bool BpeModel::append_as_bytes(std::string_view text, std::vector<Token>& out) const {
  if (!byte_fallback_) return false;
  const auto token_of = [&](char c) { return byte_tokens_[static_cast<unsigned char>(c)]; };
  if (!std::all_of(text.begin(), text.end(), [&](char c) { return token_of(c) >= 0; }))
    return false;
  for (const char c : text) out.push_back(token_of(c));
  return true;
}

void BpeModel::encode_words(std::string_view piece, std::vector<Token>& out) const {
  bool after_unknown = false;
  while (!piece.empty()) {
    const std::string_view word = piece.substr(0, first_word(piece));
    piece.remove_prefix(word.size());
    if (const Token whole = ignore_merges_ ? -1 : whole_.find(word); whole >= 0) {
      out.push_back(whole);
      after_unknown = false;
    } else {
      after_unknown = merge_characters(word, after_unknown, out);
    }
  }
}

/// Bytes up to where a U+2581 follows something else, if no merge reaches over such a place.
size_t BpeModel::first_word(std::string_view piece) const noexcept {
  if (!space_begins_words_) return piece.size();
  size_t end = 0;
  while (piece.substr(end).starts_with(kSpaceMarkText)) end += kSpaceMarkText.size();
  return std::min(piece.find(kSpaceMarkText, end), piece.size());
}

/// Returns whether the last character was unknown: the next one then belongs to the same run.
bool BpeModel::merge_characters(std::string_view word, bool after_unknown,
                                std::vector<Token>& out) const {
  const size_t begin = out.size();
  while (!word.empty()) {
    const CodePoint next = first_code_point(word);
    const std::string_view character = word.substr(0, next.bytes);
    word.remove_prefix(next.bytes);
    const Token symbol = symbol_of(next.value);
    const bool known = symbol >= 0;
    if (known) {
      out.push_back(symbol);
    } else if (append_as_bytes(character, out)) {
      after_unknown = false;
      continue;
    } else if (unknown_ >= 0 && !(fuse_unknown_ && after_unknown)) {
      out.push_back(unknown_);
    }
    after_unknown = !known;
  }
  merges_->apply(out, begin);
  if (!extra_characters_.empty()) spell_extra_symbols(out, begin);
  return after_unknown;
}

/// Characters that are no token and did not merge become bytes, or the unknown token.
void BpeModel::spell_extra_symbols(std::vector<Token>& symbols, size_t begin) const {
  const auto is_extra = [&](Token symbol) { return static_cast<size_t>(symbol) >= vocab_size(); };
  const auto first =
      std::find_if(symbols.begin() + static_cast<ptrdiff_t>(begin), symbols.end(), is_extra);
  const std::vector<Token> tail(first, symbols.end());
  symbols.erase(first, symbols.end());
  for (const Token symbol : tail) {
    if (!is_extra(symbol)) {
      symbols.push_back(symbol);
      continue;
    }
    std::string character;
    append_utf8(character, extra_characters_[static_cast<size_t>(symbol) - vocab_size()]);
    if (!append_as_bytes(character, symbols) && unknown_ >= 0) symbols.push_back(unknown_);
  }
}

}  // namespace phi::text
