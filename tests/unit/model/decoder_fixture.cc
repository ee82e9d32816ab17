#include "unit/model/decoder_fixture.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "io/json.h"
#include "io/mapped_file.h"

namespace phi::test {

weights::WeightStore load_model(const std::string& path, Weights weights) {
  const ThreadScope threads(2);
  const weights::LoadOptions options{
      .weights = weights, .memory_limit_bytes = 0, .keep_going = {}, .log = {}};
  if (!std::filesystem::is_directory(path)) {
    io::Gguf gguf = io::Gguf::open(path);
    weights::ModelConfig config = weights::config_from_gguf(gguf);
    return weights::WeightStore::from_gguf(std::move(gguf), std::move(config), options, threads);
  }
  const std::string file = path + "/config.json";
  const io::Json json = io::Json::parse(io::read_text_file(file, 1 << 20), file);
  return weights::WeightStore::from_safetensors(io::open_safetensors_folder(path),
                                                weights::config_from_json(json, nullptr, file),
                                                options, threads);
}

DecoderFixture::DecoderFixture(const weights::WeightStore& store, int64_t context,
                               const Options& options)
    : config_(store.config()),
      threads_(options.threads, options.backend),
      decoder_(store, options.isa),
      workspace_(config_, context, options.threads) {
  const int64_t capacity = ops::kv_capacity(context);
  const int64_t bytes = config_.kv_heads * capacity / kernels::kKeyBlock *
                        ops::kv_block_bytes(options.kv, config_.head_dim);
  memory_.resize(static_cast<size_t>(config_.layers * bytes), std::byte{0xff});
  for (int64_t layer = 0; layer < config_.layers; ++layer) {
    cache_.push_back(
        {options.kv, config_.kv_heads, capacity, config_.head_dim, memory_.data() + layer * bytes});
  }
}

model::RopeRange DecoderFixture::range_at(int64_t length) const {
  const uint32_t original = config_.rope.original_context;
  return original > 0 && length > original ? model::RopeRange::beyond_original
                                           : model::RopeRange::within_original;
}

std::vector<float> DecoderFixture::prefill(std::span<const Token> tokens, int64_t call_rows) {
  const auto total = static_cast<int64_t>(tokens.size());
  const auto vocab = static_cast<int64_t>(config_.vocab_size);
  std::vector<float> logits(static_cast<size_t>(total * vocab));
  for (int64_t first = 0; first < total; first += call_rows) {
    const int64_t end = std::min(total, first + call_rows);
    const bool again = range_at(first) != range_at(end);
    const int64_t start = again ? 0 : first;
    decoder_.append(
        {.tokens = tokens.subspan(static_cast<size_t>(start), static_cast<size_t>(end - start)),
         .position = start,
         .range = range_at(end),
         .cache = cache_,
         .all_logits = logits.data() + start * vocab,
         .last_logits = nullptr,
         .keep_going = nullptr},
        workspace_, run());
  }
  return logits;
}

std::vector<float> DecoderFixture::prefill_last(std::span<const Token> tokens) {
  std::vector<float> logits(config_.vocab_size);
  decoder_.append({tokens, 0, range_at(static_cast<int64_t>(tokens.size())), cache_, nullptr,
                   logits.data(), nullptr},
                  workspace_, run());
  return logits;
}

std::vector<float> DecoderFixture::prefill_last_in_slices(std::span<const Token> tokens,
                                                          int64_t tasks) {
  std::vector<float> logits(config_.vocab_size);
  SlicedRun slices(threads_.threads());
  do {
    slices.begin_slice({.tasks = tasks});
    decoder_.append({tokens, 0, range_at(static_cast<int64_t>(tokens.size())), cache_, nullptr,
                     logits.data(), nullptr},
                    workspace_, run(&slices));
  } while (slices.is_suspended());
  return logits;
}

std::vector<Token> DecoderFixture::greedy(std::span<const Token> prompt, int64_t count) {
  std::vector<Token> tokens(prompt.begin(), prompt.end());
  std::vector<float> logits = prefill_last(tokens);
  for (int64_t i = 0; i < count; ++i) {
    const auto length = static_cast<int64_t>(tokens.size());
    if (i > 0 && range_at(length) != range_at(length - 1)) {
      logits = prefill_last(tokens);
    } else if (i > 0) {
      decoder_.next({tokens.back(), length - 1, range_at(length), cache_, logits.data()},
                    workspace_, run());
    }
    tokens.push_back(
        static_cast<Token>(std::max_element(logits.begin(), logits.end()) - logits.begin()));
  }
  return {tokens.begin() + static_cast<int64_t>(prompt.size()), tokens.end()};
}

void DecoderFixture::append(std::span<const Token> tokens,
                            const std::function<bool(double)>* keep_going) {
  decoder_.append({tokens, 0, range_at(static_cast<int64_t>(tokens.size())), cache_, nullptr,
                   nullptr, keep_going},
                  workspace_, run());
}

}  // namespace phi::test
