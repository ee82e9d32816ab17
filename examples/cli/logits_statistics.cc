#include "logits_statistics.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace phi::cli {

namespace {

/// log(sum(exp(logits)))
double log_of_sum(std::span<const float> logits) {
  const float largest = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (const float logit : logits) sum += std::exp(logit - largest);
  return largest + std::log(sum);
}

/// exp of a mean, with the error that follows.
Estimate exp_of(const Estimate& mean) {
  const double value = std::exp(mean.value);
  return {value, mean.error * value};
}

size_t top(std::span<const float> logits) {
  return static_cast<size_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
}

}  // namespace

Estimate mean_of(const std::vector<double>& samples) {
  if (samples.empty()) return {};
  const auto count = static_cast<double>(samples.size());
  const double mean = std::accumulate(samples.begin(), samples.end(), 0.0) / count;
  if (samples.size() < 2) return {mean, 0};
  double squares = 0;
  for (const double sample : samples) squares += (sample - mean) * (sample - mean);
  return {mean, std::sqrt(squares / (count * (count - 1)))};
}

void Likelihoods::add(std::span<const float> logits, Token target) {
  losses_.push_back(log_of_sum(logits) - logits[static_cast<size_t>(target)]);
}

Estimate Likelihoods::perplexity() const { return exp_of(mean_of(losses_)); }

void Divergence::add(std::span<const float> logits, std::span<const float> base_logits,
                     Token target) {
  model_.add(logits, target);
  base_.add(base_logits, target);
  const auto at = static_cast<size_t>(target);
  const double log_sum = model_.losses().back() + logits[at];
  const double base_log_sum = base_.losses().back() + base_logits[at];
  const double shift = log_sum - base_log_sum;
  double kl = 0;
  for (size_t i = 0; i < logits.size(); ++i) {
    const float probability = std::exp(static_cast<float>(base_logits[i] - base_log_sum));
    kl += probability * (double{base_logits[i]} - logits[i] + shift);
  }
  kl_.push_back(std::max(kl, 0.0));  // equal logits: rounding alone
  same_top_.push_back(top(logits) == top(base_logits) ? 1 : 0);
  const double change = std::exp(-model_.losses().back()) - std::exp(-base_.losses().back());
  squared_changes_ += change * change;
}

Estimate Divergence::kl() const { return mean_of(kl_); }

double Divergence::kl_quantile(double share) const {
  if (kl_.empty()) return 0;
  std::vector<double> sorted = kl_;
  std::sort(sorted.begin(), sorted.end());
  const double position = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(position);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  const double weight = position - static_cast<double>(below);
  return sorted[below] + weight * (sorted[above] - sorted[below]);
}

Estimate Divergence::same_top() const { return mean_of(same_top_); }

double Divergence::rms_change() const {
  return kl_.empty() ? 0 : std::sqrt(squared_changes_ / static_cast<double>(kl_.size()));
}

Estimate Divergence::perplexity_ratio() const {
  std::vector<double> differences = model_.losses();
  for (size_t i = 0; i < differences.size(); ++i) differences[i] -= base_.losses()[i];
  return exp_of(mean_of(differences));
}

}  // namespace phi::cli
