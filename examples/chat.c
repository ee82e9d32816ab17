/* A chat in the terminal, through the C interface alone.   usage: chat [MODEL]
 *
 * The whole conversation is handed over at every turn; the session keeps what it has already
 * evaluated. Ctrl-C stops an answer; at the prompt it ends the program. */
#include <phi.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef DEFAULT_MODEL
#define DEFAULT_MODEL "examples/phi-nano/phi-nano.phi"
#endif

/* The conversation so far. Owns the contents of its messages. */
typedef struct history {
  phi_message* messages;
  size_t count;
} history;

/* A text that grows. */
typedef struct text {
  char* bytes;
  size_t size;
} text;

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal_number) {
  (void)signal_number;
  interrupted = 1;
}

/* Called between the pieces of a long prompt. */
static int32_t keep_going(void* user, double done) {
  (void)user, (void)done;
  return !interrupted;
}

static int text_append(text* t, const char* bytes, size_t size) {
  char* grown = realloc(t->bytes, t->size + size + 1);
  if (!grown) return 0;
  if (size > 0) memcpy(grown + t->size, bytes, size);
  t->bytes = grown;
  t->size += size;
  t->bytes[t->size] = '\0';
  return 1;
}

/* Takes over `content`. */
static int history_add(history* h, const char* role, text content) {
  phi_message* grown = realloc(h->messages, (h->count + 1) * sizeof *grown);
  if (!grown) {
    free(content.bytes);
    return 0;
  }
  h->messages = grown;
  h->messages[h->count].role = role;
  h->messages[h->count].content = content.bytes;
  h->messages[h->count].content_bytes = content.size;
  ++h->count;
  return 1;
}

static void history_drop_last(history* h) { free((char*)h->messages[--h->count].content); }

static void history_drop_first(history* h) {
  free((char*)h->messages[0].content);
  memmove(h->messages, h->messages + 1, --h->count * sizeof *h->messages);
}

/* One line of standard input without its end; 0 at the end of input. */
static int read_line(text* line) {
  char part[512];
  line->bytes = NULL;
  line->size = 0;
  while (fgets(part, sizeof part, stdin)) {
    size_t size = strlen(part);
    const int complete = size > 0 && part[size - 1] == '\n';
    if (!text_append(line, part, complete ? size - 1 : size)) break;
    if (complete) return 1;
  }
  return line->size > 0;
}

static int show(text* answer, const char* bytes, size_t size) {
  fwrite(bytes, 1, size, stdout);
  fflush(stdout);
  return text_append(answer, bytes, size);
}

/* Evaluates the conversation; what has no room any more is forgotten, the oldest turns first. */
static phi_status append(phi_session* session, history* h, phi_error* err) {
  phi_status status;
  while ((status = phi_session_append_chat(session, h->messages, h->count, err)) ==
             PHI_ERR_CONTEXT_FULL &&
         h->count > 2) {
    history_drop_first(h); /* the question */
    history_drop_first(h); /* and its answer */
    fprintf(stderr, "[no room: the oldest question and its answer are forgotten]\n");
  }
  return status;
}

/* Streams the model's answer to the conversation and collects it. */
static phi_status answer_turn(phi_session* session, const phi_tokenizer* tokenizer, history* h,
                              text* answer, phi_error* err) {
  phi_stream* stream = NULL;
  const char* bytes;
  size_t size;
  phi_token token;

  phi_status status = append(session, h, err);
  if (status == PHI_OK) status = phi_stream_create(tokenizer, NULL, &stream, err);
  while (status == PHI_OK && !interrupted) {
    status = phi_session_next(session, &token, err);
    if (status != PHI_OK)
      break; /* PHI_END: the token is the model's end token, which has no text */
    status = phi_stream_push(stream, token, &bytes, &size, err);
    if (status >= 0 && !show(answer, bytes, size)) status = PHI_ERR_OUT_OF_MEMORY;
  }
  if (status >= 0) {
    status = phi_stream_flush(stream, &bytes, &size, err);
    if (status >= 0 && !show(answer, bytes, size)) status = PHI_ERR_OUT_OF_MEMORY;
  }
  phi_stream_free(stream);
  return interrupted ? PHI_ERR_CANCELLED : status;
}

/* What went wrong, and what to do about it. */
static void explain(phi_status status, const phi_error* err) {
  const char* advice = NULL;
  if (status == PHI_ERR_CANCELLED) return (void)fprintf(stderr, "[stopped]");
  if (status == PHI_ERR_NOT_FOUND) advice = "name a Hugging Face folder or a .gguf or .phi file";
  if (status == PHI_ERR_CONTEXT_FULL) advice = "the answer was cut off: ask for a shorter one";
  if (status == PHI_ERR_OUT_OF_MEMORY) advice = "close other programs, or take a smaller model";
  if (status == PHI_ERR_UNSUPPORTED)
    advice = "a chat wants a model with a tokenizer and a chat template";
  fprintf(stderr, "%s: %s\n", phi_status_name(status), err->message);
  if (advice) fprintf(stderr, "(%s)\n", advice);
}

/* Turn after turn, until the input or the memory ends. */
static void converse(phi_session* session, const phi_tokenizer* tokenizer) {
  history conversation = {NULL, 0};
  text line;

  while (printf("> "), fflush(stdout), read_line(&line)) {
    phi_error err = {0, ""};
    phi_status status;
    text answer = {NULL, 0};

    const int added = history_add(&conversation, "user", line);
    line.bytes = NULL; /* the conversation's now */
    if (!added) break;
    interrupted = 0;
    signal(SIGINT, on_interrupt);
    status = answer_turn(session, tokenizer, &conversation, &answer, &err);
    signal(SIGINT, SIG_DFL); /* at the prompt it ends the program */
    if (status < 0 && answer.size > 0) printf("\n"), fflush(stdout);
    if (status < 0) explain(status, &err);
    if (answer.size == 0) {
      free(answer.bytes);
      history_drop_last(&conversation); /* the question that got no answer */
    } else if (!history_add(&conversation, "assistant", answer)) {
      break;
    }
    printf("\n");
  }
  free(line.bytes);
  while (conversation.count > 0) history_drop_last(&conversation);
  free(conversation.messages);
  printf("\n");
}

int main(int argc, char** argv) {
  phi_model* model = NULL;
  phi_session* session = NULL;
  phi_error err = {0, ""};
  phi_session_options options = PHI_SESSION_OPTIONS_INIT;
  phi_status status;

  if (argc > 2) return fprintf(stderr, "usage: %s [MODEL]\n", argv[0]), 2;
  options.keep_going = keep_going;
  status = phi_model_open(argc == 2 ? argv[1] : DEFAULT_MODEL, NULL, &model, &err);
  if (status == PHI_OK) status = phi_session_create(model, &options, &session, &err);
  if (status == PHI_OK) {
    converse(session, phi_model_tokenizer(model));
  } else {
    explain(status, &err);
  }
  phi_session_free(session);
  phi_model_free(model);
  return status == PHI_OK ? 0 : 1;
}
