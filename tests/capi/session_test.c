#include <math.h>
#include <stdlib.h>

#include "check.h"

static const phi_token kPrompt[] = {12, 500, 3, 77, 900, 41};
enum { kPromptLength = 6, kVocab = 1003 };

static phi_token argmax(const float* logits) {
  phi_token best = 0, i;
  for (i = 1; i < kVocab; ++i) {
    if (logits[i] > logits[best]) best = i;
  }
  return best;
}

static void test_generation(const phi_model* model) {
  phi_error err;
  phi_session* s = open_session(model);
  const float* logits = NULL;
  size_t vocab = 0, count = 0;
  phi_token token = -5, first[3], held[16];
  int i;

  CHECK(phi_session_position(s) == 0 && phi_session_position(NULL) == 0);
  CHECK_STATUS(PHI_OK, phi_session_append(s, kPrompt, kPromptLength, &err));
  CHECK(phi_session_position(s) == kPromptLength);
  CHECK_STATUS(PHI_OK, phi_session_logits(s, &logits, &vocab, &err));
  CHECK(vocab == kVocab);
  for (i = 0; i < 3; ++i) {
    const phi_token expected = argmax(logits);
    CHECK_STATUS(PHI_OK, phi_session_next(s, &token, &err));
    CHECK(token == expected);
    first[i] = token;
    CHECK(phi_session_position(s) == (uint32_t)(kPromptLength + i + 1));
    CHECK_STATUS(PHI_OK, phi_session_logits(s, &logits, NULL, &err));
  }
  CHECK_STATUS(PHI_OK, phi_session_tokens(s, held, 16, &count, &err));
  CHECK(count == kPromptLength + 3);
  CHECK(memcmp(held, kPrompt, sizeof kPrompt) == 0 &&
        memcmp(held + kPromptLength, first, sizeof first) == 0);
  CHECK_STATUS(PHI_ERR_BUFFER_TOO_SMALL, phi_session_tokens(s, held, 2, &count, &err));
  CHECK(count == kPromptLength + 3);

  CHECK_STATUS(PHI_OK, phi_session_rewind(s, kPromptLength, &err));
  for (i = 0; i < 3; ++i) {
    CHECK_STATUS(PHI_OK, phi_session_next(s, &token, &err));
    CHECK(token == first[i]);
  }
  CHECK_ERROR(PHI_ERR_OUT_OF_RANGE, "100", phi_session_rewind(s, 100, &err));
  CHECK(phi_session_position(s) == kPromptLength + 3);
  phi_session_free(s);
}

static void test_append_logits(const phi_model* model) {
  phi_error err;
  phi_session *rows = open_session(model), *single = open_session(model);
  float* all = malloc(sizeof(float) * kVocab * kPromptLength);
  const float* logits = NULL;
  int i;
  CHECK(all != NULL);
  CHECK_STATUS(PHI_OK, phi_session_append_logits(rows, kPrompt, kPromptLength, all, &err));
  for (i = 0; i < kPromptLength; ++i) {
    CHECK_STATUS(PHI_OK, phi_session_append(single, kPrompt + i, 1, &err));
    CHECK_STATUS(PHI_OK, phi_session_logits(single, &logits, NULL, &err));
    CHECK(memcmp(all + i * kVocab, logits, sizeof(float) * kVocab) == 0);
  }
  CHECK_STATUS(PHI_OK, phi_session_append_logits(rows, NULL, 0, NULL, &err));
  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "logits",
              phi_session_append_logits(rows, kPrompt, 1, NULL, &err));
  CHECK_STATUS(PHI_ERR_CONTEXT_FULL,
               phi_session_append_logits(rows, kPrompt, SIZE_MAX / 8, all, &err));
  free(all);
  phi_session_free(rows);
  phi_session_free(single);
}

