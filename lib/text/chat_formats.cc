#include "text/chat_formats.h"

#include <array>

namespace phi::text {
namespace {

struct Format {
  std::string_view family, source;
};

constexpr std::array kFormats = {
    Format{"phi4",
           "{% for message in messages %}"
           "{% if message.role in ['system', 'user', 'assistant'] %}"
           "{{ '<|im_start|>' + message.role + '<|im_sep|>' + message.content + '<|im_end|>' }}"
           "{% endif %}"
           "{% endfor %}"
           "{% if add_generation_prompt %}{{ '<|im_start|>assistant<|im_sep|>' }}{% endif %}"},
    Format{"phi4-mini",
           "{% for message in messages %}"
           "{{ '<|' + message.role + '|>' + message.content }}"
           "{% if message.role == 'system' and message.tools %}{{ '<|tool|>' + message.tools + "
           "'<|/tool|>' }}{% endif %}"
           "{{ '<|end|>' }}"
           "{% endfor %}"
           "{{ '<|assistant|>' if add_generation_prompt else '<|endoftext|>' }}"},
    Format{"phi3",
           "{% for message in messages %}"
           "{% if message.role in ['user', 'assistant'] or (message.role == 'system' and "
           "message.content) %}"
           "{{ '<|' + message.role + '|>\\n' + message.content + '<|end|>\\n' }}"
           "{% endif %}"
           "{% endfor %}"
           "{{ '<|assistant|>\\n' if add_generation_prompt else '<|endoftext|>' }}"},
    Format{"qwen2",
           "{% if not messages or messages[0].role != 'system' %}"
           "{{ '<|im_start|>system\\nYou are Qwen, created by Alibaba Cloud. You are a helpful "
           "assistant.<|im_end|>\\n' }}"
           "{% endif %}"
           "{% for message in messages %}"
           "{{ '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}"
           "{% endfor %}"
           "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"},
    Format{"llama3",
           "{% set system = messages and messages[0].role == 'system' %}"
           "{{ '<|begin_of_text|><|start_header_id|>system<|end_header_id|>\\n\\nCutting Knowledge "
           "Date: December 2023\\n' }}"
           "{{ 'Today Date: ' + date_string | default('26 Jul 2024') + '\\n\\n' }}"
           "{{ (messages[0].content | trim if system else '') + '<|eot_id|>' }}"
           "{% for message in (messages[1:] if system else messages) %}"
           "{{ '<|start_header_id|>' + message.role + '<|end_header_id|>\\n\\n' + message.content "
           "| trim + '<|eot_id|>' }}"
           "{% endfor %}"
           "{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\\n\\n' "
           "}}{% endif %}"},
};

}  // namespace

std::string_view built_in_chat_format(std::string_view family) {
  for (const Format& format : kFormats) {
    if (format.family == family) return format.source;
  }
  return {};
}

}  // namespace phi::text
