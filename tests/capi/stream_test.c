#include "check.h"

/* Streams `ids` and compares the pieces, joined, with `expected`; returns the last status of a
 * push. */
static phi_status stream_all(phi_stream* stream, const phi_token* ids, size_t n,
                             const char* expected) {
  phi_error err;
  char text[512];
  size_t length = 0, piece_bytes = 0, i;
  const char* piece = NULL;
  phi_status status = PHI_OK;
  for (i = 0; i < n; ++i) {
    status = phi_stream_push(stream, ids[i], &piece, &piece_bytes, &err);
    CHECK(status >= 0 && piece != NULL);
    memcpy(text + length, piece, piece_bytes);
    length += piece_bytes;
  }
  CHECK_STATUS(PHI_OK, phi_stream_flush(stream, &piece, &piece_bytes, &err));
  memcpy(text + length, piece, piece_bytes);
  length += piece_bytes;
  CHECK(length == strlen(expected) && memcmp(text, expected, length) == 0);
  return status;
}

void test_stream(void) {
  static const char text[] = "na\xC3\xAFve \xF0\x9F\x98\x80 Permission granted";
  static const char* const stops[] = {"mission", "never"};
  static const char* const bad_stops[] = {"x", NULL};
  static const char* const empty_stops[] = {""};
  phi_model* model = open_model();
  const phi_tokenizer* t = phi_model_tokenizer(model);
  phi_stream_options options = PHI_STREAM_OPTIONS_INIT;
  phi_stream* stream = NULL;
  phi_error err;
  phi_token ids[64];
  size_t count = 0, n = 5;
  const char* piece = text;

  CHECK_STATUS(PHI_OK, phi_tokenizer_encode(t, text, strlen(text), 0, ids, 63, &count, &err));
  CHECK_STATUS(PHI_OK, phi_stream_create(t, NULL, &stream, &err));
  CHECK(stream_all(stream, ids, count, text) == PHI_OK);
  CHECK(stream_all(stream, ids, count, text) == PHI_OK); /* as new */
  ids[count] = 998;
  CHECK(stream_all(stream, ids, count + 1, text) == PHI_OK); /* a control token is not shown */
  CHECK_STATUS(PHI_ERR_OUT_OF_RANGE, phi_stream_push(stream, -1, &piece, &n, &err));
  CHECK(piece == NULL && n == 0);
  phi_stream_free(stream);

  options.keep_specials = 1;
  CHECK_STATUS(PHI_OK, phi_stream_create(t, &options, &stream, &err));
  CHECK(stream_all(stream, ids + count, 1, "<|im_end|>") == PHI_OK);
  phi_stream_free(stream);

  options.keep_specials = 0;
  options.stops = stops;
  options.stop_count = 2;
  CHECK_STATUS(PHI_OK, phi_stream_create(t, &options, &stream, &err));
  CHECK(stream_all(stream, ids, count, "na\xC3\xAFve \xF0\x9F\x98\x80 Per") == PHI_END);
  phi_stream_free(stream);

  options.stops = bad_stops;
  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "stops[1]", phi_stream_create(t, &options, &stream, &err));
  CHECK(stream == NULL);
  options.stops = empty_stops;
  options.stop_count = 1;
  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "stops[0]", phi_stream_create(t, &options, &stream, &err));
  options.stops = NULL;
  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "stops", phi_stream_create(t, &options, &stream, &err));
  options.stop_count = 0;
  options.keep_specials = 3;
  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "keep_specials",
              phi_stream_create(t, &options, &stream, &err));
  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "t:", phi_stream_create(NULL, NULL, &stream, &err));
  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "out", phi_stream_create(t, NULL, NULL, &err));
  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "s:", phi_stream_push(NULL, 0, &piece, &n, &err));
  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "s:", phi_stream_flush(NULL, &piece, &n, &err));
  CHECK_STATUS(PHI_OK, phi_stream_create(t, NULL, &stream, &err));
  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "bytes", phi_stream_push(stream, 0, NULL, &n, &err));
  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "n:", phi_stream_push(stream, 0, &piece, NULL, &err));
  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "bytes", phi_stream_flush(stream, NULL, &n, &err));
  phi_stream_free(stream);
  phi_stream_free(NULL);
  phi_model_free(model);
}
