#include "io/content_hash.h"

#include <doctest/doctest.h>

#include "io_test_support.h"

namespace {

using phi::io::content_hash;
using phi::io::hexadecimal;
using phi::test::as_bytes;

TEST_CASE("the hash of nothing is the one that XXH3-128 publishes") {
  CHECK(hexadecimal(content_hash({})) == "99aa06d3014798d86001c324468d497f");
}

TEST_CASE("hashing in pieces is hashing at once") {
  std::string text;
  for (int i = 0; i < 5000; ++i) text += static_cast<char>(i * 7);
  phi::io::ContentHasher hasher;
  for (size_t i = 0; i < text.size(); i += 997) hasher.update(as_bytes(text.substr(i, 997)));
  CHECK(hasher.digest() == content_hash(as_bytes(text)));
  text[4321] ^= 1;
  CHECK(hasher.digest() != content_hash(as_bytes(text)));
}

}  // namespace
