// phi logits: the logits of every position of a prompt, as a safetensors file.

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "command.h"
#include "format.h"
#include "generation.h"
#include "model_opening.h"
#include "phi/error.h"
#include "safetensors_writer.h"
#include "terminal.h"

namespace phi::cli {
namespace {

class LogitsCommand final : public Command {
 public:
  explicit LogitsCommand(CLI::App& app)
      : operands_(app, Texts::one, "TEXT",
                  "The text, where no ids are given; '-' reads standard input"),
        model_flags_(app),
        session_flags_(app) {
    auto* ids = app.add_option("--ids", ids_, "Token ids: 1,2,3")->type_name("IDS");
    app.add_option("--ids-file", ids_file_, "Read the ids from a file")
        ->type_name("FILE")
        ->excludes(ids);
    app.add_flag("--specials", specials_, "Control tokens spelled in TEXT become control tokens");
    app.add_option("--splits", splits_,
                   "Feed the tokens in pieces of these sizes, the rest as one piece: 1,7,64")
        ->delimiter(',')
        ->allow_extra_args(false)
        ->check(CLI::Range(1, 1 << 30).description(""))
        ->type_name("N,...");
    app.add_option("-o,--output", output_, "The file to write")->type_name("FILE")->required();
    app.footer(
        "Writes the tensors input_ids I64 [n] and logits F32 [n, vocabulary]. Nothing is added to "
        "the ids or the text.\n"
        "Example: phi logits phi-4.gguf --ids 1,2,3 --weights f32 --kv f32 -o logits.safetensors");
  }

  int run() override {
    const std::string path = operands_.model();
    Progress progress(model_flags_.verbosity());
    const std::string text = ids_.empty() && ids_file_.empty() ? read_text() : "";
    const Model model = open_model(path, model_flags_, progress);
    const std::vector<Token> tokens = input_tokens(model.tokenizer(), text);
    if (tokens.empty())
      throw UsageError("no tokens: give --ids, --ids-file or a text that is not empty");

    SessionOptions options = session_flags_.options(model_flags_);
    if (options.context == 0) options.context = static_cast<uint32_t>(tokens.size());
    options.keep_going = progress.callback();
    Session session(model, options);
    const CancelOnInterrupt cancel(session);

    const uint64_t vocabulary = model.info().vocab_size;
    SafetensorsWriter file(output_,
                           {{"input_ids", "I64", {tokens.size()}, sizeof(int64_t)},
                            {"logits", "F32", {tokens.size(), vocabulary}, sizeof(float)}});
    const std::vector<int64_t> wide(tokens.begin(), tokens.end());
    file.write(std::as_bytes(std::span(wide)));
    const Stopwatch watch;
    std::span<const Token> rest = tokens;
    std::vector<float> logits;
    for (const size_t count : piece_sizes(tokens.size())) {
      logits.resize(count * vocabulary);
      progress.begin("evaluating");
      session.append_logits(rest.first(count), logits);
      progress.finish();
      file.write(std::as_bytes(std::span(logits)));
      rest = rest.subspan(count);
    }
    file.finish();
    if (model_flags_.verbose) {
      std::fprintf(stderr, "phi: %zu tokens in %s, written to %s\n", tokens.size(),
                   format_seconds(watch.seconds()).c_str(), output_.c_str());
    }
    return kSuccess;
  }

 private:
  std::string read_text() const {
    const std::optional<std::string> text = operands_.text();
    if (!text) throw UsageError("no input: give --ids, --ids-file or a text");
    return *text == "-" ? read_standard_input() : *text;
  }

  std::vector<Token> input_tokens(const Tokenizer& tokenizer, const std::string& text) const {
    if ((!ids_.empty() || !ids_file_.empty()) && operands_.text())
      throw UsageError("both ids and a text are given");
    if (!ids_.empty()) return parse_tokens(ids_, "--ids");
    if (!ids_file_.empty()) return parse_tokens(read_file(ids_file_), ids_file_);
    return tokenizer.encode(text, specials_ ? Specials::parse : Specials::as_text);
  }

  /// --splits, cut to the number of tokens, and one more piece for the rest.
  std::vector<size_t> piece_sizes(size_t tokens) const {
    std::vector<size_t> sizes;
    for (const size_t size : splits_) {
      const size_t count = std::min(size, tokens);
      if (count > 0) sizes.push_back(count);
      tokens -= count;
    }
    if (tokens > 0) sizes.push_back(tokens);
    return sizes;
  }

  Operands operands_;
  ModelFlags model_flags_;
  SessionFlags session_flags_;
  std::string ids_, ids_file_, output_;
  std::vector<size_t> splits_;
  bool specials_ = false;
};

}  // namespace

std::unique_ptr<Command> make_logits_command(CLI::App& app) {
  return std::make_unique<LogitsCommand>(app);
}

}  // namespace phi::cli
