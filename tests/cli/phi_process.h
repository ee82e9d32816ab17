/// The built program `phi` as a user meets it: started, typed at, interrupted.
#ifndef PHI_CLI_TESTS_PHI_PROCESS_H_
#define PHI_CLI_TESTS_PHI_PROCESS_H_

#include <sys/types.h>

#include <string>
#include <vector>

namespace phi::test {

/// A running `phi`. Standard input, output and error are pipes. Ended by force when it goes away
/// unfinished.
class PhiProcess {
 public:
  explicit PhiProcess(const std::vector<std::string>& arguments, std::string program = PHI_PROGRAM);
  ~PhiProcess();
  PhiProcess(const PhiProcess&) = delete;
  PhiProcess& operator=(const PhiProcess&) = delete;

  /// False if the program no longer reads.
  bool type(const std::string& text);
  void close_input();
  void interrupt() const;  ///< Ctrl-C

  /// Reads on until `text` stands in what came so far. False if the program ended or 60 seconds
  /// passed without it.
  bool wait_for_output(const std::string& text);
  bool wait_for_error(const std::string& text);

  /// Reads what it writes until it ends; the exit status, or minus the signal that ended it:
  /// SIGKILL from here after 60 seconds.
  int finish();

  const std::string& output() const { return output_.text; }
  const std::string& error() const { return error_.text; }

 private:
  struct Stream {
    int fd = -1;
    std::string text;
  };
  bool read_some();
  bool wait_for(const Stream& stream, const std::string& text);

  pid_t child_ = -1;
  int input_ = -1;
  Stream output_, error_;
};

struct PhiResult {
  int status;
  std::string output, error;
};

/// Runs `phi`, or another program, with `input` as its standard input.
PhiResult run_phi(const std::vector<std::string>& arguments, const std::string& input = "",
                  const std::string& program = PHI_PROGRAM);

}  // namespace phi::test

#endif  // PHI_CLI_TESTS_PHI_PROCESS_H_
