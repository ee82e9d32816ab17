/* An application of the time of version 0.1: compiled with the header of then, linked and run with
 * the library of today. It uses every call and every struct, with the sizes and numbers that it was
 * compiled with. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "phi_1.h"

static int failures;

#define CHECK(condition)                                             \
  do {                                                               \
    if (!(condition)) {                                              \
      ++failures;                                                    \
      printf("%s:%d: failed: %s\n", __FILE__, __LINE__, #condition); \
    }                                                                \
  } while (0)

/* Bytes behind an output struct: not the library's to write. */
static int is_untouched(const unsigned char fence[64]) {
  int i, same = 1;
  for (i = 0; i < 64; ++i) same = same && fence[i] == 0x5A;
  return same;
}

static int32_t PHI_CALL keep_going(void* user, double done) {
  *(double*)user = done;
  return 1;
}

static void PHI_CALL count_log(void* user, int32_t level, const char* message) {
  (void)user;
  (void)message;
  CHECK(level >= PHI_LOG_DEBUG && level <= PHI_LOG_WARNING);
}

static void check_infos(const char* path, const phi_model* model) {
  phi_error err;
  struct {
    phi_model_info value;
    unsigned char fence[64];
  } info;
  struct {
    phi_tokenizer_info value;
    unsigned char fence[64];
  } tokenizer;
  struct {
    phi_memory value;
    unsigned char fence[64];
  } memory;

  memset(&info, 0x5A, sizeof info);
  info.value.struct_size = (uint32_t)sizeof info.value;
  CHECK(phi_model_info_get(model, &info.value, &err) == PHI_OK);
  CHECK(is_untouched(info.fence));
  CHECK(info.value.layers > 0 && info.value.vocab_size > 0 && info.value.context > 0);
  CHECK(strcmp(info.value.architecture, "phi3") == 0);

  memset(&tokenizer, 0x5A, sizeof tokenizer);
  tokenizer.value.struct_size = (uint32_t)sizeof tokenizer.value;
  CHECK(phi_tokenizer_info_get(phi_model_tokenizer(model), &tokenizer.value, &err) == PHI_OK);
  CHECK(is_untouched(tokenizer.fence));
  CHECK(tokenizer.value.vocab_size > 0 && tokenizer.value.end_count > 0);

  memset(&memory, 0x5A, sizeof memory);
  memory.value.struct_size = (uint32_t)sizeof memory.value;
  CHECK(phi_model_estimate(path, NULL, NULL, &memory.value, &err) == PHI_OK);
  CHECK(is_untouched(memory.fence));
  CHECK(memory.value.total == memory.value.weights + memory.value.cache + memory.value.scratch);
}

static void check_tokenizer(const char* path) {
  static const phi_message chat[] = {{"user", "hello", 5}};
  static const char json[] =
      "{\"messages\": [{\"role\": \"user\", \"content\": \"hello\"}], "
      "\"add_generation_prompt\": true}";
  phi_tokenizer* tokenizer = NULL;
  phi_error err;
  phi_token ids[64];
  char text[256], other[256];
  size_t count = 0, bytes = 0, other_bytes = 0;

  CHECK(phi_tokenizer_open(path, &tokenizer, &err) == PHI_OK);
  CHECK(phi_tokenizer_encode(tokenizer, "hello", 5, 0, NULL, 0, &count, &err) ==
        PHI_ERR_BUFFER_TOO_SMALL);
  CHECK(phi_tokenizer_encode(tokenizer, "hello", 5, 0, ids, 64, &count, &err) == PHI_OK);
  CHECK(phi_tokenizer_decode(tokenizer, ids, count, 0, text, sizeof text, &bytes, &err) == PHI_OK);
  CHECK(bytes == 5 && memcmp(text, "hello", 5) == 0);
  CHECK(phi_tokenizer_encode_chat(tokenizer, chat, 1, 1, ids, 64, &count, &err) == PHI_OK);
  CHECK(phi_tokenizer_render_chat(tokenizer, chat, 1, 1, text, sizeof text, &bytes, &err) ==
        PHI_OK);
  CHECK(phi_tokenizer_render_chat_json(tokenizer, json, sizeof json - 1, other, sizeof other,
                                       &other_bytes, &err) == PHI_OK);
  CHECK(bytes == other_bytes && memcmp(text, other, bytes) == 0);
  phi_tokenizer_free(tokenizer);
}

