/*
 * phi.h - run Phi-4 and its peers inside your program, on its CPU, without a network.
 *
 * This header is the whole C interface of libphi. A program that answers one question:
 *
 *     #include <phi.h>
 *     #include <stdio.h>
 *     int main(void) {
 *       phi_model *model = NULL; phi_session *session = NULL; phi_stream *stream = NULL;
 *       phi_error err;
 *       phi_message ask = {"user", "Why is the sky blue?", 20};
 *       phi_status s = phi_model_open("phi-4-Q4_0.gguf", NULL, &model, &err);
 *       if (s == PHI_OK) s = phi_session_create(model, NULL, &session, &err);
 *       if (s == PHI_OK) s = phi_stream_create(phi_model_tokenizer(model), NULL, &stream, &err);
 *       if (s == PHI_OK) s = phi_session_append_chat(session, &ask, 1, &err);
 *       phi_token token; const char *text; size_t bytes;
 *       while (s == PHI_OK && (s = phi_session_next(session, &token, &err)) == PHI_OK) {
 *         s = phi_stream_push(stream, token, &text, &bytes, &err);
 *         fwrite(text, 1, bytes, stdout);
 *       }
 *       if (s < 0) fprintf(stderr, "%s: %s\n", phi_status_name(s), err.message);
 *       phi_stream_free(stream); phi_session_free(session); phi_model_free(model);
 *       return s < 0;
 *     }
 *
 * The rules, once for all calls
 * -----------------------------
 * 1. Calls that can fail return a phi_status (0 ok, > 0 information, < 0 error) and take
 *    `phi_error *err` last, which may be NULL. On error the outputs become NULL or 0, except where
 *    a required size is given, and no object has changed.
 * 2. Handles are opaque. _open and _create make them, _free releases them; _free(NULL) does
 *    nothing. Sessions and streams keep their model and their tokenizer alive, so handles can be
 *    freed in any order. Nothing is ever handed to you to free(); where a pointer is borrowed from
 *    the library, its description says how long it lives.
 * 3. Calls that take a `const phi_x *` may run on many threads at once, but not beside a call that
 *    takes the same object as `phi_x *`; those run on one thread at a time. The only exception is
 *    phi_session_cancel, which any thread may call until the session is freed.
 * 4. Text is UTF-8, given as pointer and number of bytes, and needs no NUL. Bytes that are not
 *    UTF-8 are read as U+FFFD. A path is NUL-terminated UTF-8. An empty text or array may have the
 *    pointer NULL.
 * 5. Option structs: `struct_size` = sizeof the struct, everything else zero; zero always means
 *    the documented default. Each struct has a PHI_..._INIT macro that says this. NULL instead of
 *    a struct = all defaults. A struct larger than the library knows is accepted when its tail is
 *    zero, and is PHI_ERR_UNSUPPORTED otherwise; of an output struct as many bytes are written as
 *    both sides know. So a program and a library of different versions work together.
 *
 * What any call may return, beside what its description says: PHI_ERR_INVALID_ARGUMENT (NULL where
 * something is needed, a value that makes no sense; the message names it), PHI_ERR_OUT_OF_MEMORY,
 * PHI_ERR_INTERNAL (a mistake in the library: please report it).
 *
 * The library's own code never aborts, exits, prints, reads environment variables or opens a
 * socket. It writes a file only in phi_model_convert.
 */
#ifndef PHI_H_
#define PHI_H_

#include <stddef.h>
#include <stdint.h>

/* Define PHI_STATIC when you link the static library. */
#if defined(PHI_STATIC)
#define PHI_API
#elif defined(_WIN32)
#if defined(PHI_BUILD)
#define PHI_API __declspec(dllexport)
#else
#define PHI_API __declspec(dllimport)
#endif
#elif defined(__GNUC__)
#define PHI_API __attribute__((visibility("default")))
#else
#define PHI_API
#endif

/* The calling convention of every function and callback here. */
#if defined(_WIN32) && !defined(_WIN64)
#define PHI_CALL __cdecl
#else
#define PHI_CALL
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Version of this binary interface; it grows when something is appended. */
#define PHI_ABI_VERSION 1

typedef struct phi_model phi_model;         /* weights, configuration and tokenizer; immutable */
typedef struct phi_tokenizer phi_tokenizer; /* vocabulary and chat template; immutable */
typedef struct phi_session phi_session; /* one conversation: tokens, their KV cache, a sampler */
typedef struct phi_stream phi_stream; /* tokens, one at a time, to text that can be shown at once */

