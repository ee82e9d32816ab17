#include "api/loaded_model.h"

#include <memory>
#include <optional>
#include <utility>

#include "api/tokenizer_impl.h"
#include "base/cpu.h"
#include "base/fail.h"
#include "base/log.h"
#include "kernels/dispatch.h"
#include "session/progress.h"

namespace phi::detail {

namespace {

Tokenizer make_tokenizer(const ModelSource& source, const Log& log) {
  std::optional<text::TokenizerSpec> spec = source.tokenizer_spec();
  if (!spec) {
    log.warning("'", printable(source.name()), "': no tokenizer; only token ids can be used");
    return Tokenizer(std::make_shared<const TokenizerImpl>(source.name()));
  }
  const weights::ModelConfig& config = source.config();
  auto impl =
      std::make_shared<const TokenizerImpl>(std::move(*spec), config.vocab_size, config.end_tokens);
  const uint32_t tokens = impl->info().vocab_size;
  if (tokens > config.vocab_size) {
    log.warning("tokenizer: ", tokens, " ids, but the model has only ", config.vocab_size,
                "; the others cannot be evaluated");
  }
  return Tokenizer(std::move(impl));
}

std::vector<Token> collect_end_tokens(const Tokenizer& tokenizer,
                                      const weights::ModelConfig& config) {
  std::vector<Token> tokens = tokenizer.impl()->end_tokens();
  return tokens.empty() ? config.end_tokens : tokens;
}

weights::WeightStore load_weights(ModelSource&& source, const ModelOptions& options) {
  session::Progress progress(options.keep_going);
  const ThreadScope threads(thread_options(options));
  return std::move(source).load(
      {.weights = options.weights,
       .layout = layout_choice(options),
       .memory_limit_bytes = options.memory_limit_bytes,
       .keep_going = [&progress](double done) { return progress.report(done); },
       .log = Log(options.log)},
      threads);
}

}  // namespace

weights::LayoutChoice layout_choice(const ModelOptions& options) noexcept {
  if (kernels::select_kernels(options.isa).strips == nullptr) return weights::LayoutChoice::rows;
  return options.repack == Repack::never ? weights::LayoutChoice::as_stored
                                         : weights::LayoutChoice::strips;
}

void check_model_options(const ModelOptions& options) {
  const auto weights = static_cast<int32_t>(options.weights);
  if (weights < 0 || weights > static_cast<int32_t>(Weights::int4)) {
    fail(Code::invalid_argument, "weights: ", weights, " is not a known weight format");
  }
  const auto isa = static_cast<int32_t>(options.isa);
  if (isa < 0 || isa > static_cast<int32_t>(Isa::avx512_vnni)) {
    fail(Code::invalid_argument, "isa: ", isa, " is not a known instruction set level");
  }
  if (options.repack != Repack::when_faster && options.repack != Repack::never) {
    fail(Code::invalid_argument, "repack: ", static_cast<int32_t>(options.repack),
         " is not a known choice");
  }
}

LoadedModel::LoadedModel(ModelSource source, const ModelOptions& options)
    : tokenizer_(make_tokenizer(source, Log(options.log))),
      end_tokens_(collect_end_tokens(tokenizer_, source.config())),
      store_(load_weights(std::move(source), options)),
      decoder_(store_, options.isa),
      budget_(options.memory_limit_bytes),
      // The decoder's own few kilobytes per layer do not count: the estimate is made without it,
      // and a limit that equals the estimate has to work.
      held_(budget_.reserve(store_.weight_bytes(), "weights")) {
  Log(options.log)
      .info("model '", printable(store_.config().name),
            "': ", weights::architecture_name(store_.config().architecture), ", ",
            store_.parameters(), " parameters in ", store_.weight_bytes(), " bytes, kernels for ",
            isa_name(decoder_.isa()));
}

}  // namespace phi::detail
