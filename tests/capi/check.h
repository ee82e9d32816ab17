/* What the C tests share: checks that count, and the small models that they open. C99, nothing but
 * phi.h and the C library. */
#ifndef PHI_TESTS_CAPI_CHECK_H_
#define PHI_TESTS_CAPI_CHECK_H_

#include <stdio.h>
#include <string.h>

#include "phi.h"

/* A folder with a model of 1003 tokens, 512 positions; a packed file that a test may write. Set by
 * main. */
extern const char* model_folder;
extern const char* gguf_file;
extern char packed_file[1024];

extern int checks, failures;

#define CHECK(condition)                                             \
  do {                                                               \
    ++checks;                                                        \
    if (!(condition)) {                                              \
      ++failures;                                                    \
      printf("%s:%d: failed: %s\n", __FILE__, __LINE__, #condition); \
    }                                                                \
  } while (0)

/* A call returns `expected`, and `err` agrees with it; on a mismatch prints the message. */
#define CHECK_STATUS(expected, call)                                                          \
  do {                                                                                        \
    const phi_status status_ = (call);                                                        \
    ++checks;                                                                                 \
    if (status_ != (expected)) {                                                              \
      ++failures;                                                                             \
      printf("%s:%d: %s gave %s (%s)\n", __FILE__, __LINE__, #call, phi_status_name(status_), \
             err.message);                                                                    \
    }                                                                                         \
    CHECK(err.code == status_);                                                               \
    CHECK((err.message[0] == '\0') == (status_ >= 0));                                        \
  } while (0)

/* The same, and the message names what is wrong. */
#define CHECK_ERROR(expected, part, call)                                                       \
  do {                                                                                          \
    CHECK_STATUS(expected, call);                                                               \
    ++checks;                                                                                   \
    if (strstr(err.message, part) == NULL) {                                                    \
      ++failures;                                                                               \
      printf("%s:%d: '%s' is not in the message: %s\n", __FILE__, __LINE__, part, err.message); \
    }                                                                                           \
  } while (0)

phi_model* open_model(void);
phi_session* open_session(const phi_model* model);

/* One file each. */
void test_layout(void);
void test_symbols(void);
void test_status(void);
void test_structs(void);
void test_model(void);
void test_tokenizer(void);
void test_session(void);
void test_slices(void);
void test_stream(void);
void test_lifetime(void);
void test_threads(void);
void test_pool(void);

#endif