typedef int32_t phi_token;  /* index into the vocabulary, from 0 */
typedef int32_t phi_status; /* one of the values below */

/* ---- Results ---- */

/* Values never change and are never reused. */
enum {
  PHI_OK = 0,
  PHI_END = 1,     /* the reply, or the text of a stream, has ended */
  PHI_PENDING = 2, /* more work is left; reserved for calls that stop after a time slice */

  PHI_ERR_INVALID_ARGUMENT = -10, /* NULL, or a value that makes no sense */
  PHI_ERR_OUT_OF_RANGE = -11,     /* a token, position or size beyond what there is */
  PHI_ERR_BUFFER_TOO_SMALL = -12, /* nothing was written; the required size was */

  PHI_ERR_NOT_FOUND = -20,   /* no such file */
  PHI_ERR_IO = -21,          /* a file could not be read or written */
  PHI_ERR_BAD_FORMAT = -22,  /* a file is damaged or is something else */
  PHI_ERR_UNSUPPORTED = -23, /* well-formed, but beyond what this version can do */

  PHI_ERR_OUT_OF_MEMORY = -30, /* the system gives no more memory or threads */
  PHI_ERR_OVER_BUDGET = -31,   /* memory_limit_bytes would be exceeded */

  PHI_ERR_CONTEXT_FULL = -40, /* the session has no room for so many tokens */
  PHI_ERR_CANCELLED = -41,    /* phi_session_cancel, or keep_going returned 0 */

  PHI_ERR_INTERNAL = -90
};

/* Filled by every call that takes one: on success code is the returned status and message is "".
   The message is one line, lower case, that names the file, tensor, field or value at fault; it is
   cut at a code point. The layout is frozen. */
typedef struct phi_error {
  phi_status code;
  char message[252];
} phi_error;

/* PHI_ABI_VERSION of the library that is running. */
PHI_API uint32_t PHI_CALL phi_abi_version(void);

/* "0.1.0": version of the library that is running. Lives as long as the library is loaded. */
PHI_API const char* PHI_CALL phi_version_string(void);

/* "PHI_ERR_NOT_FOUND" and so on; "PHI_UNKNOWN" for any other number. Lives as long as the library
   is loaded. */
PHI_API const char* PHI_CALL phi_status_name(phi_status s);

/* ---- Options ---- */

/* phi_model_options.weights: how matrices are held in memory. */
enum {
  PHI_WEIGHTS_AS_STORED = 0, /* the file's own types, mapped and not copied */
  PHI_WEIGHTS_F32 = 1,
  PHI_WEIGHTS_BF16 = 2,
  PHI_WEIGHTS_INT8 = 3, /* 8 bits a weight; a scale for 256 of a row, or for 32 */
  PHI_WEIGHTS_INT4 = 4  /* 4.5 bits a weight; token embedding and output matrix have 6 to 8 */
};

/* phi_model_options.isa: the most that the library's own kernels may use of the processor. */
enum {
  PHI_ISA_BEST = 0,
  PHI_ISA_BASE = 1,
  PHI_ISA_AVX2 = 2,
  PHI_ISA_AVX512 = 3,
  PHI_ISA_AVX512_VNNI = 4
};

/* phi_session_options.kv: element type of the KV cache. */
enum {
  PHI_KV_BF16 = 0,
  PHI_KV_F32 = 1,
  PHI_KV_INT8 = 2 /* one scale for every 32 elements of a key or value */
};

/* May low-bit weights be put into the order that the processor's kernels work fastest in? */
enum {
  PHI_REPACK_WHEN_FASTER = 0, /* yes; copies what the file does not have in that order */
  PHI_REPACK_NEVER = 1        /* no: stays mapped as the file has it; slower prompts */
};

/* Of prompt processing with low-bit weights, which rounds the inputs of every matrix to 8 bits. */
enum {
  PHI_PRECISION_STANDARD = 0, /* a scale per 32 inputs (K-quants: 128, 256), weights as they are */
  /* Q4_0 and Q4_1: a scale per 64 inputs; Q4_K: 256; others: 128, and weights rounded to 8 bits
     with a scale per 128 too. As STANDARD without AVX-512 VNNI. */
  PHI_PRECISION_FAST = 1
};

/* Levels of phi_model_options.log. */
enum { PHI_LOG_DEBUG = 0, PHI_LOG_INFO = 1, PHI_LOG_WARNING = 2 };

