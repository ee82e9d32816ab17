/* A chat in the terminal, through the C interface alone.   usage: chat MODEL
 *
 * The whole conversation is handed over at every turn; the session keeps what it has already
 * evaluated. */
#include <phi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static void history_free(history* h) {
  while (h->count > 0) history_drop_last(h);
  free(h->messages);
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

/* Streams the model's answer to the conversation and collects it. */
static phi_status answer_turn(phi_session* session, const phi_tokenizer* tokenizer,
                              const history* h, text* answer, phi_error* err) {
  phi_stream* stream = NULL;
  const char* bytes;
  size_t size;
  phi_token token;

  phi_status status = phi_session_append_chat(session, h->messages, h->count, err);
  if (status == PHI_OK) status = phi_stream_create(tokenizer, NULL, &stream, err);
  while (status == PHI_OK) {
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
  return status;
}

/* Turn after turn, until the input or the memory ends. */
static void converse(phi_session* session, const phi_tokenizer* tokenizer) {
  history conversation = {NULL, 0};
  text line, answer;

  printf("> ");
  fflush(stdout);
  while (read_line(&line)) {
    phi_error err = {0, ""};
    phi_status status;
    const int added = history_add(&conversation, "user", line);
    line.bytes = NULL; /* the conversation's now */
    if (!added) break;
    answer.bytes = NULL;
    answer.size = 0;
    status = answer_turn(session, tokenizer, &conversation, &answer, &err);
    if (status < 0) {
      fprintf(stderr, "%s: %s\n", phi_status_name(status), err.message);
      free(answer.bytes);
      history_drop_last(&conversation); /* the question that got no answer */
    } else if (!history_add(&conversation, "assistant", answer)) {
      break;
    }
    printf("\n> ");
    fflush(stdout);
  }
  free(line.bytes);
  history_free(&conversation);
  printf("\n");
}

int main(int argc, char** argv) {
  phi_model* model = NULL;
  phi_session* session = NULL;
  phi_error err = {0, ""};
  phi_status status;

  if (argc != 2) {
    fprintf(stderr, "usage: %s MODEL\n", argv[0]);
    return 2;
  }
  status = phi_model_open(argv[1], NULL, &model, &err);
  if (status == PHI_OK) status = phi_session_create(model, NULL, &session, &err);
  if (status == PHI_OK) {
    converse(session, phi_model_tokenizer(model));
  } else {
    fprintf(stderr, "%s: %s\n", phi_status_name(status), err.message);
  }
  phi_session_free(session);
  phi_model_free(model);
  return status == PHI_OK ? 0 : 1;
}
