// phi info: what a model is, and the memory that it takes.

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "command.h"
#include "format.h"
#include "model_opening.h"
#include "phi/error.h"
#include "terminal.h"

namespace phi::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string weights_name(Weights weights) {
  switch (weights) {
    case Weights::as_stored:
      return "as-stored";
    case Weights::f32:
      return "f32";
    case Weights::bf16:
      return "bf16";
    case Weights::int8:
      return "int8";
    case Weights::int4:
      return "int4";
  }
  return "unknown";
}

std::string token_text(const Tokenizer& tokenizer, Token token) {
  if (token < 0) return "none";
  std::string text;
  try {
    text = tokenizer.decode({&token, 1}, ShowSpecials::yes);
  } catch (const Error&) {  // a model without a tokenizer
    return std::to_string(token);
  }
  return std::to_string(token) + " " +
         Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

struct Facts {
  std::string path;
  ModelInfo model;
  TokenizerInfo tokenizer;
  bool chat;
  uint32_t session_context;  ///< 0 = the default
  Memory memory;

  double bits_per_weight() const {
    return model.parameters == 0 ? 0
                                 : 8.0 * static_cast<double>(model.weight_bytes) /
                                       static_cast<double>(model.parameters);
  }
};

std::string as_json(const Facts& facts) {
  const ModelInfo& model = facts.model;
  const Json document = {
      {"path", facts.path},
      {"name", model.name},
      {"architecture", model.architecture},
      {"parameters", model.parameters},
      {"layers", model.layers},
      {"hidden", model.hidden},
      {"heads", model.heads},
      {"kv_heads", model.kv_heads},
      {"head_dim", model.head_dim},
      {"vocab_size", model.vocab_size},
      {"context", model.context},
      {"weights", weights_name(model.weights)},
      {"weight_bytes", model.weight_bytes},
      {"tokenizer",
       {{"vocab_size", facts.tokenizer.vocab_size},
        {"bos", facts.tokenizer.bos},
        {"pad", facts.tokenizer.pad},
        {"adds_bos", facts.tokenizer.adds_bos},
        {"end", facts.tokenizer.end},
        {"has_chat_template", facts.chat}}},
      {"memory",
       {{"context", facts.session_context == 0 ? Json() : Json(facts.session_context)},
        {"weights", facts.memory.weights},
        {"cache", facts.memory.cache},
        {"scratch", facts.memory.scratch},
        {"peak_while_loading", facts.memory.peak_while_loading},
        {"total", facts.memory.total}}}};
  return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string as_text(const Facts& facts, const Tokenizer& tokenizer) {
  const ModelInfo& model = facts.model;
  std::string out;
  const auto line = [&](const char* label, const std::string& value) {
    std::string padded = label;
    padded.resize(15, ' ');
    out += padded + value + "\n";
  };
  const auto number = [](auto value) { return std::to_string(value); };

  line("model", model.name.empty() ? facts.path : model.name);
  line("architecture", model.architecture);
  line("parameters", format_count(model.parameters) + " (" + number(model.parameters) + ")");
  line("weights", weights_name(model.weights) + ", " + format_bytes(model.weight_bytes) + ", " +
                      format_fixed(facts.bits_per_weight(), 2) + " bits per weight");
  line("layers", number(model.layers) + ", hidden size " + number(model.hidden));
  line("attention", number(model.heads) + " heads, " + number(model.kv_heads) +
                        " KV heads, head size " + number(model.head_dim));
  line("context", number(model.context) + " positions");
  line("vocabulary", number(model.vocab_size) + " tokens");
  std::string ends;
  for (const Token token : facts.tokenizer.end)
    ends += (ends.empty() ? "" : ", ") + token_text(tokenizer, token);
  line("begin token", token_text(tokenizer, facts.tokenizer.bos) +
                          (facts.tokenizer.adds_bos ? ", added to prompts" : ""));
  line("end tokens", ends.empty() ? "none" : ends);
  line("chat template", facts.chat ? "yes" : "no (use 'phi run' without --chat)");
  const std::string context = facts.session_context == 0
                                  ? "the default context"
                                  : "a context of " + number(facts.session_context);
  line("memory", format_bytes(facts.memory.total) + " with " + context + ": weights " +
                     format_bytes(facts.memory.weights) + ", KV cache " +
                     format_bytes(facts.memory.cache) + ", scratch " +
                     format_bytes(facts.memory.scratch));
  line("", "at most " + format_bytes(facts.memory.peak_while_loading) + " while loading");
  return out;
}

class InfoCommand final : public Command {
 public:
  explicit InfoCommand(CLI::App& app) : operands_(app), model_flags_(app), session_flags_(app) {
    app.add_flag("--json", json_, "Machine-readable output");
    app.footer("Example: phi info phi-4.gguf -c 16384");
  }

  int run() override {
    Progress progress(model_flags_.verbosity());
    const std::string path = operands_.model();
    const Model model = open_model(path, model_flags_, progress);
    const Tokenizer& tokenizer = model.tokenizer();
    const SessionOptions session = session_flags_.options(model_flags_);
    const Facts facts = {.path = path,
                         .model = model.info(),
                         .tokenizer = tokenizer.info(),
                         .chat = has_chat_template(tokenizer),
                         .session_context = session.context,
                         .memory = Model::estimate(path, model_flags_.options(), session)};
    write_output(json_ ? as_json(facts) : as_text(facts, tokenizer));
    return kSuccess;
  }

 private:
  Operands operands_;
  ModelFlags model_flags_;
  SessionFlags session_flags_;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> make_info_command(CLI::App& app) {
  return std::make_unique<InfoCommand>(app);
}

}  // namespace phi::cli
