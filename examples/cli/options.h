/// Flags that several commands share, and the library's options that they become.
#ifndef PHI_CLI_OPTIONS_H_
#define PHI_CLI_OPTIONS_H_

#include <CLI/App.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "phi/types.h"
#include "progress_bar.h"

namespace phi::cli {

/// What may follow the model on the command line.
enum class Texts { none, one, many };

/// The model, and what may follow it: "MODEL TEXT" or "-m MODEL TEXT". Call the accessors after
/// parsing.
class Operands {
 public:
  explicit Operands(CLI::App& app) : Operands(app, Texts::none, "", "") {}
  /// The text is shown as `name` in the help.
  Operands(CLI::App& app, Texts texts, const std::string& name, const std::string& help);

  std::string model() const;  ///< UsageError if there is none, or two
  bool names_model() const;   ///< is there one?
  std::optional<std::string> text()
      const;  ///< may be empty, which is not the same as absent; UsageError if there are several
  std::vector<std::string> texts() const;  ///< all that follows the model

 private:
  std::string flag_, first_, second_, name_;
  std::vector<std::string> rest_;
  CLI::Option* flag_option_;
  CLI::Option* first_option_;
  CLI::Option* second_option_ = nullptr;
};

/// -t, --pin, --priority, --weights, --isa, --no-repack, --memory-limit, -v
struct ModelFlags {
  explicit ModelFlags(CLI::App& app);

  /// Without callbacks.
  ModelOptions options() const;
  /// Sets what is about threads in options of a model or a session.
  template <class Options>
  void set_threads(Options& options) const {
    options.threads = threads;
    options.pin = pin ? Pin::cores : Pin::none;
    options.priority = priority;
  }
  Verbosity verbosity() const { return verbose ? Verbosity::verbose : Verbosity::quiet; }

  int32_t threads = 0;
  bool pin = false;
  Priority priority = Priority::normal;
  Weights weights = Weights::as_stored;
  Isa isa = Isa::best;
  bool no_repack = false;
  std::string memory_limit;
  bool verbose = false;
};

/// -c, --kv, --fast
struct SessionFlags {
  explicit SessionFlags(CLI::App& app);

  SessionOptions options(const ModelFlags& model) const;

  uint32_t context = 0;
  Kv kv = Kv::bf16;
  bool fast = false;
};

/// --kv
void add_kv_flag(CLI::App& app, Kv& kv);
/// --fast
void add_precision_flag(CLI::App& app, bool& fast);

/// How tokens are chosen and when an answer ends: -n, --temp, ..., --stop, --ignore-end
struct GenerationFlags {
  explicit GenerationFlags(CLI::App& app);

  Sampling sampling() const;

  std::optional<uint32_t> max_tokens;
  std::vector<std::string> stops;

 private:
  Sampling values_;
  std::vector<std::string> bias_;
};

/// "1,2,3" or "1 2 3" or one per line. UsageError that names `source` and the part that is not a
/// number.
std::vector<Token> parse_tokens(const std::string& text, const std::string& source);

/// The whole file. Error{io} if it cannot be read.
std::string read_file(const std::string& path);

}  // namespace phi::cli

#endif  // PHI_CLI_OPTIONS_H_
