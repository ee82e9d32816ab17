#include "phi/text_stream.h"

#include "api/public_call.h"
#include "api/stop_matcher.h"
#include "api/tokenizer_impl.h"
#include "api/utf8_joiner.h"

namespace phi {

using Place = text::TokenizerCore::Place;

/// All buffers are reserved when the stream is made: push and flush allocate nothing, and so a push
/// that fails has changed nothing.
struct TextStream::Impl {
  Impl(const Tokenizer& source, const StreamOptions& options)
      : tokenizer(source.impl()),
        specials(options.specials),
        stops(options.stops, most_characters(*tokenizer)) {
    characters.reserve(most_characters(*tokenizer));
    shown.reserve(stops.most_held_bytes());
  }

  /// Bytes of text that one push can complete: every byte may become a U+FFFD of three.
  static size_t most_characters(const detail::TokenizerImpl& tokenizer) {
    return 3 * (tokenizer.longest_token_bytes() + 1);
  }

  Piece push(Token token);
  std::string_view flush();

  const std::shared_ptr<const detail::TokenizerImpl> tokenizer;
  const ShowSpecials specials;
  detail::Utf8Joiner joiner;
  detail::StopMatcher stops;
  Place place = Place::start;
  bool stopped = false;
  std::string characters;  // of the token under way
  std::string shown;       // what the last call returned
};

TextStream::Piece TextStream::Impl::push(Token token) {
  const std::string_view bytes = tokenizer->token_bytes(token, specials, place);
  shown.clear();
  if (stopped) return {shown, true};
  // A control token that is not shown leaves the next one at the start; a leading space that was
  // dropped does not.
  if (place == Place::start && !tokenizer->token_bytes(token, specials, Place::middle).empty()) {
    place = Place::middle;
  }
  characters.clear();
  joiner.push(bytes, characters);
  stopped = stops.push(characters, shown);
  return {shown, stopped};
}

std::string_view TextStream::Impl::flush() {
  shown.clear();
  characters.clear();
  joiner.flush(characters);
  // U+FFFD at the very end may still complete a stop string that spells it.
  if (!stopped && !stops.push(characters, shown)) stops.flush(shown);
  stops.reset();
  place = Place::start;
  stopped = false;
  return shown;
}

TextStream::TextStream(const Tokenizer& tokenizer, const StreamOptions& options)
    : impl_(detail::public_call([&] { return std::make_unique<Impl>(tokenizer, options); })) {}
TextStream::~TextStream() = default;
TextStream::TextStream(TextStream&&) noexcept = default;
TextStream& TextStream::operator=(TextStream&&) noexcept = default;

TextStream::Piece TextStream::push(Token token) {
  return detail::public_call([&] { return impl_->push(token); });
}

std::string_view TextStream::flush() {
  return detail::public_call([&] { return impl_->flush(); });
}

}  // namespace phi
