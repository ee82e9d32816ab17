/* Whose threads evaluate: pools of the application, pinned threads, threads of low priority. The
 * tokens are the same on all of them. */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <time.h>

#include "check.h"

enum { kWorkers = 3, kTokens = 16 };

typedef void(PHI_CALL* task_function)(void* context, int32_t index);

/* An application's pool: threads that wait for a loop and draw its indices. */
typedef struct {
  pthread_mutex_t mutex;
  pthread_cond_t work, done;
  pthread_t threads[kWorkers];
  task_function task;
  void* context;
  int32_t next, tasks, unfinished; /* of the loop that is being run */
  int stopping;
  long loops;
} job_system;

/* Runs indices until none is left; the mutex is held before and after. */
static void draw_indices(job_system* jobs) {
  while (jobs->next < jobs->tasks) {
    const int32_t index = jobs->next++;
    pthread_mutex_unlock(&jobs->mutex);
    jobs->task(jobs->context, index);
    pthread_mutex_lock(&jobs->mutex);
    if (--jobs->unfinished == 0) pthread_cond_signal(&jobs->done);
  }
}

static void* job_thread(void* argument) {
  job_system* jobs = argument;
  pthread_mutex_lock(&jobs->mutex);
  while (!jobs->stopping) {
    draw_indices(jobs);
    if (!jobs->stopping) pthread_cond_wait(&jobs->work, &jobs->mutex);
  }
  pthread_mutex_unlock(&jobs->mutex);
  return NULL;
}

static void PHI_CALL run_jobs(void* user, int32_t tasks, task_function task, void* context) {
  job_system* jobs = user;
  pthread_mutex_lock(&jobs->mutex);
  jobs->task = task;
  jobs->context = context;
  jobs->next = 0;
  jobs->tasks = jobs->unfinished = tasks;
  ++jobs->loops;
  pthread_cond_broadcast(&jobs->work);
  draw_indices(jobs);
  while (jobs->unfinished > 0) pthread_cond_wait(&jobs->done, &jobs->mutex);
  pthread_mutex_unlock(&jobs->mutex);
}

static void start_jobs(job_system* jobs) {
  int i;
  memset(jobs, 0, sizeof *jobs);
  pthread_mutex_init(&jobs->mutex, NULL);
  pthread_cond_init(&jobs->work, NULL);
  pthread_cond_init(&jobs->done, NULL);
  for (i = 0; i < kWorkers; ++i)
    CHECK(pthread_create(&jobs->threads[i], NULL, job_thread, jobs) == 0);
}

static void stop_jobs(job_system* jobs) {
  int i;
  pthread_mutex_lock(&jobs->mutex);
  jobs->stopping = 1;
  pthread_cond_broadcast(&jobs->work);
  pthread_mutex_unlock(&jobs->mutex);
  for (i = 0; i < kWorkers; ++i) pthread_join(jobs->threads[i], NULL);
  pthread_cond_destroy(&jobs->done);
  pthread_cond_destroy(&jobs->work);
  pthread_mutex_destroy(&jobs->mutex);
}

/* No threads at all: the caller does one index after the other. */
static void PHI_CALL run_serially(void* user, int32_t tasks, task_function task, void* context) {
  int32_t i;
  ++*(long*)user;
  for (i = 0; i < tasks; ++i) task(context, i);
}

/* Tokens after a prompt, on the threads that the options name. */
static void generate(const phi_model* model, const phi_session_options* options,
                     phi_token tokens[kTokens]) {
  static const phi_token prompt[] = {8, 16, 24, 32, 40, 48, 56};
  phi_error err;
  phi_session* session = NULL;
  int i;
  CHECK_STATUS(PHI_OK, phi_session_create(model, options, &session, &err));
  if (session == NULL) return;
  CHECK_STATUS(PHI_OK, phi_session_append(session, prompt, 7, &err));
  for (i = 0; i < kTokens; ++i) CHECK(phi_session_next(session, &tokens[i], &err) >= 0);
  phi_session_free(session);
}

static phi_session_options small_session(void) {
  phi_session_options options = PHI_SESSION_OPTIONS_INIT;
  options.context = 64;
  return options;
}

