/// Chats to text through the model's own Jinja template (jinja/), or the family's known format
/// where the model carries none.
#ifndef PHI_TEXT_CHAT_TEMPLATE_H_
#define PHI_TEXT_CHAT_TEMPLATE_H_

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "phi/types.h"
#include "text/tokenizer_spec.h"

namespace phi::text {

/// Immutable; every member may run on many threads at once.
class ChatTemplate {
 public:
  /// Parses spec.chat_template, or takes the built-in format of spec.family. A template that does
  /// not parse, or a missing one of an unknown family, is an error only when something is rendered:
  /// Error{unsupported}.
  explicit ChatTemplate(const TokenizerSpec& spec);
  ~ChatTemplate();

  /// Error{invalid_argument} with the template's own words when it refuses the messages.
  std::string render(std::span<const Message> messages, GenerationPrompt prompt) const;

  /// {"messages": [...], "tools": [...], "add_generation_prompt": bool, ...}: every member becomes
  /// a variable.
  std::string render_json(std::string_view json) const;

 private:
  struct Impl;
  std::unique_ptr<const Impl> impl_;
};

}  // namespace phi::text

#endif  // PHI_TEXT_CHAT_TEMPLATE_H_