typedef struct phi_model_options {
  uint32_t struct_size; /* = sizeof(phi_model_options) */
  int32_t weights;      /* PHI_WEIGHTS_... */
  int32_t threads;      /* that load; 0 = physical cores that this process may use; <= 1024 */
  int32_t isa;          /* PHI_ISA_...; 0 = the best that the processor has */
  /* 0 = none. Covers the weights (mapped pages too), the peak while loading, and all sessions of
     the model. What would exceed it is PHI_ERR_OVER_BUDGET before anything is allocated. */
  uint64_t memory_limit_bytes;
  /* Progress of the load from 0 to 1, on the calling thread, at most every 20 ms. Returning 0
     cancels: PHI_ERR_CANCELLED. */
  int32_t(PHI_CALL* keep_going)(void* user, double done);
  /* One line of log, NUL-terminated, valid during the call; PHI_LOG_.... Called while the model is
     being opened or converted. NULL = silent. */
  void(PHI_CALL* log)(void* user, int32_t level, const char* message);
  void* user;        /* handed to both callbacks */
  int32_t repack;    /* PHI_REPACK_... */
  uint32_t reserved; /* zero */
} phi_model_options;
#define PHI_MODEL_OPTIONS_INIT \
  { (uint32_t)sizeof(phi_model_options), 0, 0, 0, 0, NULL, NULL, NULL, 0, 0 }

/* How the next token is chosen. Steps, in this order: bias, penalties, top_k, top_p, min_p,
   temperature, draw. All zero takes the most probable token. The generator and the draw are
   specified in docs/sampling.md: a seed gives the same tokens everywhere. */
typedef struct phi_sampling {
  uint32_t struct_size; /* = sizeof(phi_sampling) */
  uint32_t top_k;       /* keep the k most probable tokens; 0 = off */
  float temperature;    /* divides the logits; 0 = the best token, the lowest id of equals; >= 0 */
  float top_p;          /* keep the shortest list that holds this probability; 0..1; 0 = off */
  float min_p;          /* keep what is this times as probable as the best; 0..1; 0 = off */
  float repeat_penalty; /* seen tokens: divides logits > 0, multiplies others; 0, 1 = off */
  float presence_penalty;  /* subtracted from the logit of a seen token */
  float frequency_penalty; /* subtracted from the logit of a seen token once per occurrence */
  uint32_t penalty_window; /* how many of the last tokens, prompt included, count as seen; 0 = 64 */
  uint32_t ignore_end;     /* 1 = the model's end tokens are ordinary tokens (for benchmarks) */
  uint64_t seed;           /* of the generator */
  const phi_token* bias_tokens; /* [bias_count] each in the vocabulary; copied */
  const float* biases; /* [bias_count] added to their logits; -INFINITY forbids a token; copied */
  size_t bias_count;
  const phi_token* stop_tokens; /* [stop_count] end a reply, as the model's own do; copied */
  size_t stop_count;
} phi_sampling;
#define PHI_SAMPLING_INIT \
  { (uint32_t)sizeof(phi_sampling), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, NULL, NULL, 0, NULL, 0 }

typedef struct phi_session_options {
  uint32_t struct_size; /* = sizeof(phi_session_options) */
  /* Positions to reserve, at most the model's. 0 = min(the model's, 4096); for a model with
     longrope also at most the length that it was first trained for, because crossing it evaluates
     everything again. */
  uint32_t context;
  int32_t kv;      /* PHI_KV_... */
  int32_t threads; /* that evaluate; 0 = physical cores that this process may use; at most 1024 */
  /* Progress of a long prefill from 0 to 1, on the calling thread, at most every 20 ms. Returning 0
     cancels: PHI_ERR_CANCELLED. */
  int32_t(PHI_CALL* keep_going)(void* user, double done);
  void* user;            /* handed to keep_going */
  phi_sampling sampling; /* struct_size may be 0 here */
  int32_t precision;     /* PHI_PRECISION_... */
  uint32_t reserved;     /* zero */
} phi_session_options;
#define PHI_SESSION_OPTIONS_INIT \
  { (uint32_t)sizeof(phi_session_options), 0, 0, 0, NULL, NULL, PHI_SAMPLING_INIT, 0, 0 }

typedef struct phi_stream_options {
  uint32_t struct_size;     /* = sizeof(phi_stream_options) */
  uint32_t keep_specials;   /* 1 = control tokens are part of the text */
  const char* const* stops; /* [stop_count] NUL-terminated stop strings, none empty; copied */
  size_t stop_count;
} phi_stream_options;
#define PHI_STREAM_OPTIONS_INIT \
  { (uint32_t)sizeof(phi_stream_options), 0, NULL, 0 }

