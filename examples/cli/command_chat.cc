// phi chat: a conversation in the terminal.

#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "chat_session.h"
#include "command.h"
#include "default_model.h"
#include "model_opening.h"
#include "phi/error.h"
#include "terminal.h"

namespace phi::cli {
namespace {

constexpr const char* kChatHelp =
    R"(/help             this list
/system TEXT      set the system message (without TEXT: remove it)
/reset            forget the conversation, keep the system message
/undo             forget the last question and its answer
/regenerate       answer the last question again
/stats            speeds of the last answer, and how full the context is
/save FILE        write the conversation as JSON
/quit             leave (or Ctrl-D)

Ctrl-C stops an answer; at the prompt it leaves. A line that ends with \ goes on in the next one.
)";

constexpr const char* kNanoGreeting =
    R"(No model was named, so this is phi-nano: 3.3 million parameters, trained from nothing for this library. It calculates, converts,
sorts, counts, draws simple conclusions, reads short stories and extracts fields; it knows nothing of the world. Try:

    What is 47 + 38?
    Mia has 12 apples. She buys 15 more. How many apples does Mia have now?
    Give name, count and item as JSON. Omar buys 39 green hats.
)";

void say(const std::string& text) { std::fprintf(stderr, "%s\n", text.c_str()); }

void save_conversation(const std::vector<Message>& messages, const std::string& path) {
  auto list = nlohmann::ordered_json::array();
  for (const Message& message : messages)
    list.push_back({{"role", message.role}, {"content", message.content}});
  const nlohmann::ordered_json document = {{"messages", list}};
  std::ofstream file(path, std::ios::binary);
  file << document.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << "\n";
  file.close();
  if (!file) throw Error(Code::io, "cannot write '" + path + "'");
}

class ChatCommand final : public Command {
 public:
  explicit ChatCommand(CLI::App& app)
      : operands_(app), model_flags_(app), session_flags_(app), generation_flags_(app) {
    app.add_option("--system", system_, "System message")->type_name("TEXT");
    app.add_flag("--stats", stats_, "Print speeds after every answer");
    app.footer(
        std::string("While chatting:\n") + kChatHelp +
        "\nWithout MODEL: a chat with phi-nano, the small model that comes with the library."
        "\nExample: phi chat phi-4.gguf --system \"You are brief.\" --temp 0.7 --top-p 0.95");
  }

  int run() override {
    const bool named = operands_.names_model();
    const std::string path = named ? operands_.model() : default_model();
    Progress progress(model_flags_.verbosity());
    const Model model = open_model(path, model_flags_, progress);
    require_chat_template(model, path);

    SessionOptions options = session_flags_.options(model_flags_);
    options.sampling = generation_flags_.sampling();
    options.keep_going = progress.callback();
    ChatSession chat(model, options,
                     {system_, generation_flags_.max_tokens, generation_flags_.stops}, progress);
    if (stdin_is_terminal()) greet(model, named ? path : "");
    return converse(chat);
  }

 private:
  /// path: empty for phi-nano.
  static void greet(const Model& model, const std::string& path) {
    if (path.empty()) say(kNanoGreeting);
    const std::string name = path.empty() ? "phi-nano" : model.info().name;
    say("Chatting with " + (name.empty() ? path : name) +
        ". /help lists the commands, Ctrl-D leaves.");
  }

  int converse(ChatSession& chat) {
    LineReader reader;
    std::string input;
    while (true) {
      switch (read_turn(reader, input)) {
        case ReadResult::interrupted:
          return leave(kInterrupted);
        case ReadResult::end:
          return leave(kSuccess);
        case ReadResult::line:
          break;
      }
      if (input.empty()) continue;
      try {
        if (input.front() != '/') {
          answer(chat, [&](const ShowPiece& show) { chat.ask(input, show); });
        } else if (!obey(chat, input)) {
          return kSuccess;
        }
      } catch (const Error& error) {
        report(error, chat);
      }
    }
  }

