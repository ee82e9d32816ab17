#include "io/gguf.h"

#include <doctest/doctest.h>

#include <limits>

#include "gguf_builder.h"

namespace {

using phi::Code;
using phi::DType;
using phi::io::Gguf;
using phi::test::as_bytes;
using phi::test::as_text;
using phi::test::check_fails;
using phi::test::error_of;
using phi::test::gguf_string;
using phi::test::GgufBuilder;
using phi::test::raw;
using phi::test::TempDir;
using phi::test::write_in;

constexpr uint32_t kF32 = 0;
constexpr uint32_t kQ4_0 = 2;

Gguf parse(const std::string& file) { return Gguf::parse(as_bytes(file), "x.gguf"); }

std::string small_file() {
  return GgufBuilder()
      .text("general.architecture", "phi3")
      .u32("phi3.block_count", 40)
      .array("tokenizer.ggml.tokens", 8, 3, gguf_string("a") + gguf_string("") + gguf_string("ccc"))
      .array("tokenizer.ggml.scores", 6, 2, raw(0.5F) + raw(-1.0F))
      .tensor("a.weight", {4, 2}, kF32, std::string(32, 'a'))
      .tensor("b.weight", {32}, kQ4_0, std::string(18, 'b'))
      .build();
}

TEST_CASE("metadata of every type is read") {
  const std::string file = GgufBuilder()
                               .value("u8", 0, raw(uint8_t{200}))
                               .value("i8", 1, raw(int8_t{-3}))
                               .value("u16", 2, raw(uint16_t{60000}))
                               .value("i16", 3, raw(int16_t{-300}))
                               .value("u32", 4, raw(uint32_t{4000000000}))
                               .value("i32", 5, raw(int32_t{-5}))
                               .value("f32", 6, raw(1.5F))
                               .value("yes", 7, raw(uint8_t{1}))
                               .value("text", 8, gguf_string("hello"))
                               .value("u64", 10, raw(std::numeric_limits<uint64_t>::max()))
                               .value("small u64", 10, raw(uint64_t{9}))
                               .value("i64", 11, raw(int64_t{-9}))
                               .value("f64", 12, raw(2.25))
                               .array("bools", 7, 2, std::string("\1\0", 2))
                               .array("i32s", 5, 2, raw(int32_t{1}) + raw(int32_t{-2}))
                               .array("f64s", 12, 1, raw(0.125))
                               .array("none", 8, 0, "")
                               .build();
  const Gguf gguf = parse(file);
  CHECK(gguf.unsigned_at("u8") == 200);
  CHECK(gguf.number_at("i8") == -3);
  CHECK(gguf.unsigned_at("u16") == 60000);
  CHECK(gguf.number_at("i16") == -300);
  CHECK(gguf.unsigned_at("u32") == 4000000000);
  CHECK(gguf.number_at("i32") == -5);
  CHECK(gguf.number_at("f32") == 1.5);
  CHECK(gguf.bool_or("yes", false));
  CHECK(gguf.string_at("text") == "hello");
  CHECK(gguf.unsigned_at("u64") == std::numeric_limits<uint64_t>::max());
  CHECK(gguf.unsigned_at("small u64") == 9);
  CHECK(gguf.number_at("i64") == -9);
  CHECK(gguf.number_at("f64") == 2.25);
  CHECK(gguf.integers_at("bools") == std::vector<int64_t>{1, 0});
  CHECK(gguf.integers_at("i32s") == std::vector<int64_t>{1, -2});
  CHECK(gguf.numbers_at("i32s") == std::vector<double>{1, -2});
  CHECK(gguf.numbers_at("f64s") == std::vector<double>{0.125});
  CHECK(gguf.strings_at("none").empty());
  CHECK(gguf.unsigned_or("missing", 7) == 7);
  CHECK(gguf.number_or("missing", 0.5) == 0.5);
  CHECK(gguf.bool_or("missing", true));
  CHECK(gguf.string_or("missing", "default") == "default");
  CHECK(!gguf.has("missing"));
}

TEST_CASE("a key that is missing or of another type is named") {
  const Gguf gguf = [] {
    static const std::string file = small_file();
    return parse(file);
  }();
  check_fails([&] { gguf.unsigned_at("phi3.context_length"); }, Code::bad_format,
              "x.gguf: key 'phi3.context_length' is missing");
  check_fails([&] { gguf.unsigned_or("general.architecture", 1); }, Code::bad_format,
              "'general.architecture' is a string, expected an integer");
  check_fails([&] { gguf.number_or("general.architecture", 1); }, Code::bad_format,
              "expected a number");
  check_fails([&] { gguf.bool_or("phi3.block_count", true); }, Code::bad_format,
              "expected a boolean");
  check_fails([&] { gguf.string_or("phi3.block_count", ""); }, Code::bad_format,
              "expected a string");
  check_fails([&] { gguf.strings_at("tokenizer.ggml.scores"); }, Code::bad_format,
              "is an array of numbers");
  check_fails([&] { gguf.integers_at("tokenizer.ggml.scores"); }, Code::bad_format,
              "expected an array of integers");
  check_fails([&] { gguf.numbers_at("tokenizer.ggml.tokens"); }, Code::bad_format,
              "is an array of strings");
  const std::string negative = GgufBuilder().value("n", 5, raw(int32_t{-1})).build();
  check_fails([&] { parse(negative).unsigned_at("n"); }, Code::bad_format, "'n' is -1");
}

TEST_CASE("tensors have the outermost dimension first") {
  const std::string file = small_file();
  const Gguf gguf = parse(file);
  REQUIRE(gguf.tensors().size() == 2);
  CHECK(gguf.tensors()[0].name == "a.weight");
  CHECK(gguf.tensors()[0].shape == std::vector<uint64_t>{2, 4});
  CHECK(gguf.tensors()[0].dtype == DType::f32);
  CHECK(as_text(gguf.tensors()[0].data) == std::string(32, 'a'));
  CHECK(gguf.tensors()[1].dtype == DType::q4_0);
  CHECK(as_text(gguf.tensors()[1].data) == std::string(18, 'b'));
  CHECK(gguf.strings_at("tokenizer.ggml.tokens")[2] == "ccc");
}

TEST_CASE("every type id has the block that ggml gives it") {
  struct Expected {
    uint32_t id;
    const char* name;
    size_t bytes_of_256;
  };
  constexpr Expected kExpected[] = {{0, "F32", 1024},    {1, "F16", 512},     {2, "Q4_0", 144},
                                    {3, "Q4_1", 160},    {6, "Q5_0", 176},    {7, "Q5_1", 192},
                                    {8, "Q8_0", 272},    {10, "Q2_K", 84},    {11, "Q3_K", 110},
                                    {12, "Q4_K", 144},   {13, "Q5_K", 176},   {14, "Q6_K", 210},
                                    {20, "IQ4_NL", 144}, {23, "IQ4_XS", 136}, {30, "BF16", 512}};
  for (const Expected& expected : kExpected) {
    CAPTURE(expected.name);
    const std::string file =
        GgufBuilder()
            .tensor("t", {256, 2}, expected.id, std::string(2 * expected.bytes_of_256, 'x'))
            .build();
    const Gguf gguf = parse(file);
    CHECK(phi::dtype_name(gguf.tensors()[0].dtype) == std::string(expected.name));
    CHECK(gguf.tensors()[0].data.size() == 2 * expected.bytes_of_256);
  }
  for (const uint32_t id : {4U, 5U, 9U, 15U, 16U, 24U, 26U, 39U, 255U, ~0U}) {
    const std::string file =
        GgufBuilder().tensor("odd.weight", {32}, id, std::string(128, 'x')).build();
    check_fails([&] { parse(file); }, Code::unsupported,
                "tensor 'odd.weight': element type " + std::to_string(id));
  }
}

TEST_CASE("every truncation of a file is an error") {
  std::string file = small_file();
  file.resize(file.size() - 14);  // the padding behind the last tensor may be missing
  CHECK(parse(file).tensors().size() == 2);
  for (size_t length = 0; length < file.size(); ++length) {
    CAPTURE(length);
    const std::string part = file.substr(0, length);
    const auto error = error_of([&] { parse(part); });
    REQUIRE(error.has_value());
    CHECK(error->code() == Code::bad_format);
  }
}

TEST_CASE("every changed byte of the metadata is an error or a file") {
  const std::string good = small_file();
  for (size_t at = 0; at < good.size() - 96; ++at) {
    for (const int bit : {0, 3, 7}) {
      std::string file = good;
      file[at] = static_cast<char>(file[at] ^ (1 << bit));
      const auto error = error_of([&] { parse(file); });
      if (at < 8) CHECK((error.has_value() || at == 4));  // magic and version; 3 ^ 1 is version 2
    }
  }
}

TEST_CASE("magic and version") {
  const auto parse_version = [](uint32_t version) {
    GgufBuilder builder;
    builder.version = version;
    const std::string file = builder.text("k", "v").build();
    return std::string(parse(file).string_at("k"));
  };
  CHECK(parse_version(2) == "v");
  CHECK(parse_version(3) == "v");
  check_fails([&] { parse_version(1); }, Code::unsupported, "version 1 is not supported");
  check_fails([&] { parse_version(4); }, Code::unsupported, "version 4");
  check_fails([&] { parse_version(0); }, Code::unsupported, "version 0");
  check_fails([&] { parse_version(0x03000000); }, Code::unsupported, "big-endian");
  std::string file = small_file();
  file.replace(0, 4, "FUGG");
  check_fails([&] { parse(file); }, Code::unsupported, "big-endian");
  file.replace(0, 4, "GGML");
  check_fails([&] { parse(file); }, Code::bad_format, "x.gguf: not a GGUF file");
}

TEST_CASE("counts and lengths are not believed") {
  for (const uint64_t count :
       {uint64_t{2}, uint64_t{1} << 31, uint64_t{1} << 60, uint64_t{1} << 63, ~uint64_t{0}}) {
    CAPTURE(count);
    GgufBuilder values;
    values.u32("k", 1);
    values.value_count = count;
    CHECK(error_of([&] { parse(values.build()); })->code() == Code::bad_format);
    GgufBuilder tensors;
    tensors.tensor("t", {8}, kF32, std::string(32, 'x'));
    tensors.tensor_count = count;
    CHECK(error_of([&] { parse(tensors.build()); })->code() == Code::bad_format);
    for (const uint32_t type : {0U, 4U, 7U, 8U, 10U, 12U}) {
      const std::string file = GgufBuilder().array("k", type, count, "x").build();
      CHECK(error_of([&] { parse(file); })->code() == Code::bad_format);
    }
    const std::string text = GgufBuilder().value("k", 8, raw(count) + "x").build();
    CHECK(error_of([&] { parse(text); })->code() == Code::bad_format);
  }
}

TEST_CASE("arrays are bounded all together") {
  GgufBuilder builder;
  const std::string bytes(size_t{6} << 20, '\0');
  for (const char* key : {"a", "b"}) builder.array(key, 0, bytes.size(), bytes);
  CHECK(parse(builder.build()).has("b"));
  builder.array("c", 0, bytes.size(), bytes);
  check_fails([&] { parse(builder.build()); }, Code::bad_format,
              "value of 'c': is an array of 6291456 elements");
}

TEST_CASE("keys and values are checked") {
  const auto refuses = [](const GgufBuilder& builder, Code code, const char* part) {
    check_fails([&] { parse(builder.build()); }, code, part);
  };
  refuses(GgufBuilder().u32("k", 1).u32("k", 2), Code::bad_format, "value of 'k': is given twice");
  refuses(GgufBuilder().u32(std::string(65536, 'k'), 1), Code::bad_format, "65536 bytes");
  refuses(GgufBuilder().value("k", 13, raw(uint64_t{0})), Code::bad_format,
          "value of 'k': has the unknown type 13");
  refuses(GgufBuilder().value("k", 7, raw(uint8_t{2})), Code::bad_format, "boolean of value 2");
  refuses(GgufBuilder().array("k", 77, 1, "xxxxxxxx"), Code::bad_format, "unknown type 77");
  refuses(GgufBuilder().array("k", 9, 1, raw(uint32_t{4}) + raw(uint64_t{0})), Code::unsupported,
          "array of arrays");
  refuses(GgufBuilder().array("k", 10, 1, raw(~uint64_t{0})), Code::unsupported,
          "has an element of 1844");
}

TEST_CASE("alignment") {
  GgufBuilder wide;
  wide.alignment = 64;
  wide.u32("general.alignment", 64).tensor("a", {1}, kF32, "aaaa").tensor("b", {1}, kF32, "bbbb");
  const std::string file = wide.build();
  CHECK(as_text(parse(file).tensors()[1].data) == "bbbb");
  for (const uint32_t alignment : {0U, 3U, 48U, ~0U}) {
    const std::string bad =
        GgufBuilder().u32("general.alignment", alignment).tensor("a", {1}, kF32, "aaaa").build();
    check_fails([&] { parse(bad); }, Code::bad_format, "expected a power of two");
  }
  for (const uint64_t alignment : {uint64_t{1} << 31, uint64_t{1} << 63}) {
    const std::string bad = GgufBuilder()
                                .value("general.alignment", 10, raw(alignment))
                                .tensor("a", {1}, kF32, "aaaa")
                                .build();
    check_fails([&] { parse(bad); }, Code::bad_format, "before the tensors");
  }
  const std::string text =
      GgufBuilder().text("general.alignment", "32").tensor("a", {1}, kF32, "aaaa").build();
  check_fails([&] { parse(text); }, Code::bad_format, "expected an integer");
}

TEST_CASE("tensor infos are checked") {
  const auto refuses = [](const std::vector<uint64_t>& dims, uint32_t type, uint64_t offset,
                          const char* part) {
    CAPTURE(part);
    const std::string file = GgufBuilder()
                                 .tensor("good", {8}, kF32, std::string(32, 'x'))
                                 .tensor_at("bad", dims, type, offset)
                                 .build();
    check_fails([&] { parse(file); }, Code::bad_format, part);
  };
  constexpr uint64_t kHuge = uint64_t{1} << 63;
  refuses({}, kF32, 32, "tensor 'bad': 0 dimensions");
  refuses({1, 1, 1, 1, 1}, kF32, 32, "5 dimensions");
  refuses({4, 0}, kF32, 32, "shape [0, 4] is empty");
  refuses({kHuge}, kF32, 32, "overflows");
  refuses({uint64_t{1} << 33, uint64_t{1} << 33}, kF32, 32, "overflows");
  refuses({uint64_t{1} << 62, 4, 2}, kF32, 32, "overflows");
  refuses({(uint64_t{1} << 63) / 2 - 1}, kF32, 32, "");
  refuses({48}, kQ4_0, 32, "not whole blocks of 32");
  refuses({128}, 12, 32, "not whole blocks of 256");
  refuses({8}, kF32, 16, "not a multiple of the alignment");
  refuses({8}, kF32, 32, "do not lie within");
  refuses({8}, kF32, kHuge, "do not lie within");
  refuses({8}, kF32, ~uint64_t{0} - 31, "do not lie within");
  refuses({8}, kF32, 0, "tensor 'bad': overlaps 'good'");
  const std::string twice =
      GgufBuilder().tensor("t", {1}, kF32, "aaaa").tensor("t", {1}, kF32, "bbbb").build();
  check_fails([&] { parse(twice); }, Code::bad_format, "tensor 't' is listed twice");
}

/// Part `number` (from 1) of a model of two tensors.
std::string part(uint16_t number, uint16_t count, int32_t tensors) {
  GgufBuilder builder;
  if (number == 1) builder.text("general.name", "whole");
  builder.u16("split.no", static_cast<uint16_t>(number - 1)).u16("split.count", count);
  builder.value("split.tensors.count", 5, raw(tensors));
  const std::string name(1, static_cast<char>('a' + number - 1));
  return builder.tensor(name, {1}, kF32, std::string(4, name[0])).build();
}

TEST_CASE("any part of a split file opens all") {
  const TempDir folder;
  const std::string first = write_in(folder, "m-00001-of-00002.gguf", part(1, 2, 2));
  const std::string second = write_in(folder, "m-00002-of-00002.gguf", part(2, 2, 2));
  for (const std::string& path : {first, second}) {
    const Gguf gguf = Gguf::open(path);
    CHECK(gguf.string_at("general.name") == "whole");
    REQUIRE(gguf.tensors().size() == 2);
    CHECK(as_text(gguf.tensors()[0].data) == "aaaa");
    CHECK(as_text(gguf.tensors()[1].data) == "bbbb");
  }
  const std::string bytes = part(1, 2, 2);
  check_fails([&] { parse(bytes); }, Code::unsupported, "split file");
}

TEST_CASE("parts that do not belong together are refused") {
  const TempDir folder;
  const std::string first = write_in(folder, "m-00001-of-00002.gguf", part(1, 2, 2));
  check_fails([&] { Gguf::open(first); }, Code::not_found, "m-00002-of-00002.gguf");
  const auto open_with = [&](const std::string& second) {
    write_in(folder, "m-00002-of-00002.gguf", second);
    return Gguf::open(first);
  };
  check_fails([&] { open_with(part(1, 2, 2)); }, Code::bad_format,
              "m-00002-of-00002.gguf: says that it is part 0");
  check_fails([&] { open_with(part(2, 3, 2)); }, Code::bad_format, "of 3");
  check_fails([&] { open_with(small_file()); }, Code::bad_format, "'split.count' is missing");
  write_in(folder, "m-00001-of-00002.gguf", part(1, 2, 3));
  check_fails([&] { open_with(part(2, 2, 3)); }, Code::bad_format, "together have 2 tensors");
  const std::string renamed = write_in(folder, "renamed.gguf", part(1, 2, 2));
  check_fails([&] { Gguf::open(renamed); }, Code::bad_format, "-00001-of-00002.gguf");
  const std::string zeroth = write_in(folder, "m-00000-of-00002.gguf", part(1, 2, 2));
  check_fails([&] { Gguf::open(zeroth); }, Code::bad_format, "-00001-of-00002.gguf");
  write_in(folder, "m-00001-of-00002.gguf", part(1, 2, 2));
  const std::string same =
      GgufBuilder().u16("split.no", 1).u16("split.count", 2).tensor("a", {1}, kF32, "aaaa").build();
  check_fails([&] { open_with(same); }, Code::bad_format, "tensor 'a' is listed twice");
}

TEST_CASE("a whole file may be named like a part") {
  const TempDir folder;
  CHECK(Gguf::open(write_in(folder, "m-00001-of-00003.gguf", small_file())).tensors().size() == 2);
  CHECK(Gguf::open(write_in(folder, "m.gguf", small_file())).source() == "m.gguf");
}

}  // namespace
