/* Answers questions on a small device, one line each.   usage: phi-edge MODEL [SOCKET]
 *
 * One thread evaluates, memory has a limit, and SIGTERM stops an answer within milliseconds. Under
 * systemd the watchdog hears from the model itself: an answer that hangs is noticed. */
#define _GNU_SOURCE
#include <errno.h>
#include <phi.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum {
  MEMORY_LIMIT_MIB = 64, /* weights, cache and scratch together; the unit's MemoryMax is above it */
  CONTEXT = 256,         /* tokens of a question and its answer */
  LONGEST_LINE = 1024,
  PATIENCE_SECONDS = 10, /* with a client that does not ask */
  READING_SECONDS = 3    /* with one that does not read; the unit's TimeoutStopSec is above it */
};

typedef struct service {
  phi_model* model;
  phi_session* session;
  phi_stream* stream;
  sigset_t stop_signals;
  int stop_pipe[2]; /* its reading end has something once the service is to stop */
} service;

/* Tells systemd, if it listens. */
static void notify(const char* message) {
  const char* path = getenv("NOTIFY_SOCKET");
  struct sockaddr_un to = {.sun_family = AF_UNIX};
  if (!path || strlen(path) >= sizeof to.sun_path) return;
  strcpy(to.sun_path, path);
  const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sendto(fd, message, strlen(message), MSG_NOSIGNAL | MSG_DONTWAIT, (struct sockaddr*)&to,
         sizeof to);
  close(fd);
}

static void still_alive(void) {
  static time_t last;
  if (time(NULL) != last) notify("WATCHDOG=1");
  last = time(NULL);
}

/* The library calls this during a long prompt. */
static int32_t keep_going(void* user, double done) {
  (void)user, (void)done;
  return still_alive(), 1;
}

/* A thread that waits for SIGTERM: any thread may cancel a session. */
static void* stop_on_signal(void* user) {
  service* s = user;
  int signal_number;
  sigwait(&s->stop_signals, &signal_number);
  if (write(s->stop_pipe[1], "", 1) == 1) phi_session_cancel(s->session);
  return NULL;
}

/* Waits until fd can be read; 0 when that takes too long or the service is to stop. */
static int wait_for(const service* s, int fd, int seconds) {
  struct pollfd both[2] = {{fd, POLLIN, 0}, {s->stop_pipe[0], POLLIN, 0}};
  int ready;
  do { /* an idle service tells the watchdog every five seconds that it is well */
    ready = poll(both, 2, 5000);
    still_alive();
    if (seconds > 0 && ready == 0 && (seconds -= 5) <= 0) return 0;
  } while (ready == 0 || (ready < 0 && errno == EINTR));
  return both[1].revents == 0;
}

/* Whatever the model says stays one line. 0 if the client does not take it: it is let go. */
static int put(FILE* out, const char* bytes, size_t size) {
  for (size_t i = 0; i < size; ++i) putc(bytes[i] == '\n' ? ' ' : bytes[i], out);
  return fflush(out) == 0 || (shutdown(fileno(out), SHUT_RDWR), 0);
}

/* One line to one line. 0 if the client is gone or the service is to stop. */
static int answer(service* s, const char* question, size_t size, FILE* out) {
  const phi_message message = {"user", question, size};
  phi_error err = {0, ""};
  phi_token token;
  const char* text;
  int connected = 1;
  phi_status status = phi_session_append_chat(s->session, &message, 1, &err);
  while (status == PHI_OK && connected) {
    still_alive();
    if ((status = phi_session_next(s->session, &token, &err)) != PHI_OK) break;
    status = phi_stream_push(s->stream, token, &text, &size, &err);
    if (status >= 0) connected = put(out, text, size);
  }
  phi_stream_flush(s->stream, &text, &size, NULL);
  if (status < 0) fprintf(out, "error: %s", err.message);
  fputc('\n', out);
  return put(out, "", 0) && connected && status != PHI_ERR_CANCELLED;
}

