/* Prints what phi.h looks like to a C compiler, for tests of bindings that declare it again:
 * "size TYPE BYTES", "field TYPE.NAME OFFSET BYTES" and "constant NAME VALUE", one on a line.
 * phi_thread_pool is not among them: no binding offers it, `pool` is NULL there. */
#include <stddef.h>
#include <stdio.h>

#include "phi.h"

#define SIZE(type) printf("size %s %zu\n", #type, sizeof(type))
#define FIELD(type, name) \
  printf("field %s.%s %zu %zu\n", #type, #name, offsetof(type, name), sizeof(((type*)0)->name))
#define CONSTANT(name) printf("constant %s %ld\n", #name, (long)(name))

static void print_options(void) {
  SIZE(phi_model_options);
  FIELD(phi_model_options, struct_size);
  FIELD(phi_model_options, weights);
  FIELD(phi_model_options, threads);
  FIELD(phi_model_options, isa);
  FIELD(phi_model_options, memory_limit_bytes);
  FIELD(phi_model_options, keep_going);
  FIELD(phi_model_options, log);
  FIELD(phi_model_options, user);
  FIELD(phi_model_options, repack);
  FIELD(phi_model_options, reserved);
  FIELD(phi_model_options, pin);
  FIELD(phi_model_options, priority);
  FIELD(phi_model_options, pool);
  SIZE(phi_sampling);
  FIELD(phi_sampling, struct_size);
  FIELD(phi_sampling, top_k);
  FIELD(phi_sampling, temperature);
  FIELD(phi_sampling, top_p);
  FIELD(phi_sampling, min_p);
  FIELD(phi_sampling, repeat_penalty);
  FIELD(phi_sampling, presence_penalty);
  FIELD(phi_sampling, frequency_penalty);
  FIELD(phi_sampling, penalty_window);
  FIELD(phi_sampling, ignore_end);
  FIELD(phi_sampling, seed);
  FIELD(phi_sampling, bias_tokens);
  FIELD(phi_sampling, biases);
  FIELD(phi_sampling, bias_count);
  FIELD(phi_sampling, stop_tokens);
  FIELD(phi_sampling, stop_count);
  SIZE(phi_session_options);
  FIELD(phi_session_options, struct_size);
  FIELD(phi_session_options, context);
  FIELD(phi_session_options, kv);
  FIELD(phi_session_options, threads);
  FIELD(phi_session_options, keep_going);
  FIELD(phi_session_options, user);
  FIELD(phi_session_options, sampling);
  FIELD(phi_session_options, precision);
  FIELD(phi_session_options, reserved);
  FIELD(phi_session_options, pin);
  FIELD(phi_session_options, priority);
  FIELD(phi_session_options, pool);
  SIZE(phi_stream_options);
  FIELD(phi_stream_options, struct_size);
  FIELD(phi_stream_options, keep_specials);
  FIELD(phi_stream_options, stops);
  FIELD(phi_stream_options, stop_count);
  SIZE(phi_message);
  FIELD(phi_message, role);
  FIELD(phi_message, content);
  FIELD(phi_message, content_bytes);
}

static void print_outputs(void) {
  SIZE(phi_error);
  FIELD(phi_error, code);
  FIELD(phi_error, message);
  SIZE(phi_model_info);
  FIELD(phi_model_info, struct_size);
  FIELD(phi_model_info, layers);
  FIELD(phi_model_info, hidden);
  FIELD(phi_model_info, heads);
  FIELD(phi_model_info, kv_heads);
  FIELD(phi_model_info, head_dim);
  FIELD(phi_model_info, vocab_size);
  FIELD(phi_model_info, context);
  FIELD(phi_model_info, parameters);
  FIELD(phi_model_info, weight_bytes);
  FIELD(phi_model_info, weights);
  FIELD(phi_model_info, reserved);
  FIELD(phi_model_info, architecture);
  FIELD(phi_model_info, name);
  SIZE(phi_tokenizer_info);
  FIELD(phi_tokenizer_info, struct_size);
  FIELD(phi_tokenizer_info, vocab_size);
  FIELD(phi_tokenizer_info, bos);
  FIELD(phi_tokenizer_info, pad);
  FIELD(phi_tokenizer_info, adds_bos);
  FIELD(phi_tokenizer_info, end_count);
  FIELD(phi_tokenizer_info, end);
  SIZE(phi_memory);
  FIELD(phi_memory, struct_size);
  FIELD(phi_memory, reserved);
  FIELD(phi_memory, weights);
  FIELD(phi_memory, cache);
  FIELD(phi_memory, scratch);
  FIELD(phi_memory, peak_while_loading);
  FIELD(phi_memory, total);
}

static void print_constants(void) {
  CONSTANT(PHI_ABI_VERSION);
  CONSTANT(PHI_OK);
  CONSTANT(PHI_END);
  CONSTANT(PHI_PENDING);
  CONSTANT(PHI_ERR_INVALID_ARGUMENT);
  CONSTANT(PHI_ERR_OUT_OF_RANGE);
  CONSTANT(PHI_ERR_BUFFER_TOO_SMALL);
  CONSTANT(PHI_ERR_NOT_FOUND);
  CONSTANT(PHI_ERR_IO);
  CONSTANT(PHI_ERR_BAD_FORMAT);
  CONSTANT(PHI_ERR_UNSUPPORTED);
  CONSTANT(PHI_ERR_OUT_OF_MEMORY);
  CONSTANT(PHI_ERR_OVER_BUDGET);
  CONSTANT(PHI_ERR_CONTEXT_FULL);
  CONSTANT(PHI_ERR_CANCELLED);
  CONSTANT(PHI_ERR_INTERNAL);
  CONSTANT(PHI_WEIGHTS_AS_STORED);
  CONSTANT(PHI_WEIGHTS_F32);
  CONSTANT(PHI_WEIGHTS_BF16);
  CONSTANT(PHI_WEIGHTS_INT8);
  CONSTANT(PHI_WEIGHTS_INT4);
  CONSTANT(PHI_ISA_BEST);
  CONSTANT(PHI_ISA_BASE);
  CONSTANT(PHI_ISA_AVX2);
  CONSTANT(PHI_ISA_AVX512);
  CONSTANT(PHI_ISA_AVX512_VNNI);
  CONSTANT(PHI_KV_BF16);
  CONSTANT(PHI_KV_F32);
  CONSTANT(PHI_KV_INT8);
  CONSTANT(PHI_REPACK_WHEN_FASTER);
  CONSTANT(PHI_REPACK_NEVER);
  CONSTANT(PHI_PRECISION_STANDARD);
  CONSTANT(PHI_PRECISION_FAST);
  CONSTANT(PHI_PIN_NONE);
  CONSTANT(PHI_PIN_CORES);
  CONSTANT(PHI_PRIORITY_NORMAL);
  CONSTANT(PHI_PRIORITY_LOW);
  CONSTANT(PHI_PRIORITY_IDLE);
  CONSTANT(PHI_LOG_DEBUG);
  CONSTANT(PHI_LOG_INFO);
  CONSTANT(PHI_LOG_WARNING);
}

int main(void) {
  print_options();
  print_outputs();
  print_constants();
  return 0;
}
