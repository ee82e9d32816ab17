// phi convert: any model as one packed file.

#include <cstdio>
#include <filesystem>
#include <string>
#include <system_error>

#include "command.h"
#include "format.h"
#include "generation.h"
#include "model_opening.h"
#include "phi/error.h"
#include "terminal.h"

namespace phi::cli {
namespace {

namespace fs = std::filesystem;

/// Bytes of a file, or of the weight files of a folder.
uint64_t size_on_disk(const fs::path& path) {
  std::error_code error;
  if (!fs::is_directory(path, error)) {
    const uint64_t bytes = fs::file_size(path, error);
    return error ? 0 : bytes;
  }
  uint64_t total = 0;
  for (fs::directory_iterator it(path, error), end; !error && it != end; it.increment(error)) {
    if (it->path().extension() == ".safetensors") total += size_on_disk(it->path());
  }
  return total;
}

class ConvertCommand final : public Command {
 public:
  explicit ConvertCommand(CLI::App& app)
      : operands_(app, Texts::one, "OUT", "The packed file to write"), model_flags_(app) {
    app.add_flag("--force", force_, "Replace OUT if it exists");
    app.footer("Example: phi convert phi-4/ phi-4.phi --weights int4");
  }

  int run() override {
    const std::string from = operands_.model();
    const std::string to = operands_.text().value_or("");
    if (to.empty()) throw UsageError("no output file given");
    require_model_path(from);
    refuse_to_overwrite(from, to);

    Progress progress(model_flags_.verbosity());
    progress.begin("writing " + fs::path(to).filename().string());
    const Stopwatch watch;
    Model::convert(from, to, model_options(model_flags_, progress));
    progress.finish();
    std::fprintf(stderr, "phi: %s (%s) written as %s (%s) in %s\n", from.c_str(),
                 format_bytes(size_on_disk(from)).c_str(), to.c_str(),
                 format_bytes(size_on_disk(to)).c_str(), format_seconds(watch.seconds()).c_str());
    return kSuccess;
  }

 private:
  void refuse_to_overwrite(const fs::path& from, const fs::path& to) const {
    std::error_code error;
    if (fs::is_directory(to, error)) {
      throw Error(Code::invalid_argument,
                  "'" + to.string() + "' is a folder; name the file to write");
    }
    if (fs::exists(to, error) && fs::equivalent(from, to, error)) {
      throw Error(Code::invalid_argument,
                  "'" + to.string() + "' is the input itself; choose another name");
    }
    if (fs::exists(to, error) && !force_) {
      throw Error(Code::invalid_argument,
                  "'" + to.string() + "' exists already; use --force to replace it");
    }
  }

  Operands operands_;
  ModelFlags model_flags_;
  bool force_ = false;
};

}  // namespace

std::unique_ptr<Command> make_convert_command(CLI::App& app) {
  return std::make_unique<ConvertCommand>(app);
}

}  // namespace phi::cli