/* Line after line, until the client or the service ends. */
static void serve(service* s, int in, FILE* out, int patience) {
  char line[LONGEST_LINE];
  size_t used = 0;
  for (;;) {
    char* end = memchr(line, '\n', used);
    if (end) {
      const size_t size = (size_t)(end - line);
      if (size > 0 && !answer(s, line, size, out)) return;
      used -= size + 1;
      memmove(line, end + 1, used);
    } else {
      if (used == sizeof line) return (void)fprintf(out, "error: the line is too long\n");
      if (!wait_for(s, in, patience)) return;
      const ssize_t n = read(in, line + used, sizeof line - used);
      if (n == 0 && used > 0) answer(s, line, used, out); /* a last line without its end */
      if (n <= 0) return;
      used += (size_t)n;
    }
  }
}

static int listen_at(const char* path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address.sun_path) return errno = ENAMETOOLONG, -1;
  strcpy(address.sun_path, path);
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  unlink(path); /* of a run before */
  if (bind(fd, (struct sockaddr*)&address, sizeof address) == 0 && listen(fd, 16) == 0) return fd;
  close(fd);
  return -1;
}

/* One client after the other. */
static int serve_socket(service* s, const char* path) {
  const struct timeval patience = {READING_SECONDS, 0};
  const int listener = listen_at(path);
  if (listener < 0) return perror(path), 1;
  notify("READY=1");
  while (wait_for(s, listener, 0)) {
    const int client = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (client < 0) continue;
    setsockopt(client, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    FILE* out = fdopen(client, "w");
    if (out) serve(s, client, out, PATIENCE_SECONDS);
    out ? fclose(out) : close(client);
  }
  unlink(path);
  return 0;
}

static phi_status open_service(service* s, const char* path, phi_error* err) {
  phi_model_options model = PHI_MODEL_OPTIONS_INIT;
  phi_session_options session = PHI_SESSION_OPTIONS_INIT;
  model.threads = session.threads = 1;
  model.memory_limit_bytes = (uint64_t)MEMORY_LIMIT_MIB << 20;
  model.keep_going = session.keep_going = keep_going;
  session.context = CONTEXT;
  session.kv = PHI_KV_INT8;
  phi_status status = phi_model_open(path, &model, &s->model, err);
  if (status == PHI_OK) status = phi_session_create(s->model, &session, &s->session, err);
  if (status == PHI_OK)
    status = phi_stream_create(phi_model_tokenizer(s->model), NULL, &s->stream, err);
  return status;
}

int main(int argc, char** argv) {
  service s = {0};
  phi_error err = {0, ""};
  pthread_t stopper;
  int result = 1;
  if (argc < 2 || argc > 3) return fprintf(stderr, "usage: %s MODEL [SOCKET]\n", argv[0]), 2;

  signal(SIGPIPE, SIG_IGN); /* a client that leaves is an error of write */
  sigemptyset(&s.stop_signals);
  sigaddset(&s.stop_signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &s.stop_signals, NULL); /* before the library has threads */
  const phi_status status = open_service(&s, argv[1], &err);
  if (status == PHI_ERR_OVER_BUDGET)
    fprintf(stderr, "%s (take a smaller model, or raise MEMORY_LIMIT_MIB)\n", err.message);
  else if (status < 0)
    fprintf(stderr, "%s: %s\n", phi_status_name(status), err.message);
  else if (pipe(s.stop_pipe) != 0 || pthread_create(&stopper, NULL, stop_on_signal, &s) != 0)
    perror("phi-edge");
  else {
    result = argc == 3 ? serve_socket(&s, argv[2]) : (serve(&s, STDIN_FILENO, stdout, 0), 0);
    pthread_kill(stopper, SIGTERM); /* a second one does no harm */
    pthread_join(stopper, NULL);
  }
  phi_stream_free(s.stream);
  phi_session_free(s.session);
  phi_model_free(s.model);
  return result;
}
