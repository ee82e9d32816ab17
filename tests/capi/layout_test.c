/* The layout of every struct on x86-64, as it was published. A failure to compile here is a broken
 * ABI, not a test to adapt. Structs with a struct_size may have grown since. */
#include <stddef.h>

#include "check.h"

#if defined(__x86_64__) || defined(_M_X64)
#define FROZEN(name, condition) typedef char frozen_##name[(condition) ? 1 : -1]
#define FIELD(type, field, offset) FROZEN(type##_##field, offsetof(type, field) == (offset))

FROZEN(token, sizeof(phi_token) == 4);
FROZEN(status, sizeof(phi_status) == 4);

FROZEN(error, sizeof(phi_error) == 256);
FIELD(phi_error, code, 0);
FIELD(phi_error, message, 4);

FROZEN(model_options, sizeof(phi_model_options) >= 72);
FIELD(phi_model_options, struct_size, 0);
FIELD(phi_model_options, weights, 4);
FIELD(phi_model_options, threads, 8);
FIELD(phi_model_options, isa, 12);
FIELD(phi_model_options, memory_limit_bytes, 16);
FIELD(phi_model_options, keep_going, 24);
FIELD(phi_model_options, log, 32);
FIELD(phi_model_options, user, 40);
FIELD(phi_model_options, repack, 48);
FIELD(phi_model_options, reserved, 52);
FIELD(phi_model_options, pin, 56);
FIELD(phi_model_options, priority, 60);
FIELD(phi_model_options, pool, 64);

FROZEN(thread_pool, sizeof(phi_thread_pool) == 24);
FIELD(phi_thread_pool, struct_size, 0);
FIELD(phi_thread_pool, threads, 4);
FIELD(phi_thread_pool, run, 8);
FIELD(phi_thread_pool, user, 16);

FROZEN(sampling, sizeof(phi_sampling) >= 88);
FIELD(phi_sampling, struct_size, 0);
FIELD(phi_sampling, top_k, 4);
FIELD(phi_sampling, temperature, 8);
FIELD(phi_sampling, top_p, 12);
FIELD(phi_sampling, min_p, 16);
FIELD(phi_sampling, repeat_penalty, 20);
FIELD(phi_sampling, presence_penalty, 24);
FIELD(phi_sampling, frequency_penalty, 28);
FIELD(phi_sampling, penalty_window, 32);
FIELD(phi_sampling, ignore_end, 36);
FIELD(phi_sampling, seed, 40);
FIELD(phi_sampling, bias_tokens, 48);
FIELD(phi_sampling, biases, 56);
FIELD(phi_sampling, bias_count, 64);
FIELD(phi_sampling, stop_tokens, 72);
FIELD(phi_sampling, stop_count, 80);

FROZEN(session_options, sizeof(phi_session_options) >= 144);
FIELD(phi_session_options, struct_size, 0);
FIELD(phi_session_options, context, 4);
FIELD(phi_session_options, kv, 8);
FIELD(phi_session_options, threads, 12);
FIELD(phi_session_options, keep_going, 16);
FIELD(phi_session_options, user, 24);
FIELD(phi_session_options, sampling, 32);
FIELD(phi_session_options, precision, 120);
FIELD(phi_session_options, reserved, 124);
FIELD(phi_session_options, pin, 128);
FIELD(phi_session_options, priority, 132);
FIELD(phi_session_options, pool, 136);

FROZEN(stream_options, sizeof(phi_stream_options) >= 24);
FIELD(phi_stream_options, struct_size, 0);
FIELD(phi_stream_options, keep_specials, 4);
FIELD(phi_stream_options, stops, 8);
FIELD(phi_stream_options, stop_count, 16);

