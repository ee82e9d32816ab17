#include <stdlib.h>

#include "check.h"
#include "phi_experimental.h"

static const phi_token kPrompt[] = {12, 500, 3, 77, 900, 41, 8, 9, 10, 11, 12, 13};
enum { kPromptLength = 12, kTokens = 4 };

/* The tokens of append and next. */
static void generate(const phi_model* model, phi_token* tokens) {
  phi_error err;
  phi_session* s = open_session(model);
  int i;
  CHECK_STATUS(PHI_OK, phi_session_append(s, kPrompt, kPromptLength, &err));
  for (i = 0; i < kTokens; ++i) CHECK(phi_session_next(s, &tokens[i], &err) >= 0);
  phi_session_free(s);
}

static phi_status step_to_token(phi_session* s, uint32_t budget_us, phi_token* token,
                                int* pending) {
  phi_error err;
  phi_status status = PHI_PENDING;
  while (status == PHI_PENDING) {
    *token = -5;
    status = phi_session_step(s, budget_us, token, &err);
    if (status != PHI_PENDING) break;
    CHECK(*token == -1);
    CHECK(err.code == PHI_PENDING && err.message[0] == '\0');
    ++*pending;
  }
  return status;
}

static void test_budgets(const phi_model* model, const phi_token* expected) {
  static const uint32_t budgets[] = {0, 100, UINT32_MAX};
  phi_error err;
  size_t b;
  for (b = 0; b < sizeof budgets / sizeof budgets[0]; ++b) {
    phi_session* s = open_session(model);
    int i, pending = 0;
    CHECK_STATUS(PHI_OK, phi_session_enqueue(s, kPrompt, 5, &err));
    CHECK_STATUS(PHI_OK, phi_session_enqueue(s, kPrompt + 5, kPromptLength - 5, &err));
    CHECK_STATUS(PHI_OK, phi_session_enqueue(s, NULL, 0, &err));
    CHECK(phi_session_position(s) == kPromptLength);
    for (i = 0; i < kTokens; ++i) {
      phi_token token;
      const phi_status status = step_to_token(s, budgets[b], &token, &pending);
      CHECK(status == PHI_OK || status == PHI_END);
      CHECK(token == expected[i]);
      CHECK(phi_session_position(s) == (uint32_t)(kPromptLength + i + 1));
    }
    if (budgets[b] == 0) CHECK(pending > kTokens);
    if (budgets[b] == UINT32_MAX) CHECK(pending == 0);
    phi_session_free(s);
  }
}

static void test_between_steps(const phi_model* model, const phi_token* expected) {
  phi_error err;
  phi_session* s = open_session(model);
  phi_token token;
  int pending = 0;
  CHECK_STATUS(PHI_OK, phi_session_enqueue(s, kPrompt, kPromptLength, &err));
  CHECK_STATUS(PHI_PENDING, phi_session_step(s, 0, &token, &err));
  phi_session_cancel(s);
  CHECK_STATUS(PHI_ERR_CANCELLED, phi_session_step(s, 0, &token, &err));
  CHECK(token == 0);
  CHECK(phi_session_position(s) == kPromptLength);
  CHECK_STATUS(PHI_PENDING, phi_session_step(s, 0, &token, &err));
  CHECK_STATUS(PHI_OK, phi_session_rewind(s, 6, &err));
  CHECK_STATUS(PHI_PENDING, phi_session_step(s, 0, &token, &err));
  CHECK_STATUS(PHI_OK, phi_session_append(s, kPrompt + 6, kPromptLength - 6, &err));
  CHECK(phi_session_next(s, &token, &err) >= 0);
  CHECK(token == expected[0]);
  CHECK_STATUS(PHI_PENDING, phi_session_step(s, 0, &token, &err));
  CHECK(phi_session_next(s, &token, &err) >= 0);
  CHECK(token == expected[1]);
  CHECK(step_to_token(s, 0, &token, &pending) >= 0);
  CHECK(token == expected[2]);
  CHECK_STATUS(PHI_PENDING, phi_session_step(s, 0, &token, &err));
  phi_session_free(s); /* in the middle of a token */
}

static void test_chat(const phi_model* model) {
  static const phi_message message = {"user", "Hello", 5};
  phi_error err;
  phi_session *whole = open_session(model), *sliced = open_session(model);
  phi_token expected = 0, token = 0;
  int pending = 0;
  CHECK_STATUS(PHI_OK, phi_session_append_chat(whole, &message, 1, &err));
  CHECK_STATUS(PHI_OK, phi_session_enqueue_chat(sliced, &message, 1, &err));
  CHECK(phi_session_position(whole) == phi_session_position(sliced));
  CHECK(phi_session_next(whole, &expected, &err) >= 0);
  CHECK(step_to_token(sliced, 50, &token, &pending) >= 0);
  CHECK(token == expected);
  phi_session_free(whole);
  phi_session_free(sliced);
}

static void test_refusals(const phi_model* model) {
  static const phi_token wrong[] = {5, 5000};
  phi_error err;
  phi_session* s = open_session(model);
  phi_token* many = calloc(600, sizeof *many);
  phi_token token = -5;
  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "empty", phi_session_step(s, 0, &token, &err));
  CHECK(token == 0);
  CHECK_ERROR(PHI_ERR_OUT_OF_RANGE, "tokens[1]", phi_session_enqueue(s, wrong, 2, &err));
  CHECK_ERROR(PHI_ERR_CONTEXT_FULL, "600", phi_session_enqueue(s, many, 600, &err));
  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "ids: NULL", phi_session_enqueue(s, NULL, 2, &err));
  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "messages: NULL",
              phi_session_enqueue_chat(s, NULL, 2, &err));
  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "out: NULL", phi_session_step(s, 0, NULL, &err));
  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "s: NULL", phi_session_step(NULL, 0, &token, &err));
  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "s: NULL", phi_session_enqueue(NULL, kPrompt, 1, &err));
  CHECK(phi_session_position(s) == 0);
  CHECK_STATUS(PHI_OK, phi_session_enqueue(s, many, 512, &err));
  CHECK_STATUS(PHI_ERR_CONTEXT_FULL, phi_session_step(s, 0, &token, &err));
  free(many);
  phi_session_free(s);
}

void test_slices(void) {
  phi_model* model = open_model();
  phi_token expected[kTokens];
  generate(model, expected);
  test_budgets(model, expected);
  test_between_steps(model, expected);
  test_chat(model);
  test_refusals(model);
  phi_model_free(model);
}
