/* Rule 2: handles can be freed in any order; what is left still works. */
#include "check.h"

enum { kModel, kSession, kStream, kHandles };

typedef struct {
  phi_model* model;
  phi_session* session;
  phi_stream* stream;
} handles;

static void use(const handles* h) {
  phi_error err;
  phi_token token = 0;
  const char* text = NULL;
  size_t n = 0;
  phi_model_info info = PHI_MODEL_INFO_INIT;
  if (h->model != NULL) CHECK_STATUS(PHI_OK, phi_model_info_get(h->model, &info, &err));
  if (h->session != NULL) CHECK(phi_session_next(h->session, &token, &err) >= 0);
  if (h->stream != NULL) CHECK(phi_stream_push(h->stream, token, &text, &n, &err) >= 0);
}

static void free_one(handles* h, int which) {
  if (which == kModel) {
    phi_model_free(h->model);
    h->model = NULL;
  } else if (which == kSession) {
    phi_session_free(h->session);
    h->session = NULL;
  } else {
    phi_stream_free(h->stream);
    h->stream = NULL;
  }
}

void test_lifetime(void) {
  static const int orders[6][kHandles] = {{kModel, kSession, kStream}, {kModel, kStream, kSession},
                                          {kSession, kModel, kStream}, {kSession, kStream, kModel},
                                          {kStream, kModel, kSession}, {kStream, kSession, kModel}};
  static const phi_token prompt[] = {1, 2, 3};
  phi_error err;
  int i, j;
  for (i = 0; i < 6; ++i) {
    handles h = {NULL, NULL, NULL};
    h.model = open_model();
    h.session = open_session(h.model);
    CHECK_STATUS(PHI_OK, phi_stream_create(phi_model_tokenizer(h.model), NULL, &h.stream, &err));
    CHECK_STATUS(PHI_OK, phi_session_append(h.session, prompt, 3, &err));
    for (j = 0; j < kHandles; ++j) {
      use(&h);
      free_one(&h, orders[i][j]);
      use(&h);
    }
  }
  { /* a stream outlives a tokenizer that was opened alone */
    phi_tokenizer* t = NULL;
    handles h = {NULL, NULL, NULL};
    CHECK_STATUS(PHI_OK, phi_tokenizer_open(model_folder, &t, &err));
    CHECK_STATUS(PHI_OK, phi_stream_create(t, NULL, &h.stream, &err));
    phi_tokenizer_free(t);
    use(&h);
    phi_stream_free(h.stream);
  }
}
