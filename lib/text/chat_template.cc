#include "text/chat_template.h"

#include <optional>
#include <utility>

#include "base/fail.h"
#include "io/json.h"
#include "text/chat_formats.h"
#include "text/jinja/jinja_parser.h"
#include "text/jinja/jinja_renderer.h"

namespace phi::text {
namespace {

using jinja::Value;
using Members = std::vector<std::pair<Value, Value>>;

/// A template that has been read, or why it could not be.
class Parsed {
 public:
  explicit Parsed(const std::string& source) : present_(!source.empty()) {
    if (!present_) return;
    try {
      body_ = jinja::parse_template(source);
    } catch (const Error& error) {
      if (error.code() != Code::unsupported) throw;
      error_ = error.what();
    }
  }

  bool present() const { return present_; }
  std::string render(Members variables) const {
    if (!body_) fail(Code::unsupported, error_);
    return jinja::Renderer(*body_).render(Value::dict(std::move(variables)));
  }

 private:
  bool present_;
  std::optional<jinja::Body> body_;
  std::string error_;
};

std::string spelling_of(const TokenizerSpec& spec, Token id) {
  const auto index = static_cast<size_t>(id);
  return id >= 0 && index < spec.tokens.size() ? spec.tokens[index] : std::string();
}

/// The special tokens that templates know by name; those that a model does not have are undefined.
Members special_tokens(const TokenizerSpec& spec) {
  Members members;
  const auto add = [&](const char* name, std::string text) {
    if (!text.empty()) members.emplace_back(name, std::move(text));
  };
  add("bos_token", spec.bos_text);
  add("eos_token", spec.eos_text);
  add("pad_token", spelling_of(spec, spec.pad));
  add("unk_token", spelling_of(spec, spec.unknown));
  return members;
}

}  // namespace

struct ChatTemplate::Impl {
  explicit Impl(const TokenizerSpec& spec)
      : plain(spec.chat_template.empty() ? std::string(built_in_chat_format(spec.family))
                                         : spec.chat_template),
        with_tools(spec.tool_chat_template),
        specials(special_tokens(spec)) {}

  const Parsed& chosen(bool has_tools) const {
    if (has_tools && with_tools.present()) return with_tools;
    if (!plain.present())
      fail(Code::unsupported, "the model has no chat template, and its family is not known");
    return plain;
  }

  Parsed plain, with_tools;
  Members specials;
};

ChatTemplate::ChatTemplate(const TokenizerSpec& spec) : impl_(std::make_unique<const Impl>(spec)) {}
ChatTemplate::~ChatTemplate() = default;

std::string ChatTemplate::render(std::span<const Message> messages, GenerationPrompt prompt) const {
  std::vector<Value> list;
  for (const Message& message : messages) {
    list.push_back(Value::dict({{"role", message.role}, {"content", message.content}}));
  }
  Members variables = impl_->specials;
  variables.emplace_back("messages", Value::sequence(jinja::SequenceType::list, std::move(list)));
  variables.emplace_back("add_generation_prompt", prompt == GenerationPrompt::yes);
  return impl_->chosen(false).render(std::move(variables));
}

std::string ChatTemplate::render_json(std::string_view json) const {
  io::Json context;
  try {
    context = io::Json::parse(json, "chat");
    context.as_object("chat");
  } catch (const Error& error) {
    fail(Code::invalid_argument, error.what());
  }
  Members variables = impl_->specials;
  for (const auto& [name, value] : context.as_object("chat"))
    variables.emplace_back(name, Value::from_json(value));
  const io::Json* tools = context.find("tools");
  return impl_->chosen(tools && tools->is_array()).render(std::move(variables));
}

}  // namespace phi::text