/* One turn of a chat. */
typedef struct phi_message {
  const char* role;    /* NUL-terminated; usually "system", "user", "assistant" or "tool" */
  const char* content; /* [content_bytes] */
  size_t content_bytes;
} phi_message;

/* ---- What the library tells: set struct_size before the call ---- */

typedef struct phi_model_info {
  uint32_t struct_size; /* = sizeof(phi_model_info) */
  uint32_t layers;
  uint32_t hidden;   /* width of the residual stream */
  uint32_t heads;    /* query heads */
  uint32_t kv_heads; /* key and value heads */
  uint32_t head_dim;
  uint32_t vocab_size;   /* length of a row of logits; may exceed the tokenizer's */
  uint32_t context;      /* positions that the model is made for */
  uint64_t parameters;   /* number of weights */
  uint64_t weight_bytes; /* as held in memory, mapped pages included */
  int32_t weights;       /* PHI_WEIGHTS_... */
  uint32_t reserved;
  char architecture[32]; /* "phi3", "qwen2" or "llama"; NUL-terminated */
  char name[96];         /* as the file says, may be ""; NUL-terminated, cut at a code point */
} phi_model_info;
#define PHI_MODEL_INFO_INIT                                                       \
  {                                                                               \
    (uint32_t)sizeof(phi_model_info), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, {0}, { 0 } \
  }

typedef struct phi_tokenizer_info {
  uint32_t struct_size; /* = sizeof(phi_tokenizer_info) */
  uint32_t vocab_size;  /* highest id + 1 */
  phi_token bos;        /* beginning of text; -1 = none */
  phi_token pad;        /* -1 = none */
  uint32_t adds_bos;    /* 1 = the model expects bos before a plain prompt; encode never adds it */
  uint32_t end_count;   /* number of end tokens; may exceed 16 */
  phi_token end[16];    /* the first of them; -1 = none */
} phi_tokenizer_info;
#define PHI_TOKENIZER_INFO_INIT                                \
  {                                                            \
    (uint32_t)sizeof(phi_tokenizer_info), 0, 0, 0, 0, 0, { 0 } \
  }

/* Bytes, for one model with one session. */
typedef struct phi_memory {
  uint32_t struct_size; /* = sizeof(phi_memory) */
  uint32_t reserved;
  uint64_t weights; /* mapped pages included */
  uint64_t cache;   /* keys and values of the session */
  uint64_t scratch; /* everything else that the session reserves */
  uint64_t peak_while_loading;
  uint64_t total; /* weights + cache + scratch */
} phi_memory;
#define PHI_MEMORY_INIT \
  { (uint32_t)sizeof(phi_memory), 0, 0, 0, 0, 0, 0 }

/* ---- Models ---- */

/* Opens a Hugging Face directory, a .gguf file (any part of a split one), or a packed file. Which
   of them it is, is seen from what is there, not from the name. Weights are mapped: they are read
   from disk as they are used, and files must not change meanwhile. PHI_ERR_NOT_FOUND, _IO,
   _BAD_FORMAT, _UNSUPPORTED, _OVER_BUDGET, _CANCELLED */
PHI_API phi_status PHI_CALL phi_model_open(const char* path, const phi_model_options* opt,
                                           phi_model** out, phi_error* err);

/* The same for a GGUF or packed file that is in memory already: bytes [n], borrowed while the
   model, a session of it, or a tokenizer or stream made from it lives. Alignment to 64 bytes is
   best for speed, none is needed. */
PHI_API phi_status PHI_CALL phi_model_open_memory(const void* bytes, size_t n,
                                                  const phi_model_options* opt, phi_model** out,
                                                  phi_error* err);

/* Writes what phi_model_open takes as one packed file: self-contained, and it opens fastest. The
   file appears whole or not at all. With opt->weights the weights are converted once and for all.
   Errors as for phi_model_open. */
PHI_API phi_status PHI_CALL phi_model_convert(const char* from, const char* to_packed,
                                              const phi_model_options* opt, phi_error* err);

/* How much memory phi_model_open(path, opt) and one session would take, from the headers alone.
   out->struct_size must be set. Errors as for phi_model_open and phi_session_create; limits are not
   applied. */
