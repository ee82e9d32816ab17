#include "text/added_tokens.h"

#include "text/unicode.h"

namespace phi::text {
namespace {

bool stands_alone(std::string_view before, std::string_view after) {
  const bool free_left = before.empty() || !is_word_character(last_code_point(before).value);
  const bool free_right = after.empty() || !is_word_character(first_code_point(after).value);
  return free_left && free_right;
}

}  // namespace

void AddedTokens::insert(const AddedToken& token, std::string_view spelling) {
  if (spelling.empty()) return;
  begins_[static_cast<unsigned char>(spelling[0])] = true;
  uint32_t node = 0;
  for (const char c : spelling) {
    const auto byte = static_cast<unsigned char>(c);
    uint32_t child = child_of(node, byte);
    if (child == kNone) {
      child = static_cast<uint32_t>(nodes_.size());
      nodes_.push_back({kNone, nodes_[node].first_child, -1, byte});
      nodes_[node].first_child = child;
    }
    node = child;
  }
  if (nodes_[node].token < 0) {
    nodes_[node].token = static_cast<int32_t>(tokens_.size());
    tokens_.push_back(token);
    all_special_ = all_special_ && token.special;
  }
}

uint32_t AddedTokens::child_of(uint32_t node, unsigned char byte) const noexcept {
  uint32_t child = nodes_[node].first_child;
  while (child != kNone && nodes_[child].byte != byte) child = nodes_[child].next_sibling;
  return child;
}

AddedTokens::Match AddedTokens::longest_at(std::string_view text) const noexcept {
  Match match;
  uint32_t node = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    node = child_of(node, static_cast<unsigned char>(text[i]));
    if (node == kNone) break;
    if (nodes_[node].token >= 0) match = {nodes_[node].token, i + 1};
  }
  return match;
}

void AddedTokens::cut(std::string_view text, Specials specials, std::string_view guard,
                      std::vector<TextPart>& parts) const {
  size_t done = 0;       // what lies before belongs to a part already
  size_t white_end = 0;  // of the white space that was swallowed last: not walked over again
  const bool finds_any = !(all_special_ && specials == Specials::as_text);
  for (size_t at = finds_any ? 0 : text.size(); at < text.size();) {
    const Match match =
        begins_[static_cast<unsigned char>(text[at])] ? longest_at(text.substr(at)) : Match{};
    if (match.token < 0) {
      ++at;
      continue;
    }
    const AddedToken& token = tokens_[static_cast<size_t>(match.token)];
    size_t begin = at, end = at + match.bytes;
    at = end;
    const bool guarded = !guard.empty() && text.substr(end).starts_with(guard);
    if (token.special && (specials == Specials::as_text || guarded)) continue;
    if (token.single_word && !stands_alone(text.substr(0, begin), text.substr(end))) continue;
    if (token.lstrip && done < begin)
      begin -= trailing_white_space(text.substr(done, begin - done));
    if (token.rstrip) {
      if (end >= white_end) white_end = end + leading_white_space(text.substr(end));
      end = white_end;
    }
    if (done < begin) parts.push_back({-1, text.substr(done, begin - done)});
    parts.push_back({token.id, {}});
    done = end;
  }
  if (done < text.size()) parts.push_back({-1, text.substr(done)});
}

std::vector<size_t> AddedTokens::guard_points(std::string_view text) const {
  std::vector<size_t> points;
  for (size_t at = 0; at < text.size(); ++at) {
    if (begins_[static_cast<unsigned char>(text[at])] && longest_at(text.substr(at)).token >= 0) {
      points.push_back(at + first_code_point(text.substr(at)).bytes);
    }
  }
  return points;
}

}  // namespace phi::text
