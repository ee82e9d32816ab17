#include "model_opening.h"

#include <cstdio>
#include <filesystem>
#include <optional>
#include <system_error>
#include <vector>

#include "phi/error.h"
#include "suggest.h"

namespace phi::cli {

namespace {

/// The error that rendering a chat gives, if it does.
std::optional<Error> chat_error(const Tokenizer& tokenizer) {
  const std::vector<Message> probe = {{"user", "hello"}};
  try {
    tokenizer.render_chat(probe, GenerationPrompt::yes);
    return std::nullopt;
  } catch (const Error& error) {
    return error;
  }
}

}  // namespace

bool has_chat_template(const Tokenizer& tokenizer) { return !chat_error(tokenizer); }

void require_chat_template(const Model& model, const std::string& path) {
  const Tokenizer& tokenizer = model.tokenizer();
  const auto error = chat_error(tokenizer);
  if (!error) return;
  const bool has_text = tokenizer.info().vocab_size > 0;
  throw Error(error->code(),
              "'" + path + "' cannot chat: " + error->what() +
                  (has_text ? "; 'phi run' without --chat continues plain text with it" : ""));
}

void require_model_path(const std::string& path) {
  std::error_code error;
  if (std::filesystem::status(path, error).type() == std::filesystem::file_type::not_found) {
    throw Error(Code::not_found,
                "'" + path + "': no such file or folder" + missing_model_hint(path));
  }
}

ModelOptions model_options(const ModelFlags& flags, Progress& progress) {
  ModelOptions options = flags.options();
  options.keep_going = progress.callback();
  if (flags.verbose) {
    options.log = [&progress](int32_t level, const char* message) {
      progress.clear();
      std::fprintf(stderr, "phi: %s%s\n", level >= 2 ? "warning: " : "", message);
    };
  }
  return options;
}

Model open_model(const std::string& path, const ModelFlags& flags, Progress& progress) {
  require_model_path(path);
  progress.begin("loading " + std::filesystem::path(path).lexically_normal().filename().string());
  Model model = Model::open(path, model_options(flags, progress));
  progress.finish();
  return model;
}

Tokenizer open_tokenizer(const std::string& path) {
  require_model_path(path);
  return Tokenizer::open(path);
}

}  // namespace phi::cli