PHI_API phi_status PHI_CALL phi_model_estimate(const char* path, const phi_model_options* opt,
                                               const phi_session_options* session, phi_memory* out,
                                               phi_error* err);

/* out->struct_size must be set. */
PHI_API phi_status PHI_CALL phi_model_info_get(const phi_model* m, phi_model_info* out,
                                               phi_error* err);

/* Weights are let go when the model and all its sessions, streams and tokenizers are freed. */
PHI_API void PHI_CALL phi_model_free(phi_model* m);

/* The model's tokenizer, borrowed while m lives; never phi_tokenizer_free it. NULL only for NULL.
   Of a model that comes without one, every call with it but phi_tokenizer_info_get is
   PHI_ERR_UNSUPPORTED. */
PHI_API const phi_tokenizer* PHI_CALL phi_model_tokenizer(const phi_model* m);

/* ---- Tokenizers ----
   Where text or ids are written to a buffer of yours: up to cap of them, and *count or *bytes is
   the number needed. If that exceeds cap, nothing is written and the call returns
   PHI_ERR_BUFFER_TOO_SMALL; with cap 0 the buffer may be NULL, which asks for the size. Text gets
   no NUL at its end. */

/* A tokenizer without its model, from a Hugging Face directory, a tokenizer.json, a .gguf or a
   packed file. PHI_ERR_NOT_FOUND, _IO, _BAD_FORMAT, _UNSUPPORTED */
PHI_API phi_status PHI_CALL phi_tokenizer_open(const char* path, phi_tokenizer** out,
                                               phi_error* err);
PHI_API void PHI_CALL phi_tokenizer_free(phi_tokenizer* t);

/* out->struct_size must be set. */
PHI_API phi_status PHI_CALL phi_tokenizer_info_get(const phi_tokenizer* t, phi_tokenizer_info* out,
                                                   phi_error* err);

/* Text to ids; adds no BOS. specials: 0 = control tokens spelled in the text are text, 1 = they
   become control tokens. */
PHI_API phi_status PHI_CALL phi_tokenizer_encode(const phi_tokenizer* t, const char* text,
                                                 size_t text_bytes, int32_t specials,
                                                 phi_token* ids, size_t cap, size_t* count,
                                                 phi_error* err);

/* A chat to ids. Message content is always text: control tokens spelled inside it stay text. BOS
   where the model's chats have one. add_generation_prompt: 1 = end with the header that asks the
   model for its answer. PHI_ERR_INVALID_ARGUMENT if the template refuses the messages,
   PHI_ERR_UNSUPPORTED if the model has no usable template. */
PHI_API phi_status PHI_CALL phi_tokenizer_encode_chat(const phi_tokenizer* t,
                                                      const phi_message* messages, size_t n,
                                                      int32_t add_generation_prompt, phi_token* ids,
                                                      size_t cap, size_t* count, phi_error* err);

/* A chat to text: exactly what the model's template gives. Errors as above. */
PHI_API phi_status PHI_CALL phi_tokenizer_render_chat(const phi_tokenizer* t,
                                                      const phi_message* messages, size_t n,
                                                      int32_t add_generation_prompt, char* text,
                                                      size_t cap, size_t* bytes, phi_error* err);

/* The same for a JSON object {"messages": [...], "tools": [...], "add_generation_prompt": true,
   ...}; every further member is a variable of the template. */
PHI_API phi_status PHI_CALL phi_tokenizer_render_chat_json(const phi_tokenizer* t, const char* json,
                                                           size_t json_bytes, char* text,
                                                           size_t cap, size_t* bytes,
                                                           phi_error* err);

/* Ids to text; byte sequences that are not UTF-8 become U+FFFD. keep_specials: 1 = control tokens
   are part of the text. PHI_ERR_OUT_OF_RANGE for an id outside the vocabulary. To show tokens as
   they come, use a phi_stream. */
PHI_API phi_status PHI_CALL phi_tokenizer_decode(const phi_tokenizer* t, const phi_token* ids,
                                                 size_t n, int32_t keep_specials, char* text,
                                                 size_t cap, size_t* bytes, phi_error* err);

/* ---- Sessions ---- */

/* Reserves and touches all memory of the session; later calls allocate nothing of ours. Any number
   of sessions share one model. PHI_ERR_OUT_OF_RANGE for a context beyond the model's,
   PHI_ERR_OVER_BUDGET */
PHI_API phi_status PHI_CALL phi_session_create(const phi_model* m, const phi_session_options* opt,
                                               phi_session** out, phi_error* err);
