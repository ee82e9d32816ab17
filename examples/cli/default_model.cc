#include "default_model.h"

#include <filesystem>

#include "command.h"

namespace phi::cli {

namespace {

/// Both relative to the folder of the program.
constexpr const char* kInstalled = "../share/libphi/phi-nano.phi";
constexpr const char* kInCheckout = PHI_NANO_FROM_PROGRAM;

}  // namespace

std::string default_model() {
  std::error_code ignored;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", ignored);
  for (const char* place : {kInstalled, kInCheckout}) {
    const auto file = (program.parent_path() / place).lexically_normal();
    if (std::filesystem::exists(file, ignored)) return file.string();
  }
  throw UsageError("no model given, and phi-nano is not beside this program ('" +
                   (program.parent_path() / kInstalled).lexically_normal().string() +
                   "'): name a Hugging Face folder, a .gguf file or a packed file");
}

}  // namespace phi::cli
