#include "text/bpe.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <optional>
#include <vector>

using phi::Token;
using phi::text::MergeTable;

namespace {

struct Rule {
  Token left, right;
  uint32_t rank;
  Token result;
};

/// The definition, taken literally: look at all pairs, merge the best, start again.
std::vector<Token> merged_by_definition(std::vector<Token> symbols,
                                        const std::vector<Rule>& rules) {
  while (true) {
    std::optional<size_t> place;
    const Rule* best = nullptr;
    for (size_t i = 0; i + 1 < symbols.size(); ++i) {
      for (const Rule& rule : rules) {
        const bool fits = rule.left == symbols[i] && rule.right == symbols[i + 1];
        if (fits && (!best || rule.rank < best->rank)) {
          best = &rule;
          place = i;
        }
      }
    }
    if (!best) return symbols;
    symbols[*place] = best->result;
    symbols.erase(symbols.begin() + static_cast<ptrdiff_t>(*place) + 1);
  }
}

class Random {
 public:
  uint32_t below(uint32_t limit) {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return static_cast<uint32_t>(state_ >> 33) % limit;
  }

 private:
  uint64_t state_ = 42;
};

}  // namespace

TEST_CASE("merging follows the definition, for short and long pieces and equal ranks") {
  Random random;
  for (int round = 0; round < 60; ++round) {
    std::vector<Rule> rules;
    MergeTable table(40);
    Token next = 3;
    for (int i = 0; i < 40; ++i) {
      const Rule rule{static_cast<Token>(random.below(static_cast<uint32_t>(next))),
                      static_cast<Token>(random.below(static_cast<uint32_t>(next))),
                      random.below(round % 2 ? 5 : 1000), next};
      if (table.find(rule.left, rule.right).rank != MergeTable::kNever) continue;
      rules.push_back(rule);
      table.insert(rule.left, rule.right, {rule.rank, rule.result});
      ++next;
    }
    for (const size_t length : {0, 1, 2, 5, 8, 9, 63, 64, 65, 127, 128, 129, 600}) {
      std::vector<Token> symbols(length);
      for (Token& symbol : symbols) symbol = static_cast<Token>(random.below(3));
      std::vector<Token> out{99};  // what stands before is left alone
      out.insert(out.end(), symbols.begin(), symbols.end());
      table.apply(out, 1);
      std::vector<Token> expected = merged_by_definition(symbols, rules);
      expected.insert(expected.begin(), 99);
      CHECK(out == expected);
    }
  }
}
