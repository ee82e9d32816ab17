/// What every command of the program looks like to main().
#ifndef PHI_CLI_COMMAND_H_
#define PHI_CLI_COMMAND_H_

#include <CLI/App.hpp>
#include <memory>
#include <stdexcept>
#include <string>

namespace phi::cli {

enum ExitStatus : int { kSuccess = 0, kFailure = 1, kUsage = 2, kInterrupted = 130 };

/// The command line asks for something that makes no sense; main() shows it and points at --help.
class UsageError final : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Declares its flags when it is made and does its work once they are parsed.
class Command {
 public:
  virtual ~Command() = default;

  /// Returns the exit status. phi::Error and UsageError pass through to main().
  virtual int run() = 0;
};

std::unique_ptr<Command> make_info_command(CLI::App& app);
std::unique_ptr<Command> make_run_command(CLI::App& app);
std::unique_ptr<Command> make_chat_command(CLI::App& app);
std::unique_ptr<Command> make_tokenize_command(CLI::App& app);
std::unique_ptr<Command> make_logits_command(CLI::App& app);
std::unique_ptr<Command> make_perplexity_command(CLI::App& app);
std::unique_ptr<Command> make_bench_command(CLI::App& app);
std::unique_ptr<Command> make_convert_command(CLI::App& app);

}  // namespace phi::cli

#endif  // PHI_CLI_COMMAND_H_