  /// One line, or several where lines end with a backslash.
  static ReadResult read_turn(LineReader& reader, std::string& input) {
    input.clear();
    const char* prompt = "> ";
    std::string line;
    while (true) {
      if (stdin_is_terminal()) std::fputs(prompt, stderr);
      const ReadResult result = reader.read(line);
      if (result != ReadResult::line) return result;
      if (line.empty() || line.back() != '\\') break;
      line.back() = '\n';
      input += line;
      prompt = "... ";
    }
    input += line;
    return ReadResult::line;
  }

  static int leave(int status) {
    if (stdin_is_terminal()) std::fputs("\n", stderr);
    return status;
  }

  /// Streams what `produce` shows and ends the line.
  template <class Produce>
  void answer(ChatSession& chat, Produce&& produce) const {
    const auto show = [](Token, std::string_view text) { write_output(text); };
    produce(show);
    write_output("\n");
    const Stats& stats = *chat.last_stats();
    if (stats.reason == StopReason::interrupted) say("[stopped]");
    if (stats.reason == StopReason::context_full) say("[" + context_full_text(chat) + "]");
    if (stats_ || model_flags_.verbose) say("[" + describe(stats) + "]");
    clear_interrupt();  // also one that came as the answer ended
  }

  static std::string context_full_text(const ChatSession& chat) {
    return "the context of " + std::to_string(chat.session().context()) +
           " tokens is full: /undo or /reset makes room, or start again with a larger -c";
  }

  /// After an error the conversation goes on; the question that caused it is forgotten.
  static void report(const Error& error, const ChatSession& chat) {
    if (error.code() == Code::cancelled && interrupted()) {
      clear_interrupt();
      return say("[stopped before the answer; the conversation is as before]");
    }
    if (error.code() == Code::context_full)
      return say("phi: " + context_full_text(chat) + "; the conversation is as before");
    if (error.code() == Code::io || error.code() == Code::invalid_argument)
      return say(std::string("phi: ") + error.what());
    throw error;
  }

  /// A line that begins with a slash. False: leave.
  bool obey(ChatSession& chat, const std::string& input) const {
    const size_t space = input.find(' ');
    const std::string command = input.substr(0, space);
    const std::string argument = space == std::string::npos ? "" : input.substr(space + 1);
    if (command == "/quit" || command == "/exit") return false;
    if (command == "/help") {
      std::fputs(kChatHelp, stderr);
    } else if (command == "/system") {
      chat.set_system(argument);
      say(argument.empty() ? "[no system message]" : "[system message set]");
    } else if (command == "/reset") {
      chat.reset();
      say("[the conversation is forgotten]");
    } else if (command == "/undo") {
      say(chat.undo() ? "[the last question is forgotten]" : "[there is no question to forget]");
    } else if (command == "/regenerate") {
      regenerate(chat);
    } else if (command == "/stats") {
      say("[" + stats_text(chat) + "]");
    } else if (command == "/save") {
      save(chat, argument);
    } else {
      say("[unknown command " + command + "; /help lists them]");
    }
    return true;
  }

  void regenerate(ChatSession& chat) const {
    if (!chat.can_regenerate()) return say("[there is no answer to give again]");
    answer(chat, [&](const ShowPiece& show) { chat.regenerate(show); });
  }

  static std::string stats_text(const ChatSession& chat) {
    const std::string last = chat.last_stats() ? describe(*chat.last_stats()) + "; " : "";
    return last + "context " + std::to_string(chat.session().position()) + " of " +
           std::to_string(chat.session().context()) + " tokens";
  }

  static void save(const ChatSession& chat, const std::string& path) {
    if (path.empty()) return say("[/save needs a file name]");
    save_conversation(chat.messages(), path);
    say("[saved to " + path + "]");
  }

  Operands operands_;
  ModelFlags model_flags_;
  SessionFlags session_flags_;
  GenerationFlags generation_flags_;
  std::string system_;
  bool stats_ = false;
};

}  // namespace

std::unique_ptr<Command> make_chat_command(CLI::App& app) {
  return std::make_unique<ChatCommand>(app);
}

}  // namespace phi::cli
