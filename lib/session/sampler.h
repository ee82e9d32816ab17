/// Logits to the next token. The whole procedure is specified in docs/sampling.md, down to the
/// order of every sum, so that a seed gives the same tokens on every platform.
#ifndef PHI_SESSION_SAMPLER_H_
#define PHI_SESSION_SAMPLER_H_

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "phi/types.h"
#include "session/random.h"
#include "session/ranking.h"
#include "session/score_buckets.h"

namespace phi::session {

/// Order: logit bias, penalties, top-k, top-p, min-p, temperature, draw. One thread at a time;
/// sample() allocates nothing.
class Sampler {
 public:
  /// Error{invalid_argument} for a value that makes no sense, Error{out_of_range} for a token
  /// outside the vocabulary; messages name the field. All `weighing` kernels give the same tokens.
  Sampler(uint32_t vocab_size, const Sampling& sampling,
          const kernels::WeighingKernels& weighing = kernels::kWeighingBase);

  /// Bytes of a sampler's buffers.
  static uint64_t size_bytes(uint32_t vocab_size) noexcept;

  /// New settings, and the generator starts again from their seed. Errors as above, and then
  /// nothing has changed.
  void set(const Sampling& sampling);

  /// logits: f32 [vocab_size]; NaN counts as -infinity. history: the tokens so far, of which
  /// penalties see the last ones. Temperature 0 does not move the generator; otherwise a token
  /// takes one draw.
  Token sample(std::span<const float> logits, std::span<const Token> history) noexcept;

  const Sampling& sampling() const noexcept { return sampling_; }

 private:
  void penalize(std::span<const Token> history) noexcept;
  Token best() const noexcept;
  Token draw() noexcept;
  std::optional<size_t> truncate(size_t most) noexcept;
  std::optional<size_t> top_p(size_t candidates, size_t most) noexcept;
  std::optional<size_t> min_p(size_t candidates, size_t most) noexcept;
  std::optional<Token> draw_by_buckets(double uniform) noexcept;

  /// Two orders of candidates: all by rising id, or the best ones by rank.
  auto by_id() const noexcept;
  auto by_rank() noexcept;
  template <class EntryAt>
  Token draw_from(size_t candidates, EntryAt entry_at, double uniform) noexcept;
  template <class EntryAt, class OnBlock>
  void for_each_block(size_t begin, size_t end, double temperature, EntryAt entry_at,
                      OnBlock on_block) const noexcept;

  const kernels::WeighingKernels& weighing_;
  Sampling sampling_;
  Random random_;
  std::vector<float> scores_;     // [vocab_size]: logits with bias and penalties
  std::vector<uint32_t> counts_;  // [vocab_size]: occurrences in the window; all zero between calls
  std::vector<double> sums_;  // [vocab_size / kBlock, rounded up]: of the weights before a block
  Ranking ranking_;
  ScoreBuckets buckets_;
  float highest_ = 0;  // of scores_
};

}  // namespace phi::session

#endif  // PHI_SESSION_SAMPLER_H_
