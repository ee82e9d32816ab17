// Chat templates against what Jinja2 gives, set up as transformers sets it up.
#include <doctest/doctest.h>

#include <string>

#include "phi/error.h"
#include "support/test_paths.h"
#include "text/chat_template.h"
#include "text_vectors.h"

using phi::io::Json;
using phi::test::external_data;
using phi::test::text_at;
using phi::text::ChatTemplate;

namespace {

ChatTemplate template_of(const std::string& source) {
  phi::text::TokenizerSpec spec;
  spec.chat_template = source;
  return ChatTemplate(spec);
}

/// What the template gives, or "ERR " and the error's words.
std::string rendered(const std::string& source, const Json& context) {
  try {
    return template_of(source).render_json(context.dump());
  } catch (const phi::Error& error) {
    return std::string("ERR ") + error.what();
  }
}

/// Expected values that are errors are only known to be errors: the words are Python's.
void check(const std::string& name, const std::string& got, const std::string& expected,
           bool expects_error) {
  if (expects_error) {
    CHECK_MESSAGE(got.starts_with("ERR "), name, ": ", got, "\n  expected ", expected);
  } else {
    CHECK_MESSAGE(got == expected, name, ":\n", got, "\n  expected\n", expected);
  }
}

/// The expected texts were made on one day: the template's own strftime_now gives it.
std::string on_that_day(const std::string& source) {
  if (source.find("strftime_now") == std::string::npos) return source;
  return "{%- macro strftime_now(f) %}{{ f | replace('%d', '10') | replace('%b', 'Jul') | "
         "replace('%B', 'July')"
         " | replace('%Y', '2025') | replace('%m', '07') }}{% endmacro +%}" +
         source;
}

}  // namespace

TEST_CASE("templates of the known models") {
  const auto folder = external_data("data/chat_templates");
  if (!folder) return;
  for (const Json& row : phi::test::read_json_lines(*folder + "/golden/chat_goldens.jsonl")) {
    const std::string name = text_at(row, "template") + "/" + text_at(row, "case");
    const std::string source =
        phi::io::read_text_file(*folder + "/" + text_at(row, "template") + ".jinja", 1 << 20);
    const bool error = row.find("error") != nullptr;
    check(name, rendered(on_that_day(source), *row.find("context")),
          text_at(row, error ? "error" : "expected"), error);
  }
}

TEST_CASE("templates of llama.cpp's tests") {
  const auto file = external_data("data/chat_templates/golden/llamacpp_test_chat_template.jsonl");
  if (!file) return;
  for (const Json& row : phi::test::read_json_lines(*file)) {
    Json::Object context{{"messages", *row.find("messages")},
                         {"add_generation_prompt", Json(true)},
                         {"bos_token", *row.find("bos_token")},
                         {"eos_token", *row.find("eos_token")}};
    const std::string expected = text_at(row, "hf_jinja2");
    check(text_at(row, "name"),
          rendered(on_that_day(text_at(row, "template")), Json(std::move(context))), expected,
          expected.starts_with("ERR"));
  }
}

TEST_CASE("templates of transformers.js's tests") {
  const auto file = external_data("data/chat_templates/golden/hfjs_e2e.jsonl");
  if (!file) return;
  for (const Json& row : phi::test::read_json_lines(*file)) {
    const std::string name = text_at(row, "name");
    const std::string got = rendered(on_that_day(text_at(row, "template")), *row.find("context"));
    if (row.find("hf_jinja2_agrees")->as_bool("hf_jinja2_agrees")) {
      check(name, got, text_at(row, "expected"), false);
    } else {
      std::printf("skipped: %s: transformers.js differs from Jinja2\n", name.c_str());
      CHECK(!got.starts_with("ERR "));
    }
  }
}

TEST_CASE("the template language") {
  const auto file = external_data("data/chat_templates/golden/hfjs_jinja_engine.jsonl");
  if (!file) return;
  for (const Json& row : phi::test::read_json_lines(*file)) {
    const std::string expected = text_at(row, row.find("jinja2") ? "jinja2" : "expected");
    check(text_at(row, "name"),
          rendered(on_that_day(text_at(row, "template")), *row.find("context")), expected,
          expected.starts_with("ERR "));
  }
}
