// phi perplexity: how well a model foretells a text, and how far it is from another one.

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "command.h"
#include "format.h"
#include "logits_statistics.h"
#include "model_opening.h"
#include "phi/error.h"
#include "safetensors_writer.h"
#include "terminal.h"
#include "text_windows.h"

namespace phi::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Measured {
  Likelihoods likelihoods;
  std::optional<Divergence> divergence;
};

std::string with_error(const Estimate& estimate, int digits) {
  return format_fixed(estimate.value, digits) + " ± " + format_fixed(estimate.error, digits);
}

std::string percent(const Estimate& share) {
  return with_error({100 * share.value, 100 * share.error}, 2) + " %";
}

std::string report(const TextWindows& windows, const Measured& measured) {
  std::string out = "perplexity " + with_error(measured.likelihoods.perplexity(), 4) + ", " +
                    std::to_string(windows.count()) + " windows of " +
                    std::to_string(windows.context()) + " tokens, " +
                    std::to_string(measured.likelihoods.count()) + " tokens scored\n";
  if (!measured.divergence) return out;
  const Divergence& divergence = *measured.divergence;
  const auto quantile = [&](double share) {
    return format_fixed(divergence.kl_quantile(share), 6);
  };
  return out + "base perplexity      " + with_error(divergence.base_perplexity(), 4) +
         "\nratio                " + with_error(divergence.perplexity_ratio(), 6) +
         "\nKL divergence        " + with_error(divergence.kl(), 6) + "; median " + quantile(0.5) +
         ", 99 % " + quantile(0.99) + ", maximum " + quantile(1) + "\nsame top token       " +
         percent(divergence.same_top()) + "\nprobability change   " +
         format_fixed(100 * divergence.rms_change(), 3) + " % (root mean square)\n";
}

Json json(const Estimate& estimate) {
  return {{"value", estimate.value}, {"error", estimate.error}};
}

Json json(const TextWindows& windows, const Measured& measured) {
  Json document = {{"windows", windows.count()},
                   {"context", windows.context()},
                   {"scored_tokens", measured.likelihoods.count()},
                   {"perplexity", json(measured.likelihoods.perplexity())},
                   {"mean_loss", json(mean_of(measured.likelihoods.losses()))}};
  if (!measured.divergence) return document;
  const Divergence& divergence = *measured.divergence;
  document["base"] = {{"perplexity", json(divergence.base_perplexity())},
                      {"perplexity_ratio", json(divergence.perplexity_ratio())},
                      {"kl", json(divergence.kl())},
                      {"kl_median", divergence.kl_quantile(0.5)},
                      {"kl_99", divergence.kl_quantile(0.99)},
                      {"kl_max", divergence.kl_quantile(1)},
                      {"same_top", json(divergence.same_top())},
                      {"rms_probability_change", divergence.rms_change()}};
  return document;
}

class PerplexityCommand final : public Command {
 public:
  explicit PerplexityCommand(CLI::App& app) : operands_(app), model_flags_(app) {
    app.add_option("-f,--text", text_file_, "The text; '-' reads standard input")
        ->type_name("FILE")
        ->required();
    app.add_option("-c,--context", context_, "Tokens of a window (default: 512)")
        ->check(CLI::Range(4, 1 << 30).description(""))
        ->type_name("N");
    app.add_option("--chunks", chunks_, "Windows to evaluate at most (default: all)")
        ->type_name("N");
    auto* base = app.add_option("--base", base_,
                                "Compare with this model, evaluated beside MODEL and held as its "
                                "file stores it")
                     ->type_name("MODEL");
    app.add_option("--kl", saved_, "Compare with logits that --save-logits wrote")
        ->type_name("FILE")
        ->excludes(base);
    app.add_option("--save-logits", output_, "Write the logits of all scored positions (large)")
        ->type_name("FILE");
    app.add_flag("--json", json_, "Print the results as JSON");
    add_kv_flag(app, kv_);
    app.footer(
        "Windows, halves and uncertainty are those of llama.cpp's llama-perplexity.\n"
        "Example: phi perplexity phi-4.phi --text wiki.txt --base phi-4-f16.gguf --chunks 20");
  }

  int run() override {
    const std::string path = operands_.model();
    const std::string text = text_file_ == "-" ? read_standard_input() : read_file(text_file_);
    Progress progress(model_flags_.verbosity());
    const Model model = open_model(path, model_flags_, progress);
    const TextWindows windows(model.tokenizer(), text, context_, chunks_);
    const std::optional<Model> base = open_base(model, text, progress);
    const Measured measured = measure(model, base ? &*base : nullptr, windows, progress);
    write_output(json_ ? json(windows, measured).dump(2) + "\n" : report(windows, measured));
    return kSuccess;
  }

