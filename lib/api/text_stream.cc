#include "phi/text_stream.h"

#include "api/stop_matcher.h"
#include "api/tokenizer_impl.h"
#include "api/utf8_joiner.h"

namespace phi {

using Place = text::TokenizerCore::Place;

struct TextStream::Impl {
  Impl(const Tokenizer& source, const StreamOptions& options)
      : tokenizer(source.impl()), specials(options.specials), stops(options.stops) {
    (void)tokenizer->core();  // a model without a tokenizer has no text to stream
  }

  const std::shared_ptr<const detail::TokenizerImpl> tokenizer;
  const ShowSpecials specials;
  detail::Utf8Joiner joiner;
  detail::StopMatcher stops;
  Place place = Place::start;
  bool stopped = false;
  std::string characters;  // of the token under way
  std::string shown;       // what the last call returned
};

TextStream::TextStream(const Tokenizer& tokenizer, const StreamOptions& options)
    : impl_(std::make_unique<Impl>(tokenizer, options)) {}
TextStream::~TextStream() = default;
TextStream::TextStream(TextStream&&) noexcept = default;
TextStream& TextStream::operator=(TextStream&&) noexcept = default;

TextStream::Piece TextStream::push(Token token) {
  Impl& stream = *impl_;
  const std::string_view bytes =
      stream.tokenizer->token_bytes(token, stream.specials, stream.place);
  stream.shown.clear();
  if (stream.stopped) return {stream.shown, true};
  // A control token that is not shown leaves the next one at the start; a leading space that was
  // dropped does not.
  if (stream.place == Place::start &&
      !stream.tokenizer->token_bytes(token, stream.specials, Place::middle).empty()) {
    stream.place = Place::middle;
  }
  stream.characters.clear();
  stream.joiner.push(bytes, stream.characters);
  stream.stopped = stream.stops.push(stream.characters, stream.shown);
  return {stream.shown, stream.stopped};
}

std::string_view TextStream::flush() {
  Impl& stream = *impl_;
  stream.shown.clear();
  stream.characters.clear();
  stream.joiner.flush(stream.characters);
  // U+FFFD at the very end may still complete a stop string that spells it.
  if (!stream.stopped && !stream.stops.push(stream.characters, stream.shown))
    stream.stops.flush(stream.shown);
  stream.stops.reset();
  stream.place = Place::start;
  stream.stopped = false;
  return stream.shown;
}

}  // namespace phi
