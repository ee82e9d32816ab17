#include "text/chat_template.h"

#include <doctest/doctest.h>

#include <string>

#include "phi/error.h"

using phi::Code;
using phi::Error;
using phi::GenerationPrompt;
using phi::Message;
using phi::text::ChatTemplate;
using phi::text::TokenizerSpec;

namespace {

const std::vector<Message> kSystemUser{{"system", "S"}, {"user", "U"}};
const std::vector<Message> kThreeTurns{{"user", "U"}, {"assistant", "A"}, {"user", "V"}};

ChatTemplate of_family(const std::string& family) {
  TokenizerSpec spec;
  spec.family = family;
  return ChatTemplate(spec);
}

ChatTemplate of_source(const std::string& source) {
  TokenizerSpec spec;
  spec.chat_template = source;
  return ChatTemplate(spec);
}

std::string rendered(const std::string& source) {
  return of_source(source).render(kSystemUser, GenerationPrompt::yes);
}

/// The code and the words of the error that rendering gives.
std::pair<Code, std::string> error_of(const std::string& source) {
  try {
    rendered(source);
  } catch (const Error& error) {
    return {error.code(), error.what()};
  }
  return {Code::internal, "no error"};
}

}  // namespace

// What the models' own templates give.
TEST_CASE("the families' formats") {
  const auto yes = GenerationPrompt::yes, no = GenerationPrompt::no;
  const ChatTemplate phi4 = of_family("phi4");
  CHECK(phi4.render(kSystemUser, yes) ==
        "<|im_start|>system<|im_sep|>S<|im_end|><|im_start|>user<|im_sep|>U<|im_end|><|im_start|>"
        "assistant<|im_sep|>");
  CHECK(phi4.render(kThreeTurns, no) ==
        "<|im_start|>user<|im_sep|>U<|im_end|><|im_start|>assistant<|im_sep|>A<|im_end|><|im_start|"
        ">user<|im_sep|>V<|im_end|>");
  const ChatTemplate mini = of_family("phi4-mini");
  CHECK(mini.render(kSystemUser, yes) == "<|system|>S<|end|><|user|>U<|end|><|assistant|>");
  CHECK(mini.render(kThreeTurns, no) ==
        "<|user|>U<|end|><|assistant|>A<|end|><|user|>V<|end|><|endoftext|>");
  CHECK(
      mini.render_json(
          R"({"messages": [{"role": "system", "content": "S", "tools": "[]"}], "add_generation_prompt": true})") ==
      "<|system|>S<|tool|>[]<|/tool|><|end|><|assistant|>");
  const ChatTemplate phi3 = of_family("phi3");
  CHECK(phi3.render(kSystemUser, yes) ==
        "<|system|>\nS<|end|>\n<|user|>\nU<|end|>\n<|assistant|>\n");
  CHECK(phi3.render(kThreeTurns, no) ==
        "<|user|>\nU<|end|>\n<|assistant|>\nA<|end|>\n<|user|>\nV<|end|>\n<|endoftext|>");
  const ChatTemplate qwen = of_family("qwen2");
  CHECK(qwen.render(kSystemUser, yes) ==
        "<|im_start|>system\nS<|im_end|>\n<|im_start|>user\nU<|im_end|>\n<|im_start|>assistant\n");
  CHECK(qwen.render(kThreeTurns, no) ==
        "<|im_start|>system\nYou are Qwen, created by Alibaba Cloud. You are a helpful "
        "assistant.<|im_end|>\n"
        "<|im_start|>user\nU<|im_end|>\n<|im_start|>assistant\nA<|im_end|>\n<|im_start|>user\nV<|"
        "im_end|>\n");
  const std::string head =
      "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\n"
      "Cutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\n";
  const ChatTemplate llama = of_family("llama3");
  CHECK(llama.render(kSystemUser, yes) ==
        head +
            "S<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nU<|eot_id|>"
            "<|start_header_id|>assistant<|end_header_id|>\n\n");
  CHECK(llama.render(std::vector<Message>{{"user", " U\n"}}, no) ==
        head + "<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nU<|eot_id|>");
}

TEST_CASE(
    "a model without template and of no known family is an error only when something is rendered") {
  const ChatTemplate unknown = of_family("");
  CHECK_THROWS_AS(unknown.render(kSystemUser, GenerationPrompt::yes), Error);
  CHECK(error_of("{% extends 'x' %}").first == Code::unsupported);
  CHECK(error_of("{% if %}").first == Code::unsupported);
  CHECK(error_of("{{ ").first == Code::unsupported);
}

