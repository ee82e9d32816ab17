/// The terminal's side of the program: what is connected, what is typed, and Ctrl-C.
///
/// Ctrl-C never kills the program outright: it sets a flag, cancels the session that was named, and
/// wakes a pending read. A second Ctrl-C before the first was attended to ends the program at once.
#ifndef PHI_CLI_TERMINAL_H_
#define PHI_CLI_TERMINAL_H_

#include <string>
#include <string_view>

#include "phi/session.h"

namespace phi::cli {

bool stdin_is_terminal() noexcept;
bool stdout_is_terminal() noexcept;
bool stderr_is_terminal() noexcept;

/// Takes over Ctrl-C. Once, before anything else runs.
void install_interrupt_handler();

/// Was Ctrl-C pressed since the last clear_interrupt()?
bool interrupted() noexcept;
void clear_interrupt() noexcept;

/// While it lives, Ctrl-C also cancels the session. One at a time; must end before the session
/// does.
class CancelOnInterrupt {
 public:
  explicit CancelOnInterrupt(Session& session) noexcept;
  ~CancelOnInterrupt();
  CancelOnInterrupt(const CancelOnInterrupt&) = delete;
  CancelOnInterrupt& operator=(const CancelOnInterrupt&) = delete;
};

enum class ReadResult { line, end, interrupted };

/// Reads standard input by lines.
class LineReader {
 public:
  /// Replaces `line` by the next one, without its end ("\n" or "\r\n"). A last line without an end
  /// counts.
  ReadResult read(std::string& line);

 private:
  std::string pending_;
  bool ended_ = false;
};

/// Standard input to its end. Error{cancelled} on Ctrl-C.
std::string read_standard_input();

/// Writes to standard output at once. Error{io} if it cannot be written.
void write_output(std::string_view text);

}  // namespace phi::cli

#endif  // PHI_CLI_TERMINAL_H_
