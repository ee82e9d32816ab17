#include <stdlib.h>

#include "check.h"

static int32_t PHI_CALL refuse(void* user, double done) {
  if (done < 0 || done > 1) ++failures;
  ++*(int*)user;
  return 0;
}

static int32_t PHI_CALL accept_all(void* user, double done) {
  if (done < 0 || done > 1) ++failures;
  ++*(int*)user;
  return 1;
}

static void PHI_CALL count_log(void* user, int32_t level, const char* message) {
  if (level < PHI_LOG_DEBUG || level > PHI_LOG_WARNING || message[0] == '\0') ++failures;
  ++*(int*)user;
}

static void test_open_errors(void) {
  phi_error err;
  phi_model* model = NULL;
  int called = 0;
  phi_model_options options = PHI_MODEL_OPTIONS_INIT;

  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "path", phi_model_open(NULL, NULL, &model, &err));
  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "out", phi_model_open(model_folder, NULL, NULL, &err));
  CHECK_ERROR(PHI_ERR_NOT_FOUND, "no-such-model",
              phi_model_open("no-such-model", NULL, &model, &err));
  CHECK_ERROR(PHI_ERR_BAD_FORMAT, "neither", phi_model_open(PHI_TEST_SOURCE, NULL, &model, &err));
  options.weights = 77;
  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "weights",
              phi_model_open(model_folder, &options, &model, &err));
  options.weights = PHI_WEIGHTS_AS_STORED;
  options.isa = -1;
  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "isa",
              phi_model_open(model_folder, &options, &model, &err));
  options.isa = PHI_ISA_BEST;
  options.threads = 100000;
  CHECK_ERROR(PHI_ERR_OUT_OF_RANGE, "threads",
              phi_model_open(model_folder, &options, &model, &err));
  options.threads = 0;
  options.memory_limit_bytes = 1000;
  CHECK_STATUS(PHI_ERR_OVER_BUDGET, phi_model_open(model_folder, &options, &model, &err));
  options.memory_limit_bytes = 0;
  options.weights = PHI_WEIGHTS_INT8;
  options.keep_going = refuse;
  options.user = &called;
  CHECK_STATUS(PHI_ERR_CANCELLED, phi_model_open(model_folder, &options, &model, &err));
  CHECK(called == 1);
  CHECK(model == NULL);
}

static void test_info(void) {
  phi_error err;
  phi_model* model = NULL;
  phi_model_info info = PHI_MODEL_INFO_INIT;
  int called = 0;
  phi_model_options options = PHI_MODEL_OPTIONS_INIT;
  options.keep_going = accept_all;
  options.log = count_log;
  options.user = &called;
  options.threads = 1;
  options.isa = PHI_ISA_BASE;
  options.weights = PHI_WEIGHTS_F32;
  CHECK_STATUS(PHI_OK, phi_model_open(model_folder, &options, &model, &err));
  CHECK(called >= 1); /* the log says at least what was opened */
  CHECK_STATUS(PHI_OK, phi_model_info_get(model, &info, &err));
  CHECK(info.layers == 3 && info.hidden == 64 && info.heads == 4 && info.kv_heads == 2 &&
        info.head_dim == 16);
  CHECK(info.vocab_size == 1003 && info.context == 512 && info.parameters == 257856);
  CHECK(info.weights == PHI_WEIGHTS_F32 && info.weight_bytes >= 4 * info.parameters);
  CHECK(strcmp(info.architecture, "phi3") == 0);
  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "out", phi_model_info_get(model, NULL, &err));
  CHECK(phi_model_tokenizer(model) != NULL);
  CHECK(phi_model_tokenizer(model) == phi_model_tokenizer(model));
  CHECK(phi_model_tokenizer(NULL) == NULL);
  phi_model_free(model);
  phi_model_free(NULL);
}