static void test_errors(const phi_model* model) {
  phi_error err;
  phi_session_options options = PHI_SESSION_OPTIONS_INIT;
  phi_session* s = NULL;
  phi_token bad = kVocab, token = 3;
  const float* logits = (const float*)&bad;
  size_t vocab = 3, count = 3;

  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "m:", phi_session_create(NULL, NULL, &s, &err));
  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "out", phi_session_create(model, NULL, NULL, &err));
  options.context = 513;
  CHECK_ERROR(PHI_ERR_OUT_OF_RANGE, "512", phi_session_create(model, &options, &s, &err));
  options.context = 8;
  options.threads = -1;
  CHECK_ERROR(PHI_ERR_OUT_OF_RANGE, "threads", phi_session_create(model, &options, &s, &err));
  options.threads = 1;
  CHECK_STATUS(PHI_OK, phi_session_create(model, &options, &s, &err));

  CHECK_STATUS(PHI_ERR_INVALID_ARGUMENT, phi_session_next(s, &token, &err));
  CHECK(token == 0);
  CHECK_STATUS(PHI_ERR_INVALID_ARGUMENT, phi_session_logits(s, &logits, &vocab, &err));
  CHECK(logits == NULL && vocab == 0);
  CHECK_ERROR(PHI_ERR_OUT_OF_RANGE, "1003", phi_session_append(s, &bad, 1, &err));
  CHECK_STATUS(PHI_OK, phi_session_append(s, NULL, 0, &err));
  CHECK_STATUS(PHI_OK, phi_session_append(s, kPrompt, kPromptLength, &err));
  CHECK_STATUS(PHI_ERR_CONTEXT_FULL, phi_session_append(s, kPrompt, 3, &err));
  CHECK(phi_session_position(s) == kPromptLength);
  CHECK_STATUS(PHI_OK, phi_session_next(s, &token, &err));
  CHECK_STATUS(PHI_OK, phi_session_next(s, &token, &err));
  CHECK_STATUS(PHI_ERR_CONTEXT_FULL, phi_session_next(s, &token, &err));
  CHECK(phi_session_position(s) == 8);

  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "s:", phi_session_append(NULL, kPrompt, 1, &err));
  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "ids", phi_session_append(s, NULL, 1, &err));
  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "s:", phi_session_append_logits(NULL, NULL, 0, NULL, &err));
  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "s:", phi_session_append_chat(NULL, NULL, 0, &err));
  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "messages", phi_session_append_chat(s, NULL, 1, &err));
  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "s:", phi_session_next(NULL, &token, &err));
  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "out", phi_session_next(s, NULL, &err));
  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "s:", phi_session_logits(NULL, &logits, NULL, &err));
  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "logits", phi_session_logits(s, NULL, &vocab, &err));
  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "s:", phi_session_tokens(NULL, NULL, 0, &count, &err));
  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "count", phi_session_tokens(s, NULL, 0, NULL, &err));
  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "s:", phi_session_rewind(NULL, 0, &err));
  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "s:", phi_session_set_sampling(NULL, NULL, &err));
  phi_session_cancel(NULL);
  phi_session_free(s);
  phi_session_free(NULL);
}

static void test_sampling(const phi_model* model) {
  phi_error err;
  phi_session* s = open_session(model);
  phi_sampling sampling = PHI_SAMPLING_INIT;
  phi_token token = 0, forced = 321, bad = kVocab, first[20];
  float bias = 1000.0f;
  int i, round;

  CHECK_STATUS(PHI_OK, phi_session_append(s, kPrompt, kPromptLength, &err));
  sampling.bias_tokens = &forced;
  sampling.biases = &bias;
  sampling.bias_count = 1;
  CHECK_STATUS(PHI_OK, phi_session_set_sampling(s, &sampling, &err));
  CHECK_STATUS(PHI_OK, phi_session_next(s, &token, &err));
  CHECK(token == forced);
  sampling.stop_tokens = &forced;
  sampling.stop_count = 1;
  CHECK_STATUS(PHI_OK, phi_session_set_sampling(s, &sampling, &err));
  CHECK_STATUS(PHI_END, phi_session_next(s, &token, &err));
  CHECK(token == forced);
  forced = 998; /* the model's own end token; the session kept a copy of the old one */
  CHECK_STATUS(PHI_END, phi_session_next(s, &token, &err));
  CHECK(token == 321);
  sampling.stop_count = 0;
  CHECK_STATUS(PHI_OK, phi_session_set_sampling(s, &sampling, &err));
  CHECK_STATUS(PHI_END, phi_session_next(s, &token, &err));
  CHECK(token == 998);
  sampling.ignore_end = 1;
  CHECK_STATUS(PHI_OK, phi_session_set_sampling(s, &sampling, &err));
  CHECK_STATUS(PHI_OK, phi_session_next(s, &token, &err));

  { /* the same seed, the same tokens */
    phi_sampling warm = PHI_SAMPLING_INIT;
    warm.temperature = 1.2f;
    warm.top_k = 100;
    warm.top_p = 0.95f;
    warm.min_p = 0.01f;
    warm.repeat_penalty = 1.1f;
    warm.presence_penalty = 0.1f;
    warm.frequency_penalty = 0.1f;
    warm.penalty_window = 16;
    warm.seed = 4711;
    warm.ignore_end = 1;
    for (round = 0; round < 2; ++round) {
      CHECK_STATUS(PHI_OK, phi_session_rewind(s, kPromptLength, &err));
      CHECK_STATUS(PHI_OK, phi_session_set_sampling(s, &warm, &err));
      for (i = 0; i < 20; ++i) {
        CHECK_STATUS(PHI_OK, phi_session_next(s, &token, &err));
        if (round == 0) first[i] = token;
        CHECK(token == first[i]);
      }
    }
  }

  CHECK_STATUS(PHI_OK, phi_session_set_sampling(s, NULL, &err));
  sampling = (phi_sampling)PHI_SAMPLING_INIT;
  sampling.temperature = NAN;
  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "temperature",
              phi_session_set_sampling(s, &sampling, &err));
  sampling = (phi_sampling)PHI_SAMPLING_INIT;
  sampling.top_p = 1.01f;
  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "top_p", phi_session_set_sampling(s, &sampling, &err));
  sampling = (phi_sampling)PHI_SAMPLING_INIT;
  sampling.ignore_end = 2;
  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "ignore_end", phi_session_set_sampling(s, &sampling, &err));
  sampling = (phi_sampling)PHI_SAMPLING_INIT;
  sampling.bias_count = 1;
  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "bias_tokens",
              phi_session_set_sampling(s, &sampling, &err));
  sampling.bias_tokens = &bad;
  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "biases", phi_session_set_sampling(s, &sampling, &err));
  sampling.biases = &bias;
  CHECK_ERROR(PHI_ERR_OUT_OF_RANGE, "bias[0]", phi_session_set_sampling(s, &sampling, &err));
  sampling = (phi_sampling)PHI_SAMPLING_INIT;
  sampling.stop_count = 1;
  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "stop_tokens",
              phi_session_set_sampling(s, &sampling, &err));
  sampling.struct_size = 0;
  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "struct_size",
              phi_session_set_sampling(s, &sampling, &err));
  phi_session_free(s);
}

