#include "io/packed_file.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/fail.h"
#include "io/packed_layout.h"
#include "io_test_support.h"

namespace {

using phi::Code;
using phi::DType;
using phi::io::PackedFile;
using phi::io::PackedTexts;
using phi::io::TensorEntry;
using phi::io::write_packed;
using phi::test::as_bytes;
using phi::test::as_text;
using phi::test::check_fails;
using phi::test::error_of;
using phi::test::read_file;
using phi::test::TempDir;
using phi::test::write_in;

constexpr size_t kMiB = size_t{1} << 20;

/// A model of a large and three small tensors; the entries borrow the strings.
struct Model {
  std::string norm = std::string(20, 'n');
  std::string matrix = std::string(3 * kMiB, 'm');
  std::string blocks = std::string(36, 'q');
  PackedTexts texts = {
      {"config", "{\"heads\": 4}"}, {"about", std::string("bytes \xFF\0", 8)}, {"empty", ""}};

  std::vector<TensorEntry> tensors() const {
    return {{"norm", DType::f32, {5}, as_bytes(norm)},
            {"matrix", DType::bf16, {3, kMiB / 2}, as_bytes(matrix)},
            {"blocks", DType::q4_0, {2, 32}, as_bytes(blocks)},
            {"none", DType::f16, {0, 4}, {}}};
  }
};

size_t files_in(const TempDir& folder) {
  return static_cast<size_t>(std::distance(std::filesystem::directory_iterator(folder.path()), {}));
}

/// A small file, for changing bytes of.
std::string small_packed(const TempDir& folder) {
  const std::string path = folder / "small.phi";
  const std::string data(8, 'x');
  write_packed(path, std::vector<TensorEntry>{{"t", DType::f32, {2}, as_bytes(data)}},
               {{"config", "{}"}}, {});
  return read_file(path);
}

PackedFile parse(const std::string& bytes) { return PackedFile::parse(as_bytes(bytes), "x.phi"); }

TEST_CASE("what is written reads back the same") {
  const TempDir folder;
  const Model model;
  const std::string path = folder / "model.phi";
  write_packed(path, model.tensors(), model.texts, {});
  const PackedFile file = PackedFile::open(path);
  CHECK(file.source() == "model.phi");
  CHECK(file.texts() == model.texts);
  CHECK(file.text_at("config") == "{\"heads\": 4}");
  check_fails([&] { file.text_at("tokenizer"); }, Code::bad_format,
              "model.phi: text 'tokenizer' is missing");
  const std::vector<TensorEntry> expected = model.tensors();
  REQUIRE(file.tensors().size() == expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    CHECK(file.tensors()[i].name == expected[i].name);
    CHECK(file.tensors()[i].dtype == expected[i].dtype);
    CHECK(file.tensors()[i].shape == expected[i].shape);
    CHECK(as_text(file.tensors()[i].data) == as_text(expected[i].data));
  }
  file.verify_tensors();
  CHECK(files_in(folder) == 1);
}

TEST_CASE("tensors begin at pages") {
  const TempDir folder;
  const Model model;
  const std::string path = folder / "model.phi";
  write_packed(path, model.tensors(), model.texts, {});
  const PackedFile file = PackedFile::open(path);
  for (const TensorEntry& tensor : file.tensors()) {
    CHECK(reinterpret_cast<uintptr_t>(tensor.data.data()) % 4096 == 0);
  }
}

TEST_CASE("a file without tensors holds its texts") {
  const TempDir folder;
  write_packed(folder / "t.phi", {}, {{"config", "c"}}, {});
  const PackedFile file = PackedFile::open(folder / "t.phi");
  CHECK(file.tensors().empty());
  CHECK(file.text_at("config") == "c");
}

TEST_CASE("every truncation is an error") {
  const TempDir folder;
  const std::string good = small_packed(folder);
  CHECK(parse(good).tensors().size() == 1);
  for (size_t length = 0; length < good.size(); length += length < 1000 ? 1 : 9973) {
    CAPTURE(length);
    const auto error = error_of([&] { parse(good.substr(0, length)); });
    REQUIRE(error.has_value());
    CHECK(error->code() == Code::bad_format);
  }
  check_fails([&] { parse(good.substr(0, good.size() - 1)); }, Code::bad_format, "its header says");
  check_fails([&] { parse(good + "x"); }, Code::bad_format, "its header says");
}

TEST_CASE("every changed bit of the header is an error") {
  const TempDir folder;
  const std::string good = small_packed(folder);
  const size_t header_bytes = good.find("{}", 64) + 2;  // the text "config" is the last of it
  for (size_t at = 0; at < header_bytes; ++at) {
    CAPTURE(at);
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 4);
    CHECK(error_of([&] { parse(bad); }).has_value());
  }
  std::string bad = good;
  bad[header_bytes - 1] = ']';
  check_fails([&] { parse(bad); }, Code::bad_format, "header is damaged");
  bad = good;
  bad[8] = 2;
  check_fails([&] { parse(bad); }, Code::unsupported, "version 2");
  bad = good;
  bad[0] = 'X';
  check_fails([&] { parse(bad); }, Code::bad_format, "x.phi: not a packed file");
}

