/// Truncations and draws that need sums over many candidates, but few of them in order.
#ifndef PHI_SESSION_SCORE_BUCKETS_H_
#define PHI_SESSION_SCORE_BUCKETS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "kernels/weighing_kernels.h"
#include "phi/types.h"
#include "session/ranking.h"

namespace phi::session {

/// A vocabulary in buckets of falling score, each with the sums of its weights; only a bucket in
/// which something ends gets sorted.
///
/// Sums by bucket differ in their last bits from those that docs/sampling.md specifies. Where that
/// could change an answer, or where a bucket holds too many tokens, there is no answer (false,
/// nullopt), and the caller has to go through the candidates one by one. All others are the
/// specified ones. Allocates when it is made and never again. One thread at a time.
class ScoreBuckets {
 public:
  static constexpr size_t kBytesPerToken = sizeof(uint16_t);
  static uint64_t fixed_bytes() noexcept;

  ScoreBuckets(size_t vocab_size, const kernels::WeighingKernels& weighing);

  /// Starts over with all of scores [vocab_size] as candidates, none of them NaN, which must stay
  /// as they are. `highest` is finite.
  void assign(std::span<const float> scores, float highest, double temperature) noexcept;

  /// top_k, top_p and min_p of docs/sampling.md.
  void keep_best(size_t count) noexcept;
  [[nodiscard]] bool keep_share(double share) noexcept;
  [[nodiscard]] bool keep_at_least(double weight) noexcept;

  /// The candidate where the sum of weights at the temperature passes the share `uniform`.
  std::optional<Token> draw(double uniform) noexcept;

 private:
  static constexpr size_t kBuckets = 2048, kMostSorted = 8192;

  enum class Kind : uint8_t { plain, tempered };  // temperature 1, or the one of the draw
  struct Bucket {
    size_t count;
    std::array<double, 2> sums;  // by Kind
  };

  /// All of the buckets before `bucket` and the best `within` of that one.
  struct Cut {
    size_t bucket, within;
  };

  /// A candidate and the sums of the weights before it and with it.
  struct Crossing {
    Cut at;
    double before, with;
  };

  size_t bucket_of(float score) const noexcept;
  bool sort(size_t bucket, Kind kind) noexcept;
  size_t candidates_of(size_t bucket) const noexcept;
  std::optional<double> total(Kind kind) noexcept;
  template <class Passes>
  std::optional<Crossing> cross(Kind kind, Passes passes) noexcept;
  double doubt(double sum) const noexcept;

  const kernels::WeighingKernels& weighing_;
  std::span<const float> scores_;
  float highest_ = 0, range_ = 0, buckets_per_unit_ = 0;
  double temperature_ = 1;
  std::vector<uint16_t> places_;  // [vocab_size]: the bucket of each token
  std::vector<Bucket> buckets_;   // [kBuckets]
  Cut cut_{};

  // The bucket that was sorted last.
  std::vector<Ranking::Entry> sorted_;  // [kMostSorted]
  std::vector<float> sorted_scores_;
  std::vector<double> weights_;
  size_t sorted_count_ = 0;
};

}  // namespace phi::session

#endif  // PHI_SESSION_SCORE_BUCKETS_H_
