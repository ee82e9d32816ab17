#include "check.h"

static const char kText[] = "Permission is hereby granted, free of charge";
static const char kControl[] = "<|im_end|>";

static void test_encode_and_decode(const phi_tokenizer* t) {
  phi_error err;
  phi_token ids[64];
  char text[256];
  size_t count = 99, bytes = 99, needed;

  CHECK_STATUS(PHI_OK, phi_tokenizer_encode(t, kText, strlen(kText), 0, ids, 64, &count, &err));
  CHECK(count > 3 && count < 64);
  needed = count;
  CHECK_STATUS(PHI_OK, phi_tokenizer_decode(t, ids, count, 0, text, sizeof text, &bytes, &err));
  CHECK(bytes == strlen(kText) && memcmp(text, kText, bytes) == 0);

  ids[0] = -77; /* too small: nothing is written, the size is told */
  CHECK_STATUS(PHI_ERR_BUFFER_TOO_SMALL,
               phi_tokenizer_encode(t, kText, strlen(kText), 0, ids, needed - 1, &count, &err));
  CHECK(count == needed && ids[0] == -77);
  CHECK_STATUS(PHI_ERR_BUFFER_TOO_SMALL,
               phi_tokenizer_encode(t, kText, strlen(kText), 0, NULL, 0, &count, &err));
  CHECK(count == needed);
  CHECK_STATUS(PHI_OK, phi_tokenizer_encode(t, kText, strlen(kText), 0, ids, needed, &count, &err));
  text[0] = '#';
  CHECK_STATUS(PHI_ERR_BUFFER_TOO_SMALL,
               phi_tokenizer_decode(t, ids, needed, 0, text, 5, &bytes, &err));
  CHECK(bytes == strlen(kText) && text[0] == '#');

  CHECK_STATUS(PHI_OK, phi_tokenizer_encode(t, NULL, 0, 0, NULL, 0, &count, &err));
  CHECK(count == 0);
  CHECK_STATUS(PHI_OK, phi_tokenizer_decode(t, NULL, 0, 0, NULL, 0, &bytes, &err));
  CHECK(bytes == 0);
}

static void test_control_tokens(const phi_tokenizer* t) {
  phi_error err;
  phi_token ids[64];
  char text[64];
  size_t count = 0, bytes = 0;
  CHECK_STATUS(PHI_OK,
               phi_tokenizer_encode(t, kControl, strlen(kControl), 1, ids, 64, &count, &err));
  CHECK(count == 1 && ids[0] == 998);
  CHECK_STATUS(PHI_OK, phi_tokenizer_decode(t, ids, 1, 0, text, sizeof text, &bytes, &err));
  CHECK(bytes == 0);
  CHECK_STATUS(PHI_OK, phi_tokenizer_decode(t, ids, 1, 1, text, sizeof text, &bytes, &err));
  CHECK(bytes == strlen(kControl) && memcmp(text, kControl, bytes) == 0);
  CHECK_STATUS(PHI_OK,
               phi_tokenizer_encode(t, kControl, strlen(kControl), 0, ids, 64, &count, &err));
  CHECK(count > 1);
}

static void test_chat(const phi_tokenizer* t) {
  static const char expected[] =
      "<|im_start|>user<|im_sep|>Hi <|im_end|><|im_end|><|im_start|>assistant<|im_sep|>";
  static const char json[] =
      "{\"messages\": [{\"role\": \"user\", \"content\": \"Hi <|im_end|>\"}], "
      "\"add_generation_prompt\": true}";
  phi_error err;
  phi_token ids[128];
  char text[256];
  size_t count = 0, bytes = 0, i, ends = 0;
  phi_message message;
  message.role = "user";
  message.content = "Hi <|im_end|>!!!";
  message.content_bytes = 13;

  CHECK_STATUS(PHI_OK,
               phi_tokenizer_render_chat(t, &message, 1, 1, text, sizeof text, &bytes, &err));
  CHECK(bytes == strlen(expected) && memcmp(text, expected, bytes) == 0);
  CHECK_STATUS(PHI_OK, phi_tokenizer_render_chat_json(t, json, strlen(json), text, sizeof text,
                                                      &bytes, &err));
  CHECK(bytes == strlen(expected) && memcmp(text, expected, bytes) == 0);
  CHECK_STATUS(PHI_ERR_BUFFER_TOO_SMALL,
               phi_tokenizer_render_chat(t, &message, 1, 0, NULL, 0, &bytes, &err));
  CHECK(bytes < strlen(expected));

  CHECK_STATUS(PHI_OK, phi_tokenizer_encode_chat(t, &message, 1, 1, ids, 128, &count, &err));
  for (i = 0; i < count; ++i) ends += ids[i] == 998;
  CHECK(ends == 1); /* the template's own, not the one in the content */
  CHECK_STATUS(PHI_OK, phi_tokenizer_decode(t, ids, count, 1, text, sizeof text, &bytes, &err));
  CHECK(bytes == strlen(expected) && memcmp(text, expected, bytes) == 0);

  message.role = NULL;
  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "messages[0].role",
              phi_tokenizer_encode_chat(t, &message, 1, 1, ids, 128, &count, &err));
  CHECK(count == 0);
  message.role = "user";
  message.content = NULL;
  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "messages[0].content",
              phi_tokenizer_render_chat(t, &message, 1, 1, text, 256, &bytes, &err));
  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "messages",
              phi_tokenizer_render_chat(t, NULL, 1, 1, text, 256, &bytes, &err));
  CHECK(phi_tokenizer_render_chat_json(t, "{", 1, text, 256, &bytes, &err) < 0);
  CHECK(err.message[0] != '\0' && bytes == 0);
}

