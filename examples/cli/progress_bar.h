/// Progress on standard error: a bar on a terminal, now and then a line elsewhere when the user
/// asked for talk.
#ifndef PHI_CLI_PROGRESS_BAR_H_
#define PHI_CLI_PROGRESS_BAR_H_

#include <chrono>
#include <string>

#include "phi/types.h"

namespace phi::cli {

/// How much the program says on standard error.
enum class Verbosity { quiet, verbose };

/// One job after another; what ends within a second is never shown. Must outlive the callback that
/// it gives out.
class Progress {
 public:
  explicit Progress(Verbosity verbosity) : verbosity_(verbosity) {}
  ~Progress() { finish(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void begin(std::string job);
  void finish();

  /// Removes the bar from the screen until there is news, so that something else can be written.
  void clear();

  /// The job is done to this share, in [0, 1].
  void report(double done);

  /// report() for ModelOptions and SessionOptions. Says "stop" once Ctrl-C was pressed.
  KeepGoing callback();

 private:
  using Clock = std::chrono::steady_clock;

  Verbosity verbosity_;
  std::string job_;
  Clock::time_point begun_, shown_;
  bool bar_on_screen_ = false;
};

}  // namespace phi::cli

#endif  // PHI_CLI_PROGRESS_BAR_H_