static void test_chat(const phi_model* model) {
  phi_error err;
  phi_session* s = open_session(model);
  phi_token ids[256], held[256];
  size_t count = 0, held_count = 0;
  phi_message chat[3] = {
      {"user", "Who may use it?", 15}, {"assistant", "Everybody.", 10}, {"user", "Why?", 4}};
  CHECK_STATUS(PHI_OK, phi_session_append_chat(s, chat, 1, &err));
  CHECK_STATUS(PHI_OK, phi_session_append_chat(s, chat, 3, &err));
  CHECK_STATUS(PHI_OK, phi_tokenizer_encode_chat(phi_model_tokenizer(model), chat, 3, 1, ids, 256,
                                                 &count, &err));
  CHECK_STATUS(PHI_OK, phi_session_tokens(s, held, 256, &held_count, &err));
  CHECK(count == held_count && memcmp(ids, held, count * sizeof ids[0]) == 0);
  phi_session_free(s);
}

static int32_t PHI_CALL refuse(void* user, double done) {
  (void)done;
  ++*(int*)user;
  return 0;
}

static void test_cancel(const phi_model* model) {
  phi_error err;
  phi_session_options options = PHI_SESSION_OPTIONS_INIT;
  phi_session* s = open_session(model);
  phi_token token = 9, many[300];
  int called = 0, i;
  phi_session_cancel(s);
  CHECK_STATUS(PHI_ERR_CANCELLED, phi_session_append(s, kPrompt, kPromptLength, &err));
  CHECK(phi_session_position(s) == 0);
  CHECK_STATUS(PHI_OK, phi_session_append(s, kPrompt, kPromptLength, &err));
  phi_session_cancel(s);
  CHECK_STATUS(PHI_ERR_CANCELLED, phi_session_next(s, &token, &err));
  CHECK(token == 0 && phi_session_position(s) == kPromptLength);
  CHECK_STATUS(PHI_OK, phi_session_next(s, &token, &err));
  phi_session_free(s);

  for (i = 0; i < 300; ++i) many[i] = i;
  options.keep_going = refuse;
  options.user = &called;
  CHECK_STATUS(PHI_OK, phi_session_create(model, &options, &s, &err));
  CHECK_STATUS(PHI_ERR_CANCELLED, phi_session_append(s, many, 300, &err));
  CHECK(called == 1 && phi_session_position(s) == 0);
  phi_session_free(s);
}

void test_session(void) {
  phi_model* model = open_model();
  test_generation(model);
  test_append_logits(model);
  test_errors(model);
  test_sampling(model);
  test_chat(model);
  test_cancel(model);
  phi_model_free(model);
}
