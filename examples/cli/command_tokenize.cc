// phi tokenize: text to token ids, and back.

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "command.h"
#include "model_opening.h"
#include "phi/error.h"
#include "terminal.h"

namespace phi::cli {
namespace {

using Json = nlohmann::ordered_json;

/// A chat as JSON: a list of messages, or an object with "messages" and whatever else the template
/// knows.
class ChatDocument {
 public:
  explicit ChatDocument(const std::string& text) {
    document_ = Json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (document_.is_array())
      document_ = {{"messages", document_}, {"add_generation_prompt", true}};
    if (!document_.is_object() || !document_.contains("messages") ||
        !document_["messages"].is_array()) {
      throw Error(Code::bad_format,
                  "the chat is not JSON of the form [{\"role\": \"user\", \"content\": \"hello\"}] "
                  "or {\"messages\": [...]}");
    }
  }

  std::string rendered(const Tokenizer& tokenizer) const {
    return tokenizer.render_chat_json(document_.dump());
  }

  std::vector<Token> encoded(const Tokenizer& tokenizer) const {
    const bool prompt = document_.value("add_generation_prompt", false);
    return tokenizer.encode_chat(messages(), prompt ? GenerationPrompt::yes : GenerationPrompt::no);
  }

 private:
  std::vector<Message> messages() const {
    for (const auto& [name, ignored] : document_.items()) {
      if (name == "messages" || name == "add_generation_prompt") continue;
      throw Error(
          Code::unsupported,
          "'" + name + "' has no place among token ids; use --render to see the chat's text");
    }
    std::vector<Message> messages;
    for (const Json& message : document_["messages"]) {
      if (!message.is_object() || !message.contains("role") || !message["role"].is_string() ||
          !message.contains("content") || !message["content"].is_string()) {
        throw Error(Code::bad_format, "message " + std::to_string(messages.size()) +
                                          " lacks a \"role\" or \"content\" text");
      }
      messages.push_back({message["role"], message["content"]});
    }
    return messages;
  }

  Json document_;
};

class TokenizeCommand final : public Command {
 public:
  explicit TokenizeCommand(CLI::App& app)
      : operands_(app, Texts::many, "TEXT", "The text; '-' or none reads standard input") {
    app.add_option("-f,--file", file_, "Read the text from a file")->type_name("FILE");
    auto* decode = app.add_flag("--decode", decode_, "TEXT is a list of ids: print their text");
    auto* chat = app.add_flag(
        "--chat", chat_, "TEXT is a chat as JSON: a list of messages, or {\"messages\": [...]}");
    auto* render =
        app.add_flag("--render", render_, "Print the text of the chat instead of ids")->needs(chat);
    app.add_flag("--specials", specials_,
                 "Control tokens spelled in TEXT become control tokens; with --decode: show them");
    app.add_flag("--bos", bos_, "Begin with the model's begin token, if it has one");
    app.add_flag("--pieces", pieces_, "Print one token per line: id, tab, text as a JSON string");
    app.add_flag("--count", count_, "Print only the number of tokens");
    app.add_flag("--json", json_, "Machine-readable output");
    decode->excludes(chat)->excludes(render);
    app.footer(
        "Examples:\n"
        "  phi tokenize phi-4.gguf --pieces \"Hello world\"\n"
        "  phi tokenize phi-4.gguf --decode 9906 1917\n"
        "  phi tokenize phi-4.gguf --chat '[{\"role\": \"user\", \"content\": \"Hi\"}]' --render");
  }

  int run() override {
    const std::string path = operands_.model();
    const std::string input = read_input();
    const Tokenizer tokenizer = open_tokenizer(path);
    if (decode_) {
      const std::string text = tokenizer.decode(parse_tokens(input, "--decode"),
                                                specials_ ? ShowSpecials::yes : ShowSpecials::no);
      write_output(json_ ? dump({{"text", text}}) : text + "\n");
    } else if (render_) {
      const std::string text = ChatDocument(input).rendered(tokenizer);
      write_output(json_ ? dump({{"text", text}}) : text);
    } else {
      print_tokens(tokenizer, encode(tokenizer, input));
    }
    return kSuccess;
  }

 private:
  std::string read_input() const {
    const std::optional<std::string> text = decode_ ? joined_ids() : operands_.text();
    if (!file_.empty() && text)
      throw UsageError("the text is given twice: as an argument and with -f");
    if (!file_.empty()) return read_file(file_);
    return text && *text != "-" ? *text : read_standard_input();
  }

  /// Ids may be given as one argument or as several.
  std::optional<std::string> joined_ids() const {
    std::optional<std::string> joined;
    for (const std::string& ids : operands_.texts()) joined = joined ? *joined + " " + ids : ids;
    return joined;
  }

  std::vector<Token> encode(const Tokenizer& tokenizer, const std::string& input) const {
    if (chat_) return ChatDocument(input).encoded(tokenizer);
    std::vector<Token> tokens =
        tokenizer.encode(input, specials_ ? Specials::parse : Specials::as_text);
    const Token bos = tokenizer.info().bos;
    if (bos_ && bos >= 0) tokens.insert(tokens.begin(), bos);
    return tokens;
  }

  /// What each token adds to the text; U+FFFD where it holds a part of a character.
  static std::vector<std::string> pieces(const Tokenizer& tokenizer,
                                         const std::vector<Token>& tokens) {
    std::vector<std::string> pieces;
    for (size_t i = 0; i < tokens.size(); ++i) {
      const auto decode = [&](size_t begin, size_t count) {
        return tokenizer.decode({tokens.data() + begin, count}, ShowSpecials::yes);
      };
      // A leading space shows only where something comes before it.
      const std::string before = i > 0 ? decode(i - 1, 1) : "";
      const std::string both = i > 0 ? decode(i - 1, 2) : decode(i, 1);
      pieces.push_back(both.starts_with(before) ? both.substr(before.size()) : decode(i, 1));
    }
    return pieces;
  }

  static std::string dump(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  }

  void print_tokens(const Tokenizer& tokenizer, const std::vector<Token>& tokens) const {
    std::string out;
    if (count_) {
      out = std::to_string(tokens.size()) + "\n";
    } else if (json_) {
      Json document = {{"ids", tokens}};
      if (pieces_) document["pieces"] = pieces(tokenizer, tokens);
      out = dump(document);
    } else if (pieces_) {
      const std::vector<std::string> texts = pieces(tokenizer, tokens);
      for (size_t i = 0; i < tokens.size(); ++i)
        out += std::to_string(tokens[i]) + "\t" + dump(texts[i]);
    } else {
      for (const Token token : tokens) out += (out.empty() ? "" : " ") + std::to_string(token);
      out += "\n";
    }
    write_output(out);
  }

  Operands operands_;
  std::string file_;
  bool decode_ = false, chat_ = false, render_ = false, specials_ = false, bos_ = false;
  bool pieces_ = false, count_ = false, json_ = false;
};

}  // namespace

std::unique_ptr<Command> make_tokenize_command(CLI::App& app) {
  return std::make_unique<TokenizeCommand>(app);
}

}  // namespace phi::cli
