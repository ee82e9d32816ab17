#include "phi/model.h"

#include <utility>

#include "api/loaded_model.h"
#include "api/model_source.h"
#include "api/public_call.h"
#include "base/checked.h"
#include "base/fail.h"
#include "base/log.h"
#include "io/json.h"
#include "io/packed_file.h"
#include "phi/version.h"
#include "session/progress.h"
#include "session/session_impl.h"

namespace phi {

namespace {

/// What the packed file says about where it comes from; for people, never read back.
std::string about_text() {
  return io::JsonObject().add("written_by", io::Json("libphi " PHI_VERSION)).take().dump();
}

void convert_to_packed(const std::string& from, const std::string& to,
                       const ModelOptions& options) {
  detail::check_model_options(options);
  detail::ModelSource source = detail::ModelSource::open(from);
  io::PackedTexts texts;
  texts["about"] = about_text();
  texts["config"] = weights::config_to_text(source.config());
  if (const auto spec = source.tokenizer_spec()) texts["tokenizer"] = text::spec_to_text(*spec);

  session::Progress progress(options.keep_going);
  const auto keep_going = [&progress](double done) { return progress.report(done); };
  progress.set_stage(0, 0.5);
  const ThreadScope threads(thread_options(options));
  const weights::WeightStore store =
      std::move(source).load({.weights = options.weights,
                              .layout = detail::layout_choice(options),
                              .memory_limit_bytes = options.memory_limit_bytes,
                              .keep_going = keep_going,
                              .log = Log(options.log)},
                             threads);
  progress.set_stage(0.5, 1);
  io::write_packed(to, store.packed_tensors(), texts, keep_going);
}

Memory estimate_memory(const std::string& path, const ModelOptions& options,
                       const SessionOptions& session) {
  detail::check_model_options(options);
  const detail::ModelSource source = detail::ModelSource::open(path);
  const weights::LoadPlan plan =
      weights::WeightStore::plan(source.tensors(), source.config(),
                                 {.weights = options.weights,
                                  .layout = detail::layout_choice(options),
                                  .memory_limit_bytes = 0,
                                  .keep_going = {},
                                  .log = {}});
  const session::SessionBytes bytes = session::session_bytes(source.config(), session);
  const uint64_t held =
      checked_add(plan.weight_bytes, checked_add(bytes.cache, bytes.scratch, "session"), "total");
  return {plan.weight_bytes, bytes.cache, bytes.scratch, plan.peak_bytes, held};
}

ModelInfo model_info(const weights::WeightStore& store) {
  const weights::ModelConfig& config = store.config();
  return {.layers = config.layers,
          .hidden = config.hidden,
          .heads = config.heads,
          .kv_heads = config.kv_heads,
          .head_dim = config.head_dim,
          .vocab_size = config.vocab_size,
          .context = config.context,
          .parameters = store.parameters(),
          .weight_bytes = store.weight_bytes(),
          .weights = store.weights(),
          .architecture = weights::architecture_name(config.architecture),
          .name = config.name};
}

}  // namespace

Model::Model(std::shared_ptr<const detail::LoadedModel> impl) noexcept : impl_(std::move(impl)) {}

Model Model::open(const std::string& path, const ModelOptions& options) {
  return detail::public_call([&] {
    detail::check_model_options(options);
    return Model(
        std::make_shared<const detail::LoadedModel>(detail::ModelSource::open(path), options));
  });
}

Model Model::open_memory(std::span<const std::byte> bytes, const ModelOptions& options) {
  return detail::public_call([&] {
    detail::check_model_options(options);
    return Model(std::make_shared<const detail::LoadedModel>(
        detail::ModelSource::open_memory(bytes), options));
  });
}

void Model::convert(const std::string& from, const std::string& to, const ModelOptions& options) {
  detail::public_call([&] { convert_to_packed(from, to, options); });
}

Memory Model::estimate(const std::string& path, const ModelOptions& options,
                       const SessionOptions& session) {
  return detail::public_call([&] { return estimate_memory(path, options, session); });
}

ModelInfo Model::info() const {
  return detail::public_call([&] { return model_info(impl_->store()); });
}

const Tokenizer& Model::tokenizer() const noexcept { return impl_->tokenizer(); }

}  // namespace phi