/// A file with this table, text bytes and data, whose hash is right.
std::string forged(const std::string& table, const std::string& texts, const std::string& data) {
  phi::io::PackedPreamble preamble{};
  std::memcpy(preamble.magic, phi::io::kPackedMagic.data(), sizeof preamble.magic);
  preamble.version = 1;
  preamble.table_bytes = table.size();
  preamble.texts_bytes = texts.size();
  std::string rest = table + texts;
  if (!data.empty()) rest.resize(2 * kMiB - sizeof preamble);
  rest += data;
  preamble.file_bytes = sizeof preamble + rest.size();
  preamble.header_hash = packed_header_hash(preamble, as_bytes(table + texts));
  return phi::test::raw(preamble) + rest;
}

std::string forged_tensor(const std::string& dtype, const std::string& shape,
                          const std::string& offset, const std::string& bytes) {
  return forged(
      phi::concat(R"({"texts":[],"tensors":[{"name":"t","dtype":")", dtype, R"(","shape":)", shape,
                  R"(,"offset":)", offset, R"(,"bytes":)", bytes, R"(,"hash":""}]})"),
      "", std::string(128, 'x'));
}

TEST_CASE("a header with a right hash is not believed either") {
  CHECK(parse(forged_tensor("F32", "[32]", "0", "128")).tensors().size() == 1);
  const auto refuses = [](const std::string& file, const char* part) {
    check_fails([&] { parse(file); }, Code::bad_format, part);
  };
  refuses(forged_tensor("F32", "[16]", "0", "64"), "tensors end at byte 64 of 128");
  refuses(forged_tensor("F32", "[16]", "60", "64"), "misplaced");
  refuses(forged_tensor("F32", "[32]", "64", "128"), "misplaced");
  refuses(forged_tensor("F32", "[32]", "18446744073709551552", "128"), "misplaced");
  refuses(forged_tensor("F32", "[32]", "-64", "128"), "at least 0");
  refuses(forged_tensor("F32", "[32]", "0", "64"), "do not hold");
  refuses(forged_tensor("F32", "[4611686018427387936]", "0", "128"), "overflows");
  refuses(forged_tensor("Q4_0", "[33]", "0", "18"), "whole blocks");
  refuses(forged("[]", "", ""), "'texts' is missing");
  refuses(forged(R"({"texts":[{"name":"a","bytes":3}],"tensors":[]})", "ab", ""), "takes 3 bytes");
  refuses(forged(R"({"texts":[{"name":"a","bytes":1}],"tensors":[]})", "ab", ""),
          "1 bytes after the texts");
  refuses(
      forged(R"({"texts":[{"name":"a","bytes":1},{"name":"a","bytes":1}],"tensors":[]})", "ab", ""),
      "text 'a' is listed twice");
  const std::string unknown = forged_tensor("Q9_9", "[32]", "0", "128");
  check_fails([&] { parse(unknown); }, Code::unsupported, "'Q9_9' is not known");
}

TEST_CASE("a damaged tensor is found when it is asked for") {
  const TempDir folder;
  const Model model;
  const std::string path = folder / "model.phi";
  write_packed(path, model.tensors(), model.texts, {});
  {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    const std::string bytes = read_file(path);
    file.seekp(static_cast<std::streamoff>(bytes.find("mmmm", 2 * kMiB) + 1234567));
    file.put('x');
  }
  const PackedFile file = PackedFile::open(path);
  check_fails([&] { file.verify_tensors(); }, Code::bad_format, "tensor 'matrix' is damaged");
}

TEST_CASE("cancelling leaves nothing behind and the old file as it was") {
  const TempDir folder;
  const std::string path = write_in(folder, "model.phi", "old");
  const Model model;
  double last = 0;
  const auto cancel_at_half = [&](double done) {
    CHECK(done >= last);
    last = done;
    return done < 0.5;
  };
  check_fails([&] { write_packed(path, model.tensors(), model.texts, cancel_at_half); },
              Code::cancelled, "cancelled");
  CHECK(files_in(folder) == 1);
  CHECK(read_file(path) == "old");
  write_packed(path, model.tensors(), model.texts, [&](double done) { return (last = done) <= 1; });
  CHECK(last == 1);
  CHECK(PackedFile::open(path).tensors().size() == 4);
}

TEST_CASE("what cannot be written is refused") {
  const TempDir folder;
  const std::string path = folder / "model.phi";
  const std::string data(8, 'x');
  const auto write = [&](const std::vector<TensorEntry>& tensors) {
    write_packed(path, tensors, {}, {});
  };
  check_fails(
      [&] {
        write({{"t", DType::f32, {3}, as_bytes(data)}});
      },
      Code::bad_format, "tensor 't': 8 bytes do not hold");
  check_fails(
      [&] {
        write({{"t", DType::f32, {2}, as_bytes(data)}, {"t", DType::f32, {2}, as_bytes(data)}});
      },
      Code::bad_format, "'t' is listed twice");
  check_fails(
      [&] {
        write({{"\xFF", DType::f32, {2}, as_bytes(data)}});
      },
      Code::bad_format, "not UTF-8");
  check_fails([&] { write_packed(folder / "no/where.phi", {}, {}, {}); }, Code::io,
              "cannot create");
  std::filesystem::create_directory(folder / "folder");
  check_fails([&] { write_packed(folder / "folder", {}, {}, {}); }, Code::io, "cannot rename");
  CHECK(files_in(folder) == 1);
}

TEST_CASE("a file that another program left over is not in the way") {
  const TempDir folder;
  write_in(folder, "model.phi.partial0", "left over");
  write_packed(folder / "model.phi", {}, {{"config", "c"}}, {});
  CHECK(PackedFile::open(folder / "model.phi").text_at("config") == "c");
  CHECK(read_file(folder / "model.phi.partial0") == "left over");
}

}  // namespace
