#include "golden/golden_run.h"

#include <algorithm>
#include <stdexcept>

namespace phi::test {

SessionOptions session_options(int64_t tokens, Kv kv, int32_t threads) {
  SessionOptions options;
  options.context = static_cast<uint32_t>(tokens + kGreedySteps);
  options.kv = kv;
  options.threads = threads;
  options.sampling.ignore_end = true;
  return options;
}

std::vector<float> append_in_calls(const Model& model, const SessionOptions& options,
                                   std::span<const Token> ids,
                                   std::span<const int64_t> call_sizes) {
  Session session(model, options);
  const size_t vocab = model.info().vocab_size;
  std::vector<float> logits(ids.size() * vocab);
  size_t done = 0;
  for (size_t call = 0; done < ids.size(); ++call) {
    const size_t wanted = static_cast<size_t>(call_sizes[call % call_sizes.size()]);
    const size_t count = std::min(wanted, ids.size() - done);
    session.append_logits(ids.subspan(done, count),
                          std::span(logits).subspan(done * vocab, count * vocab));
    done += count;
  }
  return logits;
}

std::vector<float> append_whole(const Model& model, const SessionOptions& options,
                                std::span<const Token> ids) {
  const int64_t all = static_cast<int64_t>(ids.size());
  return append_in_calls(model, options, ids, std::span(&all, 1));
}

std::vector<int64_t> call_ends(int64_t tokens, std::span<const int64_t> call_sizes) {
  std::vector<int64_t> ends;
  for (size_t call = 0; static_cast<int64_t>(ends.size()) < tokens; ++call) {
    const int64_t begin = static_cast<int64_t>(ends.size());
    const int64_t end = std::min(begin + call_sizes[call % call_sizes.size()], tokens);
    ends.insert(ends.end(), static_cast<size_t>(end - begin), end);
  }
  return ends;
}

Comparison compare_rows(const GoldenCase& golden, int64_t length, std::span<const float> computed,
                        std::span<const int64_t> ends) {
  Comparison comparison;
  for (size_t row = 0; row < ends.size(); ++row) {
    const std::span<const float> expected =
        golden.logits(length, static_cast<int64_t>(row), ends[row]);
    const std::span<const float> ours = computed.subspan(row * golden.vocab_size, expected.size());
    comparison.expected.insert(comparison.expected.end(), expected.begin(), expected.end());
    comparison.computed.insert(comparison.computed.end(), ours.begin(), ours.end());
  }
  return comparison;
}

std::vector<float> next_forced(const Model& model, const SessionOptions& options,
                               std::span<const Token> ids, int64_t prompt) {
  Session session(model, options);
  session.append(ids.first(static_cast<size_t>(prompt)));
  std::vector<float> logits;
  for (const Token token : ids.subspan(static_cast<size_t>(prompt))) {
    Sampling sampling = options.sampling;
    sampling.bias = {{token, 1e6F}};
    session.set_sampling(sampling);
    if (session.next().token != token)
      throw std::runtime_error("the bias did not choose the token");
    const std::span<const float> row = session.logits();
    logits.insert(logits.end(), row.begin(), row.end());
  }
  return logits;
}

std::vector<Token> greedy(const Model& model, const SessionOptions& options,
                          std::span<const Token> prompt) {
  Session session(model, options);
  session.append(prompt);
  std::vector<Token> tokens;
  for (int64_t step = 0; step < kGreedySteps; ++step) tokens.push_back(session.next().token);
  return tokens;
}

Token argmax(std::span<const float> logits) {
  return static_cast<Token>(std::max_element(logits.begin(), logits.end()) - logits.begin());
}

}  // namespace phi::test