static void test_estimate(void) {
  phi_error err;
  phi_memory memory = PHI_MEMORY_INIT;
  phi_model_options model_options = PHI_MODEL_OPTIONS_INIT;
  phi_session_options session_options = PHI_SESSION_OPTIONS_INIT;
  phi_model* model = NULL;
  phi_session *first = NULL, *second = NULL;

  session_options.threads = 1;
  session_options.context = 100;
  session_options.kv = PHI_KV_F32;
  CHECK_STATUS(PHI_OK, phi_model_estimate(model_folder, NULL, &session_options, &memory, &err));
  CHECK(memory.weights >= 4 * 257856);
  /* layers, heads, keys and values, positions in blocks of 64, head_dim, bytes */
  CHECK(memory.cache == 2 * 3 * 2 * 128 * 16 * 4);
  CHECK(memory.scratch > 0);
  CHECK(memory.peak_while_loading >= memory.weights);
  CHECK(memory.total == memory.weights + memory.cache + memory.scratch);

  /* The estimate is what the limit is held against. */
  model_options.memory_limit_bytes =
      memory.total > memory.peak_while_loading ? memory.total : memory.peak_while_loading;
  CHECK_STATUS(PHI_OK, phi_model_open(model_folder, &model_options, &model, &err));
  CHECK_STATUS(PHI_OK, phi_session_create(model, &session_options, &first, &err));
  CHECK_ERROR(PHI_ERR_OVER_BUDGET, "session",
              phi_session_create(model, &session_options, &second, &err));
  CHECK(second == NULL);
  phi_session_free(first);
  CHECK_STATUS(PHI_OK, phi_session_create(model, &session_options, &second, &err));
  phi_session_free(second);
  phi_model_free(model);

  session_options.context = 513;
  CHECK_ERROR(PHI_ERR_OUT_OF_RANGE, "513",
              phi_model_estimate(model_folder, NULL, &session_options, &memory, &err));
  CHECK(memory.total == 0 && memory.weights == 0);
  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "path",
              phi_model_estimate(NULL, NULL, NULL, &memory, &err));
  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "out",
              phi_model_estimate(model_folder, NULL, NULL, NULL, &err));
  CHECK_STATUS(PHI_ERR_NOT_FOUND, phi_model_estimate("no-such-model", NULL, NULL, &memory, &err));
}

static void* read_file(const char* path, size_t* n) {
  FILE* file = fopen(path, "rb");
  void* bytes = NULL;
  long size = 0;
  *n = 0;
  if (file == NULL) return NULL;
  if (fseek(file, 0, SEEK_END) == 0 && (size = ftell(file)) > 0 && fseek(file, 0, SEEK_SET) == 0) {
    bytes = malloc((size_t)size);
    if (bytes != NULL) *n = fread(bytes, 1, (size_t)size, file);
  }
  fclose(file);
  return bytes;
}

/* The tokens that a model goes on with, as one number. */
static unsigned long continuation(const phi_model* model) {
  static const phi_token prompt[] = {10, 20, 30, 40};
  phi_error err;
  phi_session* session = open_session(model);
  phi_token token = 0;
  unsigned long sum = 0;
  int i;
  CHECK_STATUS(PHI_OK, phi_session_append(session, prompt, 4, &err));
  for (i = 0; i < 8; ++i) {
    CHECK(phi_session_next(session, &token, &err) >= 0);
    sum = sum * 1009 + (unsigned long)token;
  }
  phi_session_free(session);
  return sum;
}

static void test_convert_and_memory(void) {
  phi_error err;
  phi_model *original = open_model(), *packed = NULL, *in_memory = NULL;
  size_t n = 0;
  void* bytes;

  CHECK_STATUS(PHI_OK, phi_model_convert(model_folder, packed_file, NULL, &err));
  CHECK_STATUS(PHI_OK, phi_model_open(packed_file, NULL, &packed, &err));
  CHECK(continuation(packed) == continuation(original));
  bytes = read_file(packed_file, &n);
  CHECK(bytes != NULL);
  CHECK_STATUS(PHI_OK, phi_model_open_memory(bytes, n, NULL, &in_memory, &err));
  CHECK(continuation(in_memory) == continuation(original));
  phi_model_free(in_memory);
  CHECK(phi_model_open_memory(bytes, n / 3, NULL, &in_memory, &err) < 0);
  CHECK(in_memory == NULL);
  free(bytes);
  phi_model_free(packed);
  phi_model_free(original);

  bytes = read_file(gguf_file, &n);
  CHECK(bytes != NULL);
  CHECK_STATUS(PHI_OK, phi_model_open_memory(bytes, n, NULL, &in_memory, &err));
  CHECK_STATUS(PHI_OK, phi_model_open(gguf_file, NULL, &packed, &err));
  CHECK(continuation(in_memory) == continuation(packed));
  phi_model_free(in_memory);
  phi_model_free(packed);
  free(bytes);

  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "bytes",
              phi_model_open_memory(NULL, 10, NULL, &in_memory, &err));
  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "out", phi_model_open_memory("x", 1, NULL, NULL, &err));
  CHECK_STATUS(PHI_ERR_BAD_FORMAT,
               phi_model_open_memory("not a model", 11, NULL, &in_memory, &err));
  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "from", phi_model_convert(NULL, packed_file, NULL, &err));
  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "to_packed",
              phi_model_convert(model_folder, NULL, NULL, &err));
  CHECK_STATUS(PHI_ERR_NOT_FOUND, phi_model_convert("no-such-model", packed_file, NULL, &err));
  CHECK(phi_model_convert(model_folder, "/no/such/folder/x.phi", NULL, &err) < 0);
}

void test_model(void) {
  test_open_errors();
  test_info();
  test_estimate();
  test_convert_and_memory();
}
