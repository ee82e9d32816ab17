#include "session/ranking.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include "session/random.h"

namespace phi::session {

TEST_CASE("a ranking equals a stable full sort at every rank") {
  Random random(3);
  for (const size_t size : {size_t{1}, size_t{2}, size_t{63}, size_t{64}, size_t{65}, size_t{1000},
                            size_t{5000}, size_t{70000}}) {
    std::vector<float> scores(size);
    for (float& score : scores) {  // many ties, both signs, zeros of both signs, infinities
      const auto draw = static_cast<int>(random.next_bits() % 197) - 98;
      score = draw == 98    ? std::numeric_limits<float>::infinity()
              : draw == -98 ? -std::numeric_limits<float>::infinity()
              : draw == 1   ? -0.0f
                            : static_cast<float>(draw) / 3;
    }
    std::vector<Token> order(size);
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](Token a, Token b) {
      return scores[static_cast<size_t>(a)] > scores[static_cast<size_t>(b)];
    });
    Ranking ranking(size);
    ranking.assign(scores);
    for (size_t rank = 0; rank < size; ++rank) {
      REQUIRE(ranking.at(rank).token == order[rank]);
      REQUIRE(ranking.at(rank).score == scores[static_cast<size_t>(order[rank])]);
    }
    ranking.assign(scores);  // a jump to the end sorts all that lies between
    CHECK(ranking.at(size - 1).token == order[size - 1]);
    CHECK(ranking.at(0).token == order[0]);
  }
}

}  // namespace phi::session
