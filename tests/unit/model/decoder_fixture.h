/// A model, its decoder and one session's worth of cache and workspace, without the session.
#ifndef PHI_UNIT_MODEL_DECODER_FIXTURE_H_
#define PHI_UNIT_MODEL_DECODER_FIXTURE_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "model/decoder.h"
#include "weights/weight_store.h"

namespace phi::test {

/// A Hugging Face folder or a GGUF file.
weights::WeightStore load_model(const std::string& path, Weights weights);

class DecoderFixture {
 public:
  struct Options {
    Kv kv = Kv::f32;
    int threads = 2;
    Isa isa = Isa::best;
    Backend backend = kDefaultBackend;
  };
  DecoderFixture(const weights::WeightStore& store, int64_t context, const Options& options);

  /// Logits of every token, [tokens, vocab]; calls of `call_rows` tokens from position 0. With
  /// longrope, calls that end beyond the original length evaluate everything before them again, as
  /// the reference does.
  std::vector<float> prefill(std::span<const Token> tokens, int64_t call_rows);
  /// Logits of the last token alone.
  std::vector<float> prefill_last(std::span<const Token> tokens);
  /// The same in slices of so many tasks.
  std::vector<float> prefill_last_in_slices(std::span<const Token> tokens, int64_t tasks);
  /// The `count` likeliest tokens after a prompt, each by next().
  std::vector<Token> greedy(std::span<const Token> prompt, int64_t count);

  /// One append of `tokens` at position 0 without logits.
  void append(std::span<const Token> tokens, const std::function<bool(double)>* keep_going);
  std::atomic<bool>& stop() { return stop_; }

 private:
  RunContext run(SlicedRun* slices = nullptr) const { return {threads_, stop_, slices}; }
  model::RopeRange range_at(int64_t length) const;

  const weights::ModelConfig& config_;
  ThreadScope threads_;
  std::atomic<bool> stop_{false};
  model::Decoder decoder_;
  model::Workspace workspace_;
  std::vector<std::byte> memory_;
  std::vector<ops::KvView> cache_;
};

}  // namespace phi::test

#endif  // PHI_UNIT_MODEL_DECODER_FIXTURE_H_
