/* Every function of phi.h is there to be linked. tests/policy compares this list, libphi.map and
 * the library. */
#include "check.h"

typedef void (*any_function)(void);

void test_symbols(void) {
  static const any_function functions[] = {
      (any_function)phi_abi_version,
      (any_function)phi_version_string,
      (any_function)phi_status_name,
      (any_function)phi_model_open,
      (any_function)phi_model_open_memory,
      (any_function)phi_model_convert,
      (any_function)phi_model_estimate,
      (any_function)phi_model_info_get,
      (any_function)phi_model_free,
      (any_function)phi_model_tokenizer,
      (any_function)phi_tokenizer_open,
      (any_function)phi_tokenizer_free,
      (any_function)phi_tokenizer_info_get,
      (any_function)phi_tokenizer_encode,
      (any_function)phi_tokenizer_encode_chat,
      (any_function)phi_tokenizer_render_chat,
      (any_function)phi_tokenizer_render_chat_json,
      (any_function)phi_tokenizer_decode,
      (any_function)phi_session_create,
      (any_function)phi_session_free,
      (any_function)phi_session_set_sampling,
      (any_function)phi_session_append,
      (any_function)phi_session_append_logits,
      (any_function)phi_session_append_chat,
      (any_function)phi_session_next,
      (any_function)phi_session_logits,
      (any_function)phi_session_position,
      (any_function)phi_session_tokens,
      (any_function)phi_session_rewind,
      (any_function)phi_session_cancel,
      (any_function)phi_stream_create,
      (any_function)phi_stream_push,
      (any_function)phi_stream_flush,
      (any_function)phi_stream_free,
  };
  size_t i, j;
  CHECK(sizeof functions / sizeof functions[0] == 34);
  for (i = 0; i < sizeof functions / sizeof functions[0]; ++i) {
    CHECK(functions[i] != NULL);
    for (j = 0; j < i; ++j) CHECK(functions[i] != functions[j]);
  }
}
