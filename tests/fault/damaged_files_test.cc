// Small good files with bytes changed or cut off, systematically: each is refused with an Error or
// works. A crash is the failure.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <random>

#include "phi/error.h"
#include "phi/model.h"
#include "phi/session.h"
#include "support/child_process.h"
#include "support/test_files.h"
#include "support/test_paths.h"

namespace {

using namespace phi::test;
using phi::Model;

const std::string kFolder = test_data("golden/data/bad/good_hf");
const std::string kGguf = test_data("golden/data/bad/good.gguf");

/// About how many variants of one file are opened.
constexpr size_t kVariants = kSanitized ? 200 : 1000;

phi::ModelOptions one_thread() {
  phi::ModelOptions options;
  options.threads = 1;
  return options;
}

struct Tally {
  size_t refused = 0, loaded = 0;
};

/// Opens, runs one token, and counts. Anything but a phi::Error escapes to the test.
template <class Open>
void try_model(Tally& tally, Open&& open) {
  try {
    const Model model = open();
    phi::SessionOptions options;
    options.context = 8;
    options.threads = 1;
    phi::Session session(model, options);
    const phi::Token token = 0;
    session.append(std::span(&token, 1));
    const phi::Token next = session.next().token;
    CHECK(next >= 0);
    CHECK(static_cast<uint32_t>(next) < model.info().vocab_size);
    model.tokenizer().encode("some text <|end|>", phi::Specials::parse);
    ++tally.loaded;
  } catch (const phi::Error& error) {
    CHECK(error.code() != phi::Code::internal);
    CHECK(std::string(error.what()) != "");
    ++tally.refused;
  }
}

/// Calls visit(damaged) for variants of `bytes` that differ below `header_bytes`, where structure
/// is, and a few beyond.
template <class Visit>
void for_each_damage(const std::string& bytes, size_t header_bytes, Visit&& visit) {
  constexpr unsigned char kMasks[] = {0x01, 0x80, 0xFF, 0x20, 0x10};
  const size_t stride = std::max<size_t>(1, header_bytes / (kVariants / 2));
  size_t variant = 0;
  for (size_t i = 0; i < header_bytes; i += stride, ++variant) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(static_cast<unsigned char>(damaged[i]) ^
                                   kMasks[variant % std::size(kMasks)]);
    CAPTURE(i);
    visit(damaged);
  }
  const size_t cut_stride = std::max<size_t>(1, bytes.size() / (kVariants / 4));
  for (size_t size = 0; size < bytes.size(); size += cut_stride) {
    CAPTURE(size);
    visit(bytes.substr(0, size));
  }
  std::mt19937 random(20261);  // the same damage on every machine
  for (size_t round = 0; round < kVariants / 4; ++round) {
    std::string damaged = bytes;
    for (uint32_t change = 0; change < 1 + random() % 8; ++change) {
      damaged[random() % header_bytes] = static_cast<char>(random());
    }
    CAPTURE(round);
    visit(damaged);
  }
}

void check_tally(const Tally& tally) {
  CHECK(tally.refused > 50);
  MESSAGE(tally.refused << " refused, " << tally.loaded << " loaded");
}

}  // namespace

TEST_SUITE_BEGIN("damage");

TEST_CASE("a damaged GGUF file") {
  const std::string bytes = read_file(kGguf);
  Tally tally;
  for_each_damage(bytes, 5472, [&](const std::string& damaged) {
    try_model(tally, [&] { return Model::open_memory(as_bytes(damaged), one_thread()); });
  });
  check_tally(tally);
}

TEST_CASE("a damaged packed file") {
  TempDir temporary;
  const std::string packed = temporary / "model.phi";
  Model::convert(kGguf, packed, one_thread());
  const std::string bytes = read_file(packed);
  Tally tally;
  // The file is large and mostly padding between tensors; what is cut off its end is data.
  const size_t header_bytes = std::min<size_t>(bytes.size(), 24 << 10);
  const std::string head = bytes.substr(0, header_bytes);
  for_each_damage(head, header_bytes, [&](const std::string& damaged) {
    std::string whole = damaged;
    if (damaged.size() == head.size()) whole += bytes.substr(header_bytes);
    try_model(tally, [&] { return Model::open_memory(as_bytes(whole), one_thread()); });
  });
  check_tally(tally);
}

TEST_CASE("a damaged folder, file by file") {
  struct File {
    const char* name;
    size_t header_bytes;
  };
  for (const File& file : {File{"config.json", 491}, File{"model.safetensors", 1192},
                           File{"tokenizer.json", 7150}, File{"tokenizer_config.json", 461}}) {
    CAPTURE(file.name);
    TempDir temporary;
    const std::string copy = temporary / "model";
    copy_model_folder(kFolder, copy);
    const std::string bytes = read_file(kFolder + "/" + file.name);
    REQUIRE(file.header_bytes <= bytes.size());
    Tally tally;
    for_each_damage(bytes, file.header_bytes, [&](const std::string& damaged) {
      write_file(copy + "/" + file.name, damaged);
      try_model(tally, [&] { return Model::open(copy, one_thread()); });
    });
    check_tally(tally);
  }
}

TEST_SUITE_END();