 private:
  std::optional<Model> open_base(const Model& model, const std::string& text,
                                 Progress& progress) const {
    if (base_.empty()) return std::nullopt;
    ModelFlags flags = model_flags_;
    flags.weights = Weights::as_stored;
    Model base = open_model(base_, flags, progress);
    if (base.info().vocab_size != model.info().vocab_size ||
        base.tokenizer().encode(text) != model.tokenizer().encode(text)) {
      throw Error(Code::invalid_argument,
                  "'" + base_ + "' has other tokens than the model; their logits do not compare");
    }
    return base;
  }

  Measured measure(const Model& model, const Model* base, const TextWindows& windows,
                   Progress& progress) const {
    const size_t vocabulary = model.info().vocab_size;
    Session session = make_session(model);
    const CancelOnInterrupt cancel(session);
    ModelLogits source(session, windows, vocabulary);
    std::optional<Session> base_session;
    std::unique_ptr<LogitsSource> base_source;
    if (base != nullptr) {
      base_session.emplace(make_session(*base));
      base_source = std::make_unique<ModelLogits>(*base_session, windows, vocabulary);
    } else if (!saved_.empty()) {
      base_source = std::make_unique<SavedLogits>(saved_, windows, vocabulary);
    }
    const auto file = open_output(windows, vocabulary);

    Measured measured;
    if (base_source) measured.divergence.emplace();
    const Streams streams{source, base_source.get(), file.get(), vocabulary};
    progress.begin("evaluating");
    for (size_t index = 0; index < windows.count(); ++index) {
      const auto report_rows = [&](size_t rows) {
        const double rows_done = static_cast<double>(index * windows.rows() + rows);
        progress.report(rows_done / static_cast<double>(windows.count() * windows.rows()));
      };
      measure_window(streams, windows, index, report_rows, measured);
    }
    progress.finish();
    if (file) file->finish();
    return measured;
  }

  /// Where logits come from and go to. base and file may be null.
  struct Streams {
    LogitsSource& source;
    LogitsSource* base;
    SafetensorsWriter* file;
    size_t vocabulary;
  };

  template <class ReportRows>
  static void measure_window(const Streams& streams, const TextWindows& windows, size_t index,
                             const ReportRows& report_rows, Measured& measured) {
    const std::span<const Token> window = windows.window(index);
    const size_t piece_rows = std::max<size_t>(1, kPieceLogits / streams.vocabulary);
    std::vector<float> logits, base_logits;
    streams.source.begin(window);
    if (streams.base != nullptr) streams.base->begin(window);
    for (size_t first = 0; first < windows.rows(); first += piece_rows) {
      const size_t rows = std::min(piece_rows, windows.rows() - first);
      logits.resize(rows * streams.vocabulary);
      streams.source.read(logits);
      if (streams.file != nullptr) streams.file->write(std::as_bytes(std::span(logits)));
      if (streams.base != nullptr) {
        base_logits.resize(logits.size());
        streams.base->read(base_logits);
      }
      score(window.subspan(windows.first_row() + first + 1, rows), logits, base_logits, measured);
      report_rows(first + rows);
      if (interrupted()) throw Error(Code::cancelled, "interrupted");
    }
  }

  Session make_session(const Model& model) const {
    SessionOptions options;
    options.context = context_;
    options.kv = kv_;
    model_flags_.set_threads(options);
    options.keep_going = [](double) { return !interrupted(); };
    return Session(model, options);
  }

  /// Null if nothing is to be saved.
  std::unique_ptr<SafetensorsWriter> open_output(const TextWindows& windows,
                                                 size_t vocabulary) const {
    if (output_.empty()) return nullptr;
    const uint64_t rows = windows.count() * windows.rows();
    auto file = std::make_unique<SafetensorsWriter>(
        output_, std::vector<TensorSpec>{
                     {"input_ids", "I64", {windows.count(), windows.context()}, sizeof(int64_t)},
                     {"logits", "F32", {rows, vocabulary}, sizeof(float)}});
    const std::vector<int64_t> wide(windows.tokens().begin(), windows.tokens().end());
    file->write(std::as_bytes(std::span(wide)));
    return file;
  }

  static void score(std::span<const Token> targets, std::span<const float> logits,
                    std::span<const float> base_logits, Measured& measured) {
    const size_t vocabulary = logits.size() / targets.size();
    for (size_t row = 0; row < targets.size(); ++row) {
      const auto own = logits.subspan(row * vocabulary, vocabulary);
      measured.likelihoods.add(own, targets[row]);
      if (!measured.divergence) continue;
      measured.divergence->add(own, base_logits.subspan(row * vocabulary, vocabulary),
                               targets[row]);
    }
  }

  /// Logits held at once: 32 MiB.
  static constexpr size_t kPieceLogits = size_t{1} << 23;

  Operands operands_;
  ModelFlags model_flags_;
  std::string text_file_, base_, saved_, output_;
  uint32_t context_ = 512;
  size_t chunks_ = 0;
  Kv kv_ = Kv::bf16;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> make_perplexity_command(CLI::App& app) {
  return std::make_unique<PerplexityCommand>(app);
}

}  // namespace phi::cli
