#include "io/json.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "io_test_support.h"

namespace {

using phi::Code;
using phi::io::Json;
using phi::test::check_fails;
using phi::test::error_of;

Json parse(std::string_view text) { return Json::parse(text, "test.json"); }

TEST_CASE("every kind of value is read") {
  const Json json = parse(R"({"n": null, "t": true, "i": -7, "u": 18446744073709551615, "d": 1.5,
                              "s": "a\u00e9\ud83d\ude00\n", "a": [1, [], {}], "o": {"b": false, "a": 0}})");
  CHECK(json.is_object());
  CHECK(json.find("n") == nullptr);
  CHECK(json.find("missing") == nullptr);
  CHECK(json.find("t")->as_bool("t"));
  CHECK(json.find("i")->as_integer("i") == -7);
  CHECK(json.find("u")->as_unsigned("u") == std::numeric_limits<uint64_t>::max());
  CHECK(json.find("d")->as_number("d") == 1.5);
  CHECK(json.find("i")->as_number("i") == -7);
  CHECK(json.find("s")->as_string("s") == "a\xC3\xA9\xF0\x9F\x98\x80\n");
  CHECK(json.find("a")->as_array("a").size() == 3);
  const Json::Object& object = json.find("o")->as_object("o");
  CHECK(object[0].first == "b");  // the file's order
  CHECK(object[1].first == "a");
  CHECK(Json().find("x") == nullptr);
}

TEST_CASE("numbers are converted only where nothing is lost") {
  CHECK(parse("32.0").as_integer("x") == 32);
  CHECK(parse("1e3").as_unsigned("x") == 1000);
  CHECK(parse("9223372036854775807").as_integer("x") == std::numeric_limits<int64_t>::max());
  check_fails([] { parse("1.5").as_integer("x.json: 'heads'"); }, Code::bad_format,
              "x.json: 'heads' is 1.5, expected an integer");
  check_fails([] { parse("-1").as_unsigned("x"); }, Code::bad_format, "x is -1");
  check_fails([] { parse("-1.0").as_unsigned("x"); }, Code::bad_format, "x is -1");
  check_fails([] { parse("9223372036854775808").as_integer("x"); }, Code::bad_format, "64 bits");
  check_fails([] { parse("1e30").as_unsigned("x"); }, Code::bad_format, "64 bits");
  check_fails([] { parse("\"1\"").as_integer("x"); }, Code::bad_format,
              "x is a string, expected an integer");
  check_fails([] { parse("[]").as_number("x"); }, Code::bad_format,
              "x is an array, expected a number");
  check_fails([] { parse("1").as_bool("x"); }, Code::bad_format, "expected a boolean");
  check_fails([] { parse("{}").as_string("x"); }, Code::bad_format, "expected a string");
  check_fails([] { parse("null").as_array("x"); }, Code::bad_format,
              "x is null, expected an array");
  check_fails([] { parse("true").as_object("x"); }, Code::bad_format, "expected an object");
}

TEST_CASE("errors say where") {
  check_fails([] { parse("{\"a\": 1,\n  oops}"); }, Code::bad_format,
              "test.json: not valid JSON at line 2, column 3");
  check_fails([] { parse("{\"a\": \"\xFF\"}"); }, Code::bad_format, "line 1, column 8");
  check_fails([] { parse(std::string_view("{}\n\0{}", 6)); }, Code::bad_format,
              "line 2, column 1: zero byte");
}

TEST_CASE("what is not JSON is refused") {
  for (const char* text :
       {"",         " ",      "{",     "[1,]",     "{\"a\":1,}", "{\"a\" 1}",   "nul",
        "01",       "+1",     "NaN",   "Infinity", "1e999",      "\"\\u12G4\"", "\"\\ud800\"",
        "\"\x01\"", "\"open", "{} {}", "// c\n1",  "'a'",        "[1}"}) {
    CAPTURE(text);
    CHECK(error_of([&] { parse(text); }).has_value());
  }
}

TEST_CASE("every truncation of a text is an error") {
  const std::string text = R"({"a": [1, 2.5, "x\u00e9"], "b": {"c": null}})";
  for (size_t length = 0; length < text.size(); ++length) {
    CAPTURE(length);
    CHECK(error_of([&] { parse(text.substr(0, length)); }).has_value());
  }
}

TEST_CASE("duplicate keys are refused, equal keys of different objects are not") {
  check_fails([] { parse(R"({"a": 1, "b": 2, "a": 1})"); }, Code::bad_format, "'a' is given twice");
  check_fails([] { parse(R"([{"x": {"k": 1, "k": 2}}])"); }, Code::bad_format,
              "'k' is given twice");
  check_fails([] { parse(R"({"a": 1, "\u0061": 2})"); }, Code::bad_format, "'a' is given twice");
  CHECK(parse(R"({"a": {"a": {"a": 1}}, "b": {"a": 2}})").is_object());
}

TEST_CASE("depth is at most 64, however deep the text") {
  const auto nested = [](size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  CHECK(parse(nested(64)).is_array());
  check_fails([&] { parse(nested(65)); }, Code::bad_format, "deeper than 64");
  check_fails([] { parse(std::string(1'000'000, '[')); }, Code::bad_format, "deeper than 64");
}

TEST_CASE("the number of values is bounded") {
  std::string text = "[0";
  for (int i = 0; i < (4 << 20); ++i) text += ",0";
  check_fails([&] { parse(text + "]"); }, Code::bad_format, "more than 4194304 values");
}

TEST_CASE("what is written reads back the same") {
  const std::string text =
      R"({"z":[null,true,false,-5,18446744073709551615,0.1,1e+300,2.0],"a":"q\"\\\n\u0001é","o":{},"l":[]})";
  CHECK(parse(text).dump() == text);
  Json::Array array;
  array.emplace_back("literal");
  array.emplace_back(std::string_view("view"));
  array.emplace_back(int64_t{-1});
  CHECK(Json(std::move(array)).dump() == R"(["literal","view",-1])");
  for (const double value : {0.1, 1.0 / 3, 1e-310, -0.0, 123456789.125}) {
    CHECK(parse(Json(value).dump()).as_number("x") == value);
  }
  check_fails([] { Json(std::nan("")).dump(); }, Code::bad_format, "not finite");
  check_fails([] { Json("\xFF").dump(); }, Code::bad_format, "not UTF-8");
}

}  // namespace
