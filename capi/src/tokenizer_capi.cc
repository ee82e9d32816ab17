#include <algorithm>
#include <memory>

#include "guard.h"
#include "handles.h"
#include "option_structs.h"
#include "phi/tokenizer.h"

using namespace phi::capi;

namespace {

phi::GenerationPrompt generation_prompt(int32_t value) {
  return flag(value, "add_generation_prompt") ? phi::GenerationPrompt::yes
                                              : phi::GenerationPrompt::no;
}

Buffer<phi_token> id_buffer(phi_token* ids, size_t cap, size_t* count) {
  return {ids, cap, count, "ids", "count"};
}

Buffer<char> text_buffer(char* text, size_t cap, size_t* bytes) {
  return {text, cap, bytes, "text", "bytes"};
}

}  // namespace

phi_status PHI_CALL phi_tokenizer_open(const char* path, phi_tokenizer** out, phi_error* err) {
  return guard(err, [&] {
    phi_tokenizer*& handle = output(out, "out");
    handle = std::make_unique<phi_tokenizer>(
                 phi_tokenizer{phi::Tokenizer::open(&required(path, "path"))})
                 .release();
    return PHI_OK;
  });
}

void PHI_CALL phi_tokenizer_free(phi_tokenizer* t) { delete t; }

phi_status PHI_CALL phi_tokenizer_info_get(const phi_tokenizer* t, phi_tokenizer_info* out,
                                           phi_error* err) {
  return guard(err, [&] {
    OutputStruct output_struct(out, "out");
    const phi::TokenizerInfo info = required(t, "t").tokenizer.info();
    phi_tokenizer_info known{};
    known.vocab_size = info.vocab_size;
    known.bos = info.bos;
    known.pad = info.pad;
    known.adds_bos = info.adds_bos ? 1 : 0;
    known.end_count = static_cast<uint32_t>(info.end.size());
    std::fill(std::begin(known.end), std::end(known.end), -1);
    std::copy_n(info.end.begin(), std::min(info.end.size(), std::size(known.end)), known.end);
    output_struct.finish(known);
    return PHI_OK;
  });
}

phi_status PHI_CALL phi_tokenizer_encode(const phi_tokenizer* t, const char* text,
                                         size_t text_bytes, int32_t specials, phi_token* ids,
                                         size_t cap, size_t* count, phi_error* err) {
  return guard(err, [&] {
    const Buffer<phi_token> buffer = id_buffer(ids, cap, count);
    buffer.check();
    const phi::Specials parse =
        flag(specials, "specials") ? phi::Specials::parse : phi::Specials::as_text;
    return buffer.write(
        required(t, "t").tokenizer.encode(input_text(text, text_bytes, "text"), parse));
  });
}

phi_status PHI_CALL phi_tokenizer_encode_chat(const phi_tokenizer* t, const phi_message* messages,
                                              size_t n, int32_t add_generation_prompt,
                                              phi_token* ids, size_t cap, size_t* count,
                                              phi_error* err) {
  return guard(err, [&] {
    const Buffer<phi_token> buffer = id_buffer(ids, cap, count);
    buffer.check();
    const phi::GenerationPrompt prompt = generation_prompt(add_generation_prompt);
    return buffer.write(
        required(t, "t").tokenizer.encode_chat(phi::capi::messages(messages, n), prompt));
  });
}

phi_status PHI_CALL phi_tokenizer_render_chat(const phi_tokenizer* t, const phi_message* messages,
                                              size_t n, int32_t add_generation_prompt, char* text,
                                              size_t cap, size_t* bytes, phi_error* err) {
  return guard(err, [&] {
    const Buffer<char> buffer = text_buffer(text, cap, bytes);
    buffer.check();
    const phi::GenerationPrompt prompt = generation_prompt(add_generation_prompt);
    return buffer.write(
        required(t, "t").tokenizer.render_chat(phi::capi::messages(messages, n), prompt));
  });
}

phi_status PHI_CALL phi_tokenizer_render_chat_json(const phi_tokenizer* t, const char* json,
                                                   size_t json_bytes, char* text, size_t cap,
                                                   size_t* bytes, phi_error* err) {
  return guard(err, [&] {
    const Buffer<char> buffer = text_buffer(text, cap, bytes);
    buffer.check();
    return buffer.write(
        required(t, "t").tokenizer.render_chat_json(input_text(json, json_bytes, "json")));
  });
}

phi_status PHI_CALL phi_tokenizer_decode(const phi_tokenizer* t, const phi_token* ids, size_t n,
                                         int32_t keep_specials, char* text, size_t cap,
                                         size_t* bytes, phi_error* err) {
  return guard(err, [&] {
    const Buffer<char> buffer = text_buffer(text, cap, bytes);
    buffer.check();
    const phi::ShowSpecials show =
        flag(keep_specials, "keep_specials") ? phi::ShowSpecials::yes : phi::ShowSpecials::no;
    return buffer.write(required(t, "t").tokenizer.decode(input(ids, n, "ids"), show));
  });
}