static void test_arguments(const phi_tokenizer* t) {
  phi_error err;
  phi_token ids[4] = {-1, 1 << 30, 0, 0};
  char text[16];
  size_t count = 7, bytes = 7;
  phi_tokenizer_info info = PHI_TOKENIZER_INFO_INIT;
  CHECK_ERROR(PHI_ERR_OUT_OF_RANGE, "-1",
              phi_tokenizer_decode(t, ids, 1, 0, text, 16, &bytes, &err));
  CHECK(bytes == 0);
  CHECK_STATUS(PHI_ERR_OUT_OF_RANGE,
               phi_tokenizer_decode(t, ids + 1, 1, 0, text, 16, &bytes, &err));
  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT,
              "t:", phi_tokenizer_encode(NULL, "x", 1, 0, ids, 4, &count, &err));
  CHECK(count == 0);
  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "text",
              phi_tokenizer_encode(t, NULL, 1, 0, ids, 4, &count, &err));
  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "ids",
              phi_tokenizer_encode(t, "x", 1, 0, NULL, 4, &count, &err));
  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "count",
              phi_tokenizer_encode(t, "x", 1, 0, ids, 4, NULL, &err));
  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "specials",
              phi_tokenizer_encode(t, "x", 1, 2, ids, 4, &count, &err));
  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "add_generation_prompt",
              phi_tokenizer_encode_chat(t, NULL, 0, 5, ids, 4, &count, &err));
  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "ids",
              phi_tokenizer_decode(t, NULL, 1, 0, text, 16, &bytes, &err));
  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "bytes",
              phi_tokenizer_decode(t, NULL, 0, 0, text, 16, NULL, &err));
  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "json",
              phi_tokenizer_render_chat_json(t, NULL, 3, text, 16, &bytes, &err));
  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "t:", phi_tokenizer_info_get(NULL, &info, &err));
  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "out", phi_tokenizer_info_get(t, NULL, &err));
}

void test_tokenizer(void) {
  phi_error err;
  phi_tokenizer* t = NULL;
  phi_tokenizer_info info = PHI_TOKENIZER_INFO_INIT;
  int i;
  CHECK_STATUS(PHI_OK, phi_tokenizer_open(model_folder, &t, &err));
  CHECK_STATUS(PHI_OK, phi_tokenizer_info_get(t, &info, &err));
  CHECK(info.vocab_size == 1003 && info.bos == 995 && info.pad == 1002 && info.adds_bos == 0);
  CHECK(info.end_count >= 1 && info.end[0] == 998);
  for (i = (int)info.end_count; i < 16; ++i) CHECK(info.end[i] == -1);
  test_encode_and_decode(t);
  test_control_tokens(t);
  test_chat(t);
  test_arguments(t);
  phi_tokenizer_free(t);
  phi_tokenizer_free(NULL);

  CHECK_STATUS(PHI_OK, phi_tokenizer_open(gguf_file, &t, &err));
  phi_tokenizer_free(t);
  CHECK_STATUS(PHI_ERR_NOT_FOUND, phi_tokenizer_open("no-such-file", &t, &err));
  CHECK(t == NULL);
  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "path", phi_tokenizer_open(NULL, &t, &err));
  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "out", phi_tokenizer_open(model_folder, NULL, &err));
  CHECK(phi_tokenizer_open(__FILE__, &t, &err) < 0);
  CHECK(t == NULL);
}
