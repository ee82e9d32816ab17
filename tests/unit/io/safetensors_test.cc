#include "io/safetensors.h"

#include <doctest/doctest.h>

#include "base/fail.h"
#include "io_test_support.h"

namespace {

using phi::Code;
using phi::DType;
using phi::io::open_safetensors_folder;
using phi::io::parse_safetensors;
using phi::io::SafetensorsFolder;
using phi::io::TensorEntry;
using phi::test::as_bytes;
using phi::test::as_text;
using phi::test::check_fails;
using phi::test::error_of;
using phi::test::raw;
using phi::test::TempDir;
using phi::test::write_in;

std::string file_of(const std::string& header, const std::string& data) {
  return raw(uint64_t{header.size()}) + header + data;
}

std::string braced(const std::string& text) { return phi::concat('{', text, '}'); }

std::string entry(const std::string& name, const std::string& dtype, const std::string& shape,
                  const std::string& offsets) {
  return "\"" + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape +
         ",\"data_offsets\":" + offsets + "}";
}

std::vector<TensorEntry> parse(const std::string& file) {
  return parse_safetensors(as_bytes(file), "x.safetensors");
}

/// One file with a single tensor entry and `data_bytes` of data.
std::string with_entry(const std::string& text, size_t data_bytes) {
  return file_of(braced(text), std::string(data_bytes, 'd'));
}

TEST_CASE("tensors come in the order of their offsets, with their bytes") {
  const std::string file = file_of("{\"__metadata__\":{\"format\":\"pt\"}," +
                                       entry("second", "BF16", "[2,3]", "[4,16]") + "," +
                                       entry("mask", "BOOL", "[2]", "[16,18]") + "," +
                                       entry("first", "F32", "[]", "[0,4]") + "}   ",
                                   "aaaabbbbbbbbbbbbmm");
  const std::vector<TensorEntry> tensors = parse(file);
  REQUIRE(tensors.size() == 2);  // the mask is no weight
  CHECK(tensors[0].name == "first");
  CHECK(tensors[0].dtype == DType::f32);
  CHECK(tensors[0].shape.empty());
  CHECK(as_text(tensors[0].data) == "aaaa");
  CHECK(tensors[1].name == "second");
  CHECK(tensors[1].dtype == DType::bf16);
  CHECK(tensors[1].shape == std::vector<uint64_t>{2, 3});
  CHECK(as_text(tensors[1].data) == "bbbbbbbbbbbb");
}

TEST_CASE("an empty tensor and a file without tensors are allowed") {
  CHECK(parse(with_entry(entry("a", "F16", "[0,5]", "[0,0]"), 0)).at(0).data.empty());
  CHECK(parse(file_of("{}", "")).empty());
}

TEST_CASE("every truncation of a file is an error") {
  const std::string file =
      file_of(braced(entry("a", "F32", "[2]", "[0,8]") + "," + entry("b", "F16", "[3]", "[8,14]")),
              "aaaaaaaabbbbbb");
  CHECK(parse(file).size() == 2);
  for (size_t length = 0; length < file.size(); ++length) {
    CAPTURE(length);
    const auto error = error_of([&] { parse(file.substr(0, length)); });
    REQUIRE(error.has_value());
    CHECK(error->code() == Code::bad_format);
  }
  check_fails([&] { parse(file + "x"); }, Code::bad_format, "the file holds 15");
}

TEST_CASE("lengths of the header are not believed") {
  for (const uint64_t length : {uint64_t{3}, uint64_t{1} << 63, ~uint64_t{0}, ~uint64_t{0} - 7,
                                (uint64_t{1} << 63) - 9, uint64_t{200'000'000}}) {
    CAPTURE(length);
    check_fails([&] { parse(raw(length) + "{}"); }, Code::bad_format, "header of");
  }
  check_fails([&] { parse(raw(uint64_t{0})); }, Code::bad_format, "does not begin with '{'");
  check_fails([&] { parse(file_of(" {}", "")); }, Code::bad_format, "does not begin with '{'");
}

TEST_CASE("what the offsets and shapes say must fit") {
  const auto refuses = [](const std::string& dtype, const std::string& shape,
                          const std::string& offsets, const char* part) {
    CAPTURE(shape);
    CAPTURE(offsets);
    check_fails([&] { parse(with_entry(entry("t", dtype, shape, offsets), 16)); }, Code::bad_format,
                part);
  };
  CHECK(parse(with_entry(entry("t", "F32", "[4]", "[0,16]"), 16)).size() == 1);
  refuses("F32", "[4]", "[1,17]", "tensor 't': data offsets");
  refuses("F32", "[4]", "[16,0]", "data offsets");
  refuses("F32", "[4]", "[0,12]", "do not hold");
  refuses("F32", "[3]", "[0,12]", "the file holds 16");
  refuses("F32", "[5]", "[0,16]", "do not hold");
  refuses("F32", "[4]", "[0,9223372036854775824]", "do not hold");
  refuses("F32", "[4]", "[18446744073709551600,0]", "data offsets");
  refuses("F32", "[4]", "[-16,0]", "at least 0");
  refuses("F32", "[4]", "[0.0,16.0]", "fraction");
  refuses("F32", "[4]", "[0,1e30]", "fraction");
  refuses("F32", "[4]", "[\"0\",16]", "is a string");
  refuses("F32", "[4]", "[16]", "not two numbers");
  refuses("F32", "[4]", "{}", "expected an array");
  refuses("F32", "[4294967296,4294967296,256]", "[0,16]", "overflows");
  refuses("F32", "[4611686018427387904,4]", "[0,16]", "overflows");
  refuses("F32", "[9223372036854775808]", "[0,16]", "overflows");
  refuses("F32", "[-4]", "[0,16]", "at least 0");
  refuses("F32", "\"4\"", "[0,16]", "expected an array");
  refuses("F6_E2M3", "[21]", "[0,16]", "do not hold");  // 126 bits
}

TEST_CASE("types, members and metadata are checked") {
  check_fails([] { parse(with_entry(entry("t", "F33", "[4]", "[0,16]"), 16)); }, Code::unsupported,
              "'F33'");
  check_fails([] { parse(with_entry(entry("t", "bfloat16", "[8]", "[0,16]"), 16)); },
              Code::unsupported, "tensor 't'");
  CHECK(parse(with_entry(entry("t", "F4", "[32]", "[0,16]"), 16)).empty());
  const auto refuses = [](const std::string& header, const char* part) {
    check_fails([&] { parse(file_of(header, "")); }, Code::bad_format, part);
  };
  refuses(R"({"t":{"shape":[0],"data_offsets":[0,0]}})", "'dtype' is missing");
  refuses(R"({"t":{"dtype":"F32","data_offsets":[0,0]}})", "'shape' is missing");
  refuses(R"({"t":{"dtype":"F32","shape":[0]}})", "'data_offsets' is missing");
  refuses(R"({"t":{"dtype":16,"shape":[0],"data_offsets":[0,0]}})", "'dtype' is an integer");
  refuses(R"({"t":7})", "tensor 't' is an integer");
  refuses(R"({"__metadata__":{"format":1}})", "'__metadata__' is an integer");
  refuses(R"({"__metadata__":[]})", "'__metadata__' is an array");
  refuses(braced(entry("t", "F32", "[0]", "[0,0]") + "," + entry("t", "F32", "[0]", "[0,0]")),
          "'t' is given twice");
}

TEST_CASE("holes and overlaps between tensors are refused") {
  const auto two = [](const std::string& second, size_t bytes) {
    return with_entry(entry("a", "F32", "[2]", "[0,8]") + "," + entry("b", "F32", "[2]", second),
                      bytes);
  };
  CHECK(parse(two("[8,16]", 16)).size() == 2);
  check_fails([&] { parse(two("[4,12]", 12)); }, Code::bad_format,
              "tensor 'b': data offsets [4, 12)");
  check_fails([&] { parse(two("[0,8]", 8)); }, Code::bad_format, "expected them to begin at 8");
  check_fails([&] { parse(two("[12,20]", 20)); }, Code::bad_format, "expected them to begin at 8");
}

const std::string kShardA = file_of(
    braced(entry("a", "F32", "[1]", "[0,4]") + "," + entry("mask", "U8", "[1]", "[4,5]")), "aaaam");
const std::string kShardB = file_of(braced(entry("b", "F32", "[1]", "[0,4]")), "bbbb");

std::string index_of(const std::string& weight_map) {
  return R"({"metadata":{"total_size":9},"weight_map":)" + weight_map + "}";
}

TEST_CASE("a folder with one file") {
  const TempDir folder;
  write_in(folder, "model.safetensors", kShardB);
  const SafetensorsFolder opened = open_safetensors_folder(folder.path());
  CHECK(opened.files.size() == 1);
  CHECK(opened.tensors.at(0).name == "b");
  CHECK(as_text(opened.tensors.at(0).data) == "bbbb");
}

TEST_CASE("a folder with shards") {
  const TempDir folder;
  write_in(folder, "1.safetensors", kShardA);
  write_in(folder, "2.safetensors", kShardB);
  const auto open_with = [&](const std::string& weight_map) {
    write_in(folder, "model.safetensors.index.json", index_of(weight_map));
    return open_safetensors_folder(folder.path());
  };
  const SafetensorsFolder opened =
      open_with(R"({"b":"2.safetensors","a":"1.safetensors","mask":"1.safetensors"})");
  CHECK(opened.files.size() == 2);
  REQUIRE(opened.tensors.size() == 2);
  CHECK(as_text(opened.tensors[0].data) == "aaaa");
  CHECK(as_text(opened.tensors[1].data) == "bbbb");

  check_fails([&] { open_with(R"({"a":"2.safetensors"})"); }, Code::bad_format,
              "2.safetensors: tensor 'a' is missing");
  check_fails([&] { open_with(R"({"a":"3.safetensors"})"); }, Code::not_found, "3.safetensors");
  check_fails([&] { open_with(R"({"a":7})"); }, Code::bad_format, "is an integer");
  check_fails([&] { open_with("[]"); }, Code::bad_format, "'weight_map' is an array");
  check_fails([&] { open_with("{}"); }, Code::bad_format, "'weight_map' is empty");
  check_fails([&] { open_with("null"); }, Code::bad_format, "'weight_map' is missing");
  for (const char* name :
       {"", ".", "..", "../1.safetensors", "/etc/passwd", "a/b", "a\\\\b", "x..y", "a\\u0000b"}) {
    CAPTURE(name);
    check_fails([&] { open_with(std::string(R"({"a":")") + name + "\"}"); }, Code::bad_format,
                "is not the name of a file");
  }
  write_in(folder, "3.safetensors", kShardA);
  check_fails([&] { open_with(R"({"a":"1.safetensors","mask":"3.safetensors"})"); },
              Code::bad_format, "tensor 'a' is listed twice");
}

TEST_CASE("a folder without weights says what was expected") {
  const TempDir folder;
  check_fails([&] { open_safetensors_folder(folder.path()); }, Code::not_found,
              "expected model.safetensors or model.safetensors.index.json");
  check_fails([&] { open_safetensors_folder(folder / "none"); }, Code::not_found, "no such folder");
}

}  // namespace
