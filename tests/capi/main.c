#include <stdio.h>
#include <stdlib.h>

#include "check.h"

const char* model_folder = PHI_TEST_MODEL;
const char* gguf_file = PHI_TEST_GGUF;
char packed_file[1024];

int checks = 0, failures = 0;

phi_model* open_model(void) {
  phi_model* model = NULL;
  phi_error err;
  CHECK_STATUS(PHI_OK, phi_model_open(model_folder, NULL, &model, &err));
  if (model == NULL) exit(1);
  return model;
}

phi_session* open_session(const phi_model* model) {
  phi_session* session = NULL;
  phi_error err;
  CHECK_STATUS(PHI_OK, phi_session_create(model, NULL, &session, &err));
  if (session == NULL) exit(1);
  return session;
}

int main(int argc, char** argv) {
  /* Where a test may write: the folder that ctest runs it in, or the one given. */
  snprintf(packed_file, sizeof packed_file, "%s/capi_test.phi", argc > 1 ? argv[1] : ".");
  test_layout();
  test_symbols();
  test_status();
  test_structs();
  test_model();
  test_tokenizer();
  test_session();
  test_slices();
  test_stream();
  test_lifetime();
  test_threads();
  test_pool();
  remove(packed_file);
  printf("%d checks, %d failed\n", checks, failures);
  return failures != 0;
}
