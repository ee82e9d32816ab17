#include "api/stop_matcher.h"

#include <algorithm>

#include "base/fail.h"

namespace phi::detail {

StopMatcher::StopMatcher(const std::vector<std::string>& stops, size_t most_piece_bytes) {
  size_t longest = 0;
  for (size_t i = 0; i < stops.size(); ++i) {
    if (stops[i].empty()) fail(Code::invalid_argument, "stops[", i, "]: the stop string is empty");
    Pattern pattern{stops[i], std::vector<size_t>(stops[i].size() + 1, 0), 0};
    size_t border = 0;
    for (size_t length = 2; length <= pattern.text.size(); ++length) {
      const char last = pattern.text[length - 1];
      while (border > 0 && pattern.text[border] != last) border = pattern.fallback[border];
      if (pattern.text[border] == last) ++border;
      pattern.fallback[length] = border;
    }
    longest = std::max(longest, stops[i].size());
    patterns_.push_back(std::move(pattern));
  }
  held_.reserve(longest + most_piece_bytes);
}

void StopMatcher::advance(Pattern& pattern, char byte) noexcept {
  while (pattern.matched > 0 && pattern.text[pattern.matched] != byte)
    pattern.matched = pattern.fallback[pattern.matched];
  if (pattern.text[pattern.matched] == byte) ++pattern.matched;
}

bool StopMatcher::push(std::string_view text, std::string& out) {
  for (const char byte : text) {
    held_ += byte;
    size_t longest_part = 0, longest_stop = 0;
    for (Pattern& pattern : patterns_) {
      advance(pattern, byte);
      longest_part = std::max(longest_part, pattern.matched);
      if (pattern.matched == pattern.text.size())
        longest_stop = std::max(longest_stop, pattern.matched);
    }
    if (longest_stop > 0) {
      out.append(held_, 0, held_.size() - longest_stop);
      reset();
      return true;
    }
    if (longest_part == 0) {  // the usual case, without moving bytes about
      out += held_;
      held_.clear();
    }
  }
  size_t keep = 0;
  for (const Pattern& pattern : patterns_) keep = std::max(keep, pattern.matched);
  out.append(held_, 0, held_.size() - keep);
  held_.erase(0, held_.size() - keep);
  return false;
}

void StopMatcher::flush(std::string& out) {
  out += held_;
  reset();
}

void StopMatcher::reset() noexcept {
  held_.clear();
  for (Pattern& pattern : patterns_) pattern.matched = 0;
}

}  // namespace phi::detail
