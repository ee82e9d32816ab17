/// How well logits foretell a text, and how far they lie from other logits.
#ifndef PHI_CLI_LOGITS_STATISTICS_H_
#define PHI_CLI_LOGITS_STATISTICS_H_

#include <cstddef>
#include <span>
#include <vector>

#include "phi/types.h"

namespace phi::cli {

/// A mean and its standard error.
struct Estimate {
  double value = 0, error = 0;
};

Estimate mean_of(const std::vector<double>& samples);

/// The perplexity of a text: exp of the mean negative log likelihood (natural logarithm).
class Likelihoods {
 public:
  /// logits [vocabulary] came before `target`.
  void add(std::span<const float> logits, Token target);

  size_t count() const { return losses_.size(); }
  Estimate perplexity() const;
  const std::vector<double>& losses() const { return losses_; }

 private:
  std::vector<double> losses_;
};

/// What separates a model from a base model, position by position.
class Divergence {
 public:
  /// Both [vocabulary], of the same position.
  void add(std::span<const float> logits, std::span<const float> base_logits, Token target);

  Estimate kl() const;  ///< mean of sum(p log(p / q)), p: the base's probabilities
  double kl_quantile(double share) const;  ///< share in [0, 1]; 1 = the largest
  Estimate same_top() const;               ///< share of positions with the same likeliest token
  double rms_change() const;               ///< of the target's probability
  Estimate perplexity_ratio() const;       ///< the model's over the base's, position by position
  Estimate base_perplexity() const { return base_.perplexity(); }

 private:
  Likelihoods model_, base_;
  std::vector<double> kl_, same_top_;
  double squared_changes_ = 0;
};

}  // namespace phi::cli

#endif  // PHI_CLI_LOGITS_STATISTICS_H_