static void test_same_tokens(const phi_model* model) {
  phi_token expected[kTokens], tokens[kTokens];
  phi_session_options options = small_session();
  phi_thread_pool pool = PHI_THREAD_POOL_INIT;
  job_system jobs;
  long serial_loops = 0;

  options.threads = 1;
  generate(model, &options, expected);

  start_jobs(&jobs);
  pool.threads = kWorkers + 1;
  pool.run = run_jobs;
  pool.user = &jobs;
  options.threads = 0;
  options.pool = &pool;
  memset(tokens, -1, sizeof tokens);
  generate(model, &options, tokens);
  CHECK(memcmp(tokens, expected, sizeof tokens) == 0);
  CHECK(jobs.loops > kTokens);
  stop_jobs(&jobs);

  pool.threads = 5;
  pool.run = run_serially;
  pool.user = &serial_loops;
  memset(tokens, -1, sizeof tokens);
  generate(model, &options, tokens);
  CHECK(memcmp(tokens, expected, sizeof tokens) == 0);
  CHECK(serial_loops > kTokens);

  options = small_session();
  options.threads = 3;
  options.pin = PHI_PIN_CORES;
  options.priority = PHI_PRIORITY_IDLE;
  memset(tokens, -1, sizeof tokens);
  generate(model, &options, tokens);
  CHECK(memcmp(tokens, expected, sizeof tokens) == 0);
}

/* A model is opened on a pool too (this one's matrices are too small for more than one task), and
 * nothing runs on it afterwards. */
static void test_load(void) {
  phi_error err;
  phi_model* model = NULL;
  phi_model_options options = PHI_MODEL_OPTIONS_INIT;
  phi_thread_pool pool = PHI_THREAD_POOL_INIT;
  long loops = 0, loops_of_load;
  phi_token token;
  phi_session* session;

  pool.threads = 2;
  pool.run = run_serially;
  pool.user = &loops;
  options.weights = PHI_WEIGHTS_INT8;
  options.pool = &pool;
  CHECK_STATUS(PHI_OK, phi_model_open(model_folder, &options, &model, &err));
  loops_of_load = loops;
  session = open_session(model);
  token = 8;
  CHECK_STATUS(PHI_OK, phi_session_append(session, &token, 1, &err));
  CHECK(loops == loops_of_load);
  phi_session_free(session);
  phi_model_free(model);

  pool.threads = 0;
  CHECK_ERROR(PHI_ERR_OUT_OF_RANGE, "pool.threads",
              phi_model_open(model_folder, &options, &model, &err));
  pool.threads = 2;
  options.pin = PHI_PIN_CORES;
  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "pin",
              phi_model_open(model_folder, &options, &model, &err));
  CHECK(model == NULL);
}

static void test_errors(const phi_model* model) {
  phi_error err;
  phi_session* session = NULL;
  phi_session_options options = small_session();
  phi_thread_pool pool = PHI_THREAD_POOL_INIT;
  long loops = 0;
  options.pool = &pool;
  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "pool.run",
              phi_session_create(model, &options, &session, &err));
  pool.run = run_serially;
  pool.user = &loops;
  CHECK_ERROR(PHI_ERR_OUT_OF_RANGE, "pool.threads",
              phi_session_create(model, &options, &session, &err));
  pool.threads = 2;
  options.threads = 3;
  CHECK_ERROR(PHI_ERR_OUT_OF_RANGE, "threads", phi_session_create(model, &options, &session, &err));
  options.threads = 0;
  options.pin = PHI_PIN_CORES;
  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "pin", phi_session_create(model, &options, &session, &err));
  options.pin = 0;
  options.priority = PHI_PRIORITY_LOW;
  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "priority",
              phi_session_create(model, &options, &session, &err));
  options.priority = 0;
  pool.struct_size = 0;
  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "pool.struct_size",
              phi_session_create(model, &options, &session, &err));
  options.pool = NULL;
  options.pin = 2;
  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "pin: 2",
              phi_session_create(model, &options, &session, &err));
  CHECK(session == NULL);
  CHECK(loops == 0);
}

/* A session that waits costs nothing. */
static void test_idle(const phi_model* model) {
  phi_session_options options = small_session();
  phi_error err;
  phi_session* session = NULL;
  phi_token token = 8;
  struct timespec moment = {0, 20000000}, pause = {0, 500000000}, before, after;
  options.threads = 4;
  CHECK_STATUS(PHI_OK, phi_session_create(model, &options, &session, &err));
  CHECK_STATUS(PHI_OK, phi_session_append(session, &token, 1, &err));
  nanosleep(&moment, NULL); /* until its threads have fallen asleep */
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
  nanosleep(&pause, NULL);
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
  CHECK((double)(after.tv_sec - before.tv_sec) + 1e-9 * (double)(after.tv_nsec - before.tv_nsec) <
        0.005);
  phi_session_free(session);
}

void test_pool(void) {
  phi_model* model = open_model();
  test_same_tokens(model);
  test_load();
  test_errors(model);
  test_idle(model);
  phi_model_free(model);
}
