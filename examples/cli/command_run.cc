// phi run: one prompt, one answer.

#include <cstdio>
#include <string>
#include <vector>

#include "command.h"
#include "generation.h"
#include "model_opening.h"
#include "phi/error.h"
#include "terminal.h"

namespace phi::cli {
namespace {

class RunCommand final : public Command {
 public:
  explicit RunCommand(CLI::App& app)
      : operands_(app, Texts::one, "PROMPT",
                  "The text to go on from; '-' or none reads standard input"),
        model_flags_(app),
        session_flags_(app),
        generation_flags_(app) {
    app.add_option("-f,--file", file_, "Read the prompt from a file")->type_name("FILE");
    app.add_option("--prompt-ids", prompt_ids_,
                   "Token ids as the prompt: 1,2,3; nothing is added to them")
        ->type_name("IDS");
    app.add_flag("--chat", chat_, "The prompt is a question: answer it in the model's chat format");
    app.add_option("--system", system_, "System message, with --chat")->type_name("TEXT");
    app.add_flag("--no-specials", no_specials_,
                 "Control tokens spelled in the prompt are plain text");
    app.add_flag("--echo", echo_, "Print the prompt before its continuation");
    app.add_flag("--ids", ids_,
                 "Print the ids of the generated tokens, one per line, instead of text");
    app.add_flag("--stats", stats_, "Print speeds on standard error");
    app.footer(
        "Examples:\n"
        "  phi run phi-4.gguf -n 100 --temp 0.8 \"Once upon a time\"\n"
        "  phi run phi-4.gguf --chat \"Why is the sky blue?\"\n"
        "  git diff | phi run phi-4.gguf --chat --system \"Summarise this change in one line.\"");
  }

  int run() override {
    const std::string path = operands_.model();
    require_model_path(path);
    const std::string prompt = read_prompt();
    Progress progress(model_flags_.verbosity());
    const Model model = open_model(path, model_flags_, progress);
    if (chat_) require_chat_template(model, path);

    SessionOptions options = session_flags_.options(model_flags_);
    options.sampling = generation_flags_.sampling();
    options.keep_going = progress.callback();
    Session session(model, options);
    const CancelOnInterrupt cancel(session);

    const Stopwatch prefill;
    progress.begin("reading the prompt");
    if (chat_) {
      append_question(session, prompt);
    } else {
      append_text(session, model, prompt, path);
    }
    progress.finish();
    Stats stats = {.prompt_tokens = session.position(), .prompt_seconds = prefill.seconds()};

    const Generation answer = ids_ ? print_ids(session, model) : print_text(session, model, prompt);
    if (stats_ || model_flags_.verbose) {
      stats.generated_tokens = answer.tokens.size();
      stats.seconds_after_first = answer.seconds_after_first;
      stats.reason = answer.reason;
      std::fprintf(stderr, "phi: %s\n", describe(stats).c_str());
    }
    return answer.reason == StopReason::interrupted ? kInterrupted : kSuccess;
  }

 private:
  std::string read_prompt() const {
    const std::optional<std::string> text = operands_.text();
    if (!system_.empty() && !chat_)
      throw UsageError("--system needs --chat: a plain continuation has no system message");
    if ((text ? 1 : 0) + (file_.empty() ? 0 : 1) + (prompt_ids_.empty() ? 0 : 1) > 1) {
      throw UsageError(
          "more than one prompt: give it as an argument, with -f or with --prompt-ids");
    }
    if (!prompt_ids_.empty()) return "";
    if (!file_.empty()) return read_file(file_);
    if (text && *text != "-") return *text;
    if (stdin_is_terminal()) std::fputs("phi: type the prompt, then Ctrl-D\n", stderr);
    return read_standard_input();
  }

  void append_question(Session& session, const std::string& question) const {
    std::vector<Message> messages;
    if (!system_.empty()) messages.push_back({"system", system_});
    messages.push_back({"user", question});
    session.append_chat(messages);
  }

  void append_text(Session& session, const Model& model, const std::string& prompt,
                   const std::string& path) const {
    const std::vector<Token> tokens = prompt_ids_.empty()
                                          ? encode(model.tokenizer(), prompt)
                                          : parse_tokens(prompt_ids_, "--prompt-ids");
    if (tokens.empty()) {
      throw Error(Code::invalid_argument, "the prompt is empty and '" + path +
                                              "' has no token to begin a text with; give a prompt");
    }
    if (tokens.size() > session.context()) {
      throw Error(Code::context_full, "the prompt has " + std::to_string(tokens.size()) +
                                          " tokens and the context holds " +
                                          std::to_string(session.context()) +
                                          "; raise it with -c, or shorten the prompt");
    }
    session.append(tokens);
  }

  /// With the begin token where the model wants one, and where there is nothing else to begin with.
  std::vector<Token> encode(const Tokenizer& tokenizer, const std::string& prompt) const {
    std::vector<Token> tokens =
        tokenizer.encode(prompt, no_specials_ ? Specials::as_text : Specials::parse);
    const TokenizerInfo info = tokenizer.info();
    const bool has_bos = !tokens.empty() && tokens.front() == info.bos;
    if (info.bos >= 0 && !has_bos && (info.adds_bos || tokens.empty()))
      tokens.insert(tokens.begin(), info.bos);
    return tokens;
  }

  Generation print_ids(Session& session, const Model& model) const {
    const auto show = [](Token token, std::string_view) {
      if (token >= 0) write_output(std::to_string(token) + "\n");
    };
    if (generation_flags_.stops.empty())
      return generate(session, nullptr, generation_flags_.max_tokens, show);
    TextStream stream(model.tokenizer(),
                      {.specials = ShowSpecials::no, .stops = generation_flags_.stops});
    return generate(session, &stream, generation_flags_.max_tokens, show);
  }

  Generation print_text(Session& session, const Model& model, const std::string& prompt) const {
    char last = '\n';
    const auto print = [&](std::string_view text) {
      write_output(text);
      if (!text.empty()) last = text.back();
    };
    if (echo_) print(prompt);
    TextStream stream = make_stream(session, model.tokenizer());
    const Generation answer = generate(session, &stream, generation_flags_.max_tokens,
                                       [&](Token, std::string_view text) { print(text); });
    if (last != '\n') write_output("\n");
    return answer;
  }

  /// Where a text begins, tokenizers drop a leading space. A continuation is not a beginning: its
  /// stream has seen the prompt's last token, unless that one is a stop string by itself.
  TextStream make_stream(const Session& session, const Tokenizer& tokenizer) const {
    const StreamOptions options = {.specials = ShowSpecials::no, .stops = generation_flags_.stops};
    TextStream stream(tokenizer, options);
    const Token last = session.tokens().back();
    if (chat_ || last == tokenizer.info().bos || !stream.push(last).stopped) return stream;
    return TextStream(tokenizer, options);
  }

  Operands operands_;
  ModelFlags model_flags_;
  SessionFlags session_flags_;
  GenerationFlags generation_flags_;
  std::string file_, prompt_ids_, system_;
  bool chat_ = false, no_specials_ = false, echo_ = false, ids_ = false, stats_ = false;
};

}  // namespace

std::unique_ptr<Command> make_run_command(CLI::App& app) {
  return std::make_unique<RunCommand>(app);
}

}  // namespace phi::cli
