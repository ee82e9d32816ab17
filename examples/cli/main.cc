// phi: language models in the terminal, and the library's calls one by one.

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <new>
#include <string>
#include <system_error>
#include <vector>

#include "command.h"
#include "phi/error.h"
#include "phi/version.h"
#include "suggest.h"
#include "terminal.h"

namespace phi::cli {
namespace {

struct CommandEntry {
  const char* name;
  const char* summary;
  std::unique_ptr<Command> (*make)(CLI::App& app);
};

constexpr std::array kCommands = {
    CommandEntry{"chat", "Talk with a model", make_chat_command},
    CommandEntry{"run", "Continue one prompt, or answer one question with --chat",
                 make_run_command},
    CommandEntry{"info", "Say what a model is and what memory it takes", make_info_command},
    CommandEntry{"tokenize", "Text to token ids and back", make_tokenize_command},
    CommandEntry{"logits", "Write the logits of every position as safetensors",
                 make_logits_command},
    CommandEntry{"perplexity", "Measure how well a model foretells a text",
                 make_perplexity_command},
    CommandEntry{"bench", "Measure prefill and decode, beside the limits of the machine",
                 make_bench_command},
    CommandEntry{"convert", "Write any model as one packed file that opens fast",
                 make_convert_command},
};

constexpr const char* kExamples =
    R"(phi runs language models on this machine's processor.

  phi chat phi-4.gguf                          talk with a model; Ctrl-C stops an answer
  phi run phi-4.gguf "Once upon a time"        continue a text
  phi run phi-4.gguf --chat "What is a monad?" answer one question
  phi info phi-4.gguf                          what it is, and the memory it takes
  phi bench phi-4.gguf                         how fast it runs here
  phi convert phi-4/ phi-4.phi --weights int4  make it smaller

A model is a Hugging Face folder, a .gguf file, or a file that 'phi convert' wrote.
'phi --help' lists all commands, 'phi COMMAND --help' the flags of one.
)";

void print_error(const std::string& message) { std::fprintf(stderr, "phi: %s\n", message.c_str()); }

int print_usage_error(const std::string& message, const std::string& command) {
  print_error(message);
  std::fprintf(stderr, "try 'phi %s--help'\n", command.empty() ? "" : (command + " ").c_str());
  return kUsage;
}

/// The message for a first argument that names no command.
std::string unknown_command(const std::string& word) {
  std::vector<std::string> names;
  for (const CommandEntry& entry : kCommands) names.emplace_back(entry.name);
  std::error_code ignored;
  if (std::filesystem::exists(word, ignored))
    return "'" + word + "' is not a command; did you mean 'phi chat " + word + "'?";
  if (const auto name = closest(word, names))
    return "'" + word + "' is not a command; did you mean '" + *name + "'?";
  return "'" + word + "' is not a command";
}

/// The message for what a command does not take.
std::string unexpected_argument(const CLI::App& app) {
  const std::string argument = app.remaining().front();
  if (argument.rfind('-', 0) != 0)
    return "unexpected argument '" + argument + "'; quote a text that has spaces";
  std::vector<std::string> flags;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) flags.push_back("--" + name);
  }
  const auto flag = closest(argument, flags);
  return "unknown flag '" + argument + "'" + (flag ? "; did you mean '" + *flag + "'?" : "");
}

std::string full_help() {
  std::string out = kExamples;
  out += "\nCommands:\n";
  for (const CommandEntry& entry : kCommands) {
    std::string name = entry.name;
    name.resize(12, ' ');
    out += "  " + name + entry.summary + "\n";
  }
  return out + "\n  --help, --version\n";
}

/// Runs a command. The one place where exceptions become a message and an exit status.
int run_command(Command& command, const std::string& name) {
  try {
    install_interrupt_handler();
    return command.run();
  } catch (const UsageError& error) {
    return print_usage_error(error.what(), name);
  } catch (const Error& error) {
    if (error.code() == Code::cancelled && interrupted()) return kInterrupted;
    print_error(error.what());
  } catch (const std::bad_alloc&) {
    print_error("out of memory");
  } catch (const std::exception& error) {
    print_error(error.what());
  }
  return kFailure;
}

/// Parses the flags of one command and runs it.
int run_entry(const CommandEntry& entry, std::vector<std::string> arguments) {
  CLI::App app(entry.summary, std::string("phi ") + entry.name);
  app.get_formatter()->column_width(34);
  const std::unique_ptr<Command> command = entry.make(app);
  std::reverse(arguments.begin(), arguments.end());  // as CLI11 takes them
  try {
    app.parse(std::move(arguments));
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::ExtrasError&) {
    return print_usage_error(unexpected_argument(app), entry.name);
  } catch (const CLI::Error& error) {
    return print_usage_error(error.what(), entry.name);
  }
  return run_command(*command, entry.name);
}

int run_program(std::vector<std::string> arguments) {
  if (arguments.empty()) {
    write_output(kExamples);
    return kSuccess;
  }
  if (arguments[0] == "help") {  // "phi help run" is "phi run --help"
    arguments.erase(arguments.begin());
    arguments.emplace_back("--help");
  }
  const std::string word = arguments[0];
  if (word == "--help" || word == "-h") {
    write_output(full_help());
    return kSuccess;
  }
  if (word == "--version") {
    write_output("phi " PHI_VERSION "\n");
    return kSuccess;
  }
  for (const CommandEntry& entry : kCommands) {
    if (word == entry.name) return run_entry(entry, {arguments.begin() + 1, arguments.end()});
  }
  return print_usage_error(unknown_command(word), "");
}

}  // namespace
}  // namespace phi::cli

int main(int argc, char** argv) {
  try {
    return phi::cli::run_program({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    phi::cli::print_error(error.what());
    return phi::cli::kFailure;
  }
}
