/* Rule 3: many sessions on one model, shared tokenizers, and the one call that any thread may make.
 */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <time.h>

#include "check.h"

enum { kThreads = 8, kTokens = 12, kLong = 500 };

typedef struct {
  const phi_model* model;
  phi_token tokens[kTokens];
  phi_status status;
} job;

static void* generate(void* argument) {
  static const phi_token prompt[] = {8, 16, 24, 32, 40};
  job* j = argument;
  phi_session_options options = PHI_SESSION_OPTIONS_INIT;
  phi_session* session = NULL;
  phi_token ids[32];
  size_t count = 0;
  int i;
  options.threads = 1;
  options.context = 64;
  j->status = phi_session_create(j->model, &options, &session, NULL);
  if (j->status == PHI_OK) j->status = phi_session_append(session, prompt, 5, NULL);
  for (i = 0; i < kTokens && j->status >= 0; ++i)
    j->status = phi_session_next(session, &j->tokens[i], NULL);
  if (j->status >= 0)
    j->status =
        phi_tokenizer_encode(phi_model_tokenizer(j->model), "shared", 6, 0, ids, 32, &count, NULL);
  phi_session_free(session);
  return NULL;
}

static void test_many_sessions(const phi_model* model) {
  pthread_t threads[kThreads];
  job jobs[kThreads];
  int i;
  for (i = 0; i < kThreads; ++i) {
    memset(&jobs[i], 0, sizeof jobs[i]);
    jobs[i].model = model;
    CHECK(pthread_create(&threads[i], NULL, generate, &jobs[i]) == 0);
  }
  for (i = 0; i < kThreads; ++i) pthread_join(threads[i], NULL);
  for (i = 0; i < kThreads; ++i) {
    CHECK(jobs[i].status >= 0);
    CHECK(memcmp(jobs[i].tokens, jobs[0].tokens, sizeof jobs[0].tokens) == 0);
  }
}

typedef struct {
  phi_session* session;
  long delay_ns;
} canceller;

static void* cancel_later(void* argument) {
  const canceller* c = argument;
  struct timespec pause;
  pause.tv_sec = 0;
  pause.tv_nsec = c->delay_ns;
  nanosleep(&pause, NULL);
  phi_session_cancel(c->session);
  return NULL;
}

/* Whenever the cancel comes, exactly one call reports it and the session is as before that call. */
static void test_cancel(const phi_model* model, int in_prefill) {
  phi_error err;
  phi_session* session = open_session(model);
  phi_token prompt[kLong], token = 0;
  int round, i;
  for (i = 0; i < kLong; ++i) prompt[i] = i;
  for (round = 0; round < 12; ++round) {
    pthread_t thread;
    canceller c;
    int cancelled = 0;
    uint32_t before;
    CHECK_STATUS(PHI_OK, phi_session_rewind(session, 0, &err));
    if (!in_prefill) CHECK_STATUS(PHI_OK, phi_session_append(session, prompt, 10, &err));
    c.session = session;
    c.delay_ns = 200000L * round;
    CHECK(pthread_create(&thread, NULL, cancel_later, &c) == 0);
    for (i = 0; i < 100000 && !cancelled; ++i) {
      phi_status status;
      before = phi_session_position(session);
      if (in_prefill) {
        status = phi_session_append(session, prompt, kLong, &err);
      } else {
        status = phi_session_next(session, &token, &err);
      }
      cancelled = status == PHI_ERR_CANCELLED;
      CHECK(cancelled || status >= 0);
      if (cancelled) CHECK(phi_session_position(session) == before);
      if (!cancelled && phi_session_position(session) >= kLong)
        phi_session_rewind(session, in_prefill ? 0 : 10, &err);
    }
    CHECK(cancelled);
    pthread_join(thread, NULL);
    CHECK(in_prefill ? phi_session_append(session, prompt, 5, &err) == PHI_OK
                     : phi_session_next(session, &token, &err) >= 0);
  }
  phi_session_free(session);
}

void test_threads(void) {
  phi_model* model = open_model();
  test_many_sessions(model);
  test_cancel(model, 1);
  test_cancel(model, 0);
  phi_model_free(model);
}