static void check_session(const phi_model* model) {
  static const phi_token prompt[] = {1, 2, 3}, forbidden[] = {5};
  static const float never[] = {-1e9f};
  static const phi_message chat[] = {{"user", "hello", 5}};
  phi_session_options options = PHI_SESSION_OPTIONS_INIT;
  phi_sampling sampling = PHI_SAMPLING_INIT;
  phi_session* session = NULL;
  phi_error err;
  phi_token first = -1, again = -1, held[8];
  const float* logits = NULL;
  size_t vocab = 0, count = 0;
  double done = 0;
  float rows[2 * 1003];

  options.context = 64;
  options.kv = PHI_KV_F32;
  options.threads = 2;
  options.keep_going = keep_going;
  options.user = &done;
  options.sampling.seed = 7;
  options.precision = PHI_PRECISION_FAST;
  CHECK(phi_session_create(model, &options, &session, &err) == PHI_OK);
  CHECK(phi_session_append(session, prompt, 3, &err) == PHI_OK);
  CHECK(phi_session_logits(session, &logits, &vocab, &err) == PHI_OK && vocab == 1003);
  CHECK(phi_session_next(session, &first, &err) >= PHI_OK);
  CHECK(phi_session_position(session) == 4);
  CHECK(phi_session_tokens(session, held, 8, &count, &err) == PHI_OK);
  CHECK(count == 4 && held[0] == 1 && held[3] == first);

  sampling.temperature = 0.5f;
  sampling.top_k = 1;
  sampling.bias_tokens = forbidden;
  sampling.biases = never;
  sampling.bias_count = 1;
  CHECK(phi_session_set_sampling(session, &sampling, &err) == PHI_OK);
  CHECK(phi_session_rewind(session, 3, &err) == PHI_OK);
  CHECK(phi_session_next(session, &again, &err) >= PHI_OK);
  CHECK(again == first || first == 5);

  CHECK(phi_session_append_logits(session, prompt, 2, rows, &err) == PHI_OK);
  CHECK(phi_session_append_chat(session, chat, 1, &err) == PHI_OK);
  phi_session_cancel(session);
  CHECK(phi_session_next(session, &first, &err) == PHI_ERR_CANCELLED);
  CHECK(err.code == PHI_ERR_CANCELLED && err.message[0] != '\0');
  phi_session_free(session);
}

static void check_stream(const phi_model* model) {
  static const char* const stops[] = {"never said"};
  phi_stream_options options = PHI_STREAM_OPTIONS_INIT;
  phi_stream* stream = NULL;
  phi_error err;
  const char* bytes = NULL;
  size_t n = 0;
  options.keep_specials = 1;
  options.stops = stops;
  options.stop_count = 1;
  CHECK(phi_stream_create(phi_model_tokenizer(model), &options, &stream, &err) == PHI_OK);
  CHECK(phi_stream_push(stream, 1, &bytes, &n, &err) == PHI_OK);
  CHECK(phi_stream_flush(stream, &bytes, &n, &err) == PHI_OK);
  phi_stream_free(stream);
}

int main(int argc, char** argv) {
  const char* path = argc > 1 ? argv[1] : "";
  phi_model_options options = PHI_MODEL_OPTIONS_INIT;
  phi_model* model = NULL;
  phi_error err;
  double done = 0;

  CHECK(phi_abi_version() >= PHI_ABI_VERSION);
  CHECK(phi_version_string()[0] != '\0');
  CHECK(strcmp(phi_status_name(PHI_ERR_NOT_FOUND), "PHI_ERR_NOT_FOUND") == 0);
  CHECK(phi_model_open("no such file", NULL, &model, &err) == PHI_ERR_NOT_FOUND && model == NULL);
  CHECK(phi_model_open_memory("junk", 4, NULL, &model, &err) == PHI_ERR_BAD_FORMAT);
  CHECK(phi_model_convert("no such file", "nowhere", NULL, &err) == PHI_ERR_NOT_FOUND);

  options.weights = PHI_WEIGHTS_F32;
  options.threads = 1;
  options.isa = PHI_ISA_AVX2;
  options.memory_limit_bytes = 1u << 30;
  options.keep_going = keep_going;
  options.log = count_log;
  options.user = &done;
  options.repack = PHI_REPACK_NEVER;
  CHECK(phi_model_open(path, &options, &model, &err) == PHI_OK);
  if (model == NULL) return 1;
  check_infos(path, model);
  check_tokenizer(path);
  check_session(model);
  check_stream(model);
  phi_model_free(model);
  return failures != 0;
}