PHI_API void PHI_CALL phi_session_free(phi_session* s);

/* Keeps tokens and cache; the generator starts again from the seed. NULL = all defaults. */
PHI_API phi_status PHI_CALL phi_session_set_sampling(phi_session* s, const phi_sampling* sampling,
                                                     phi_error* err);

/* Appends ids [n] and evaluates them (prefill) before it returns. The result does not depend on how
   a prompt is split into calls. PHI_ERR_OUT_OF_RANGE for an id outside the vocabulary,
   PHI_ERR_CONTEXT_FULL, PHI_ERR_CANCELLED; then the session holds what it held. */
PHI_API phi_status PHI_CALL phi_session_append(phi_session* s, const phi_token* ids, size_t n,
                                               phi_error* err);

/* The same, and the logits after each of the ids: logits [n, vocab_size] f32, row-major, your
   memory. On error its content is unspecified. */
PHI_API phi_status PHI_CALL phi_session_append_logits(phi_session* s, const phi_token* ids,
                                                      size_t n, float* logits, phi_error* err);

/* The whole conversation, each turn: keeps the tokens that are the same as before with their cache,
   drops the others, and appends the rest with the generation prompt. Errors as for
   phi_session_append and phi_tokenizer_encode_chat. */
PHI_API phi_status PHI_CALL phi_session_append_chat(phi_session* s, const phi_message* messages,
                                                    size_t n, phi_error* err);

/* Evaluates a token that still waits, samples the next one into *out and counts it in position; its
   own evaluation is put off until it is needed, so that a token reaches you at once. PHI_END: *out
   is an end token; it is appended like any other, and calling on is allowed.
   PHI_ERR_INVALID_ARGUMENT at position 0, PHI_ERR_CONTEXT_FULL, PHI_ERR_CANCELLED */
PHI_API phi_status PHI_CALL phi_session_next(phi_session* s, phi_token* out, phi_error* err);

/* The logits after the last position, as the model gives them (no bias, no penalties): *logits is
   [*vocab] f32, borrowed until the next call on s. vocab may be NULL. PHI_ERR_INVALID_ARGUMENT at
   position 0; PHI_ERR_CANCELLED if much has to be evaluated again and a cancel cuts it short, which
   then still waits for an append or next. */
PHI_API phi_status PHI_CALL phi_session_logits(phi_session* s, const float** logits, size_t* vocab,
                                               phi_error* err);

/* Number of tokens held; 0 for NULL. */
PHI_API uint32_t PHI_CALL phi_session_position(const phi_session* s);

/* The tokens held, into ids as described at "Tokenizers". */
PHI_API phi_status PHI_CALL phi_session_tokens(const phi_session* s, phi_token* ids, size_t cap,
                                               size_t* count, phi_error* err);

/* Drops the tokens from `position` on. Penalties follow the tokens, the generator runs on.
   PHI_ERR_OUT_OF_RANGE beyond what is held. */
PHI_API phi_status PHI_CALL phi_session_rewind(phi_session* s, uint32_t position, phi_error* err);

/* From any thread, until s is freed: one append or next returns PHI_ERR_CANCELLED, the one that is
   running (within milliseconds) or else the next one called. The session then holds what it held
   before, and is ready for more. */
PHI_API void PHI_CALL phi_session_cancel(phi_session* s);

/* ---- Streams ---- */

PHI_API phi_status PHI_CALL phi_stream_create(const phi_tokenizer* t, const phi_stream_options* opt,
                                              phi_stream** out, phi_error* err);

/* Takes one token and gives the text that can be shown now: whole code points, nothing that may
   still turn out to be the beginning of a stop string. *bytes is [*n], without NUL, borrowed until
   the next call on the stream; *n is often 0. PHI_END: a stop string is complete, and the text ends
   before it; further pushes give PHI_END and no text, until a flush. PHI_ERR_OUT_OF_RANGE for an id
   outside the vocabulary. */
PHI_API phi_status PHI_CALL phi_stream_push(phi_stream* s, phi_token token, const char** bytes,
                                            size_t* n, phi_error* err);

/* The end of a reply: what is still held back, incomplete bytes as U+FFFD; nothing after a stop
   string. Then the stream is as new. */
PHI_API phi_status PHI_CALL phi_stream_flush(phi_stream* s, const char** bytes, size_t* n,
                                             phi_error* err);
PHI_API void PHI_CALL phi_stream_free(phi_stream* s);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* PHI_H_ */