TEST_CASE("a template may refuse the messages") {
  const auto [code, words] = error_of("{{ raise_exception('roles must alternate') }}");
  CHECK(code == Code::invalid_argument);
  CHECK(words.find("roles must alternate") != std::string::npos);
  CHECK(error_of("{{ nothing.at.all }}").second.find("'nothing' is undefined") !=
        std::string::npos);
}

TEST_CASE("templates see the special tokens and every member of the JSON") {
  TokenizerSpec spec;
  spec.chat_template =
      "{{ bos_token }}{{ eos_token is defined }}{{ x.y[0] }}{{ add_generation_prompt }}";
  spec.bos_text = "<s>";
  const ChatTemplate chat(spec);
  CHECK(chat.render_json(R"({"x": {"y": [1.50]}})") == "<s>False1.5");
  CHECK(chat.render_json(
            R"({"x": {"y": ["é"]}, "bos_token": "B", "add_generation_prompt": false})") ==
        "BFalseéFalse");
  CHECK_THROWS_AS(chat.render_json("[]"), Error);
  CHECK_THROWS_AS(chat.render_json("{"), Error);
}

TEST_CASE("a template of its own for tools") {
  TokenizerSpec spec;
  spec.chat_template = "plain";
  spec.tool_chat_template = "tools {{ tools | length }}";
  const ChatTemplate chat(spec);
  CHECK(chat.render_json(R"({"messages": []})") == "plain");
  CHECK(chat.render_json(R"({"messages": [], "tools": null})") == "plain");
  CHECK(chat.render_json(R"({"messages": [], "tools": [{}, {}]})") == "tools 2");
}

TEST_CASE("generation blocks are scopes and nothing more") {
  CHECK(rendered("a{% generation %}b{% set x = 1 %}{% endgeneration %}c{{ x is defined }}") ==
        "abcFalse");
}

TEST_CASE("the date has English names") {
  CHECK(rendered("{{ strftime_now('%Y') | int > 2024 }}") == "True");
  CHECK(rendered("{{ strftime_now('%d %b %Y') | length }}") == "11");
  CHECK(error_of("{{ strftime_now('%Q') }}").first == Code::invalid_argument);
}

TEST_CASE("values cannot be changed in place, as in the sandbox of transformers") {
  CHECK(error_of("{% set _ = messages.append(1) %}").second.find("unsafe") != std::string::npos);
  CHECK(error_of("{% set _ = messages[0].update({}) %}").second.find("unsafe") !=
        std::string::npos);
}

TEST_CASE("runaway templates are errors") {
  const auto refused = [](const std::string& source) {
    const Code code = error_of(source).first;
    CHECK_MESSAGE((code == Code::invalid_argument || code == Code::unsupported),
                  source.substr(0, 80));
  };
  refused("{% for i in range(10000000) %}{% endfor %}");
  refused("{% for i in range(90000) %}{% for j in range(90000) %}x{% endfor %}{% endfor %}");
  refused("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}");
  refused("{{ 'x' * 10000000000 }}");
  refused("{{ [0] * 10000000000 }}");
  refused(
      "{% set n = namespace(s='xxxxxxxx') %}{% for i in range(60) %}{% set n.s = n.s + n.s %}{% "
      "endfor %}");
  refused(
      "{% set n = namespace(s=[]) %}{% for i in range(90000) %}{% set n.s = [n.s] %}{% endfor %}");
  refused("{{ 9223372036854775807 + 1 }}");
  refused("{{ 99999999999999999999 }}");
  refused("{{ -9223372036854775807 - 2 }}");
  refused("{{ 1 // 0 }}{{ 1 % 0 }}");
  const auto nested = [](const std::string& open, const std::string& inner,
                         const std::string& close) {
    std::string source = "{{ ", end;
    for (int i = 0; i < 20000; ++i) {
      source += open;
      end += close;
    }
    return source + inner + end + " }}";
  };
  refused(nested("(", "1", ")"));
  refused(nested("[", "1", "]"));
  refused(nested("-", "1", ""));
  refused(nested("not ", "1", ""));
  refused(nested("1 + ", "1", ""));
  refused(nested("x", "", "[0]"));
  refused(nested("x", "", ".a"));
  refused(nested("1 if 1 else ", "1", ""));
  std::string blocks, ends, alternatives = "{% if 0 %}";
  for (int i = 0; i < 20000; ++i) {
    blocks += "{% if 1 %}";
    ends += "{% endif %}";
    alternatives += "{% elif 0 %}";
  }
  refused(blocks + ends);
  refused(alternatives + "{% endif %}");
}