FROZEN(model_info, sizeof(phi_model_info) >= 184);
FIELD(phi_model_info, struct_size, 0);
FIELD(phi_model_info, layers, 4);
FIELD(phi_model_info, hidden, 8);
FIELD(phi_model_info, heads, 12);
FIELD(phi_model_info, kv_heads, 16);
FIELD(phi_model_info, head_dim, 20);
FIELD(phi_model_info, vocab_size, 24);
FIELD(phi_model_info, context, 28);
FIELD(phi_model_info, parameters, 32);
FIELD(phi_model_info, weight_bytes, 40);
FIELD(phi_model_info, weights, 48);
FIELD(phi_model_info, reserved, 52);
FIELD(phi_model_info, architecture, 56);
FIELD(phi_model_info, name, 88);

FROZEN(tokenizer_info, sizeof(phi_tokenizer_info) >= 88);
FIELD(phi_tokenizer_info, struct_size, 0);
FIELD(phi_tokenizer_info, vocab_size, 4);
FIELD(phi_tokenizer_info, bos, 8);
FIELD(phi_tokenizer_info, pad, 12);
FIELD(phi_tokenizer_info, adds_bos, 16);
FIELD(phi_tokenizer_info, end_count, 20);
FIELD(phi_tokenizer_info, end, 24);

FROZEN(memory, sizeof(phi_memory) >= 48);
FIELD(phi_memory, struct_size, 0);
FIELD(phi_memory, reserved, 4);
FIELD(phi_memory, weights, 8);
FIELD(phi_memory, cache, 16);
FIELD(phi_memory, scratch, 24);
FIELD(phi_memory, peak_while_loading, 32);
FIELD(phi_memory, total, 40);

FROZEN(message, sizeof(phi_message) == 24);
FIELD(phi_message, role, 0);
FIELD(phi_message, content, 8);
FIELD(phi_message, content_bytes, 16);
#endif

/* Numbers that programs were compiled with. */
void test_layout(void) {
  static const struct {
    int value, published;
  } numbers[] = {
      {PHI_OK, 0},
      {PHI_END, 1},
      {PHI_PENDING, 2},
      {PHI_ERR_INVALID_ARGUMENT, -10},
      {PHI_ERR_OUT_OF_RANGE, -11},
      {PHI_ERR_BUFFER_TOO_SMALL, -12},
      {PHI_ERR_NOT_FOUND, -20},
      {PHI_ERR_IO, -21},
      {PHI_ERR_BAD_FORMAT, -22},
      {PHI_ERR_UNSUPPORTED, -23},
      {PHI_ERR_OUT_OF_MEMORY, -30},
      {PHI_ERR_OVER_BUDGET, -31},
      {PHI_ERR_CONTEXT_FULL, -40},
      {PHI_ERR_CANCELLED, -41},
      {PHI_ERR_INTERNAL, -90},
      {PHI_WEIGHTS_AS_STORED, 0},
      {PHI_WEIGHTS_F32, 1},
      {PHI_WEIGHTS_BF16, 2},
      {PHI_WEIGHTS_INT8, 3},
      {PHI_WEIGHTS_INT4, 4},
      {PHI_KV_BF16, 0},
      {PHI_KV_F32, 1},
      {PHI_KV_INT8, 2},
      {PHI_ISA_BEST, 0},
      {PHI_ISA_BASE, 1},
      {PHI_ISA_AVX2, 2},
      {PHI_ISA_AVX512, 3},
      {PHI_ISA_AVX512_VNNI, 4},
      {PHI_REPACK_WHEN_FASTER, 0},
      {PHI_REPACK_NEVER, 1},
      {PHI_PRECISION_STANDARD, 0},
      {PHI_PRECISION_FAST, 1},
      {PHI_PIN_NONE, 0},
      {PHI_PIN_CORES, 1},
      {PHI_PRIORITY_NORMAL, 0},
      {PHI_PRIORITY_LOW, 1},
      {PHI_PRIORITY_IDLE, 2},
      {PHI_LOG_DEBUG, 0},
      {PHI_LOG_INFO, 1},
      {PHI_LOG_WARNING, 2},
  };
  size_t i;
  for (i = 0; i < sizeof numbers / sizeof numbers[0]; ++i)
    CHECK(numbers[i].value == numbers[i].published);
}
