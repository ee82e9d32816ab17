/* Rule 5: structs of other versions. */
#include <stdlib.h>

#include "check.h"

static void test_option_sizes(const phi_model* model) {
  phi_error err;
  phi_session* session = NULL;
  struct {
    phi_session_options options;
    char tail[64];
  } newer;
  phi_session_options options = PHI_SESSION_OPTIONS_INIT;

  memset(&newer, 0, sizeof newer);
  newer.options.struct_size = (uint32_t)sizeof newer;
  newer.options.context = 20;
  CHECK_STATUS(PHI_OK, phi_session_create(model, &newer.options, &session, &err));
  phi_session_free(session);
  newer.tail[63] = 1;
  CHECK_ERROR(PHI_ERR_UNSUPPORTED, "newer version",
              phi_session_create(model, &newer.options, &session, &err));
  CHECK(session == NULL);

  options.struct_size =
      (uint32_t)offsetof(phi_session_options, kv); /* an older version: context is its last field */
  options.context = 30;
  options.kv = 12345; /* behind its end */
  CHECK_STATUS(PHI_OK, phi_session_create(model, &options, &session, &err));
  phi_session_free(session);

  options.struct_size = 0;
  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "options.struct_size",
              phi_session_create(model, &options, &session, &err));
  options.struct_size = 3;
  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "options.struct_size",
              phi_session_create(model, &options, &session, &err));
  options.struct_size = 0xA5A5A5A5u;
  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "options.struct_size",
              phi_session_create(model, &options, &session, &err));
  options.struct_size = (uint32_t)sizeof options;
  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "kv", phi_session_create(model, &options, &session, &err));
  CHECK(session == NULL);
}

static void test_nested_sampling(const phi_model* model) {
  phi_error err;
  phi_session* session = NULL;
  phi_session_options options = PHI_SESSION_OPTIONS_INIT;
  options.sampling.temperature = -1;
  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "temperature",
              phi_session_create(model, &options, &session, &err));
  options.sampling.struct_size = 0; /* a program that cleared the struct and set the outer size */
  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "temperature",
              phi_session_create(model, &options, &session, &err));
  options.sampling.struct_size =
      (uint32_t)offsetof(phi_sampling, temperature); /* older: it ends before the bad value */
  CHECK_STATUS(PHI_OK, phi_session_create(model, &options, &session, &err));
  phi_session_free(session);
  options.sampling.struct_size = (uint32_t)sizeof options;
  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "sampling.struct_size",
              phi_session_create(model, &options, &session, &err));
}

static void test_output_sizes(const phi_model* model) {
  phi_error err;
  struct {
    phi_model_info info;
    unsigned char tail[32];
  } newer;
  phi_model_info info = PHI_MODEL_INFO_INIT, full = PHI_MODEL_INFO_INIT;
  size_t i;

  memset(&newer, 0x77, sizeof newer);
  newer.info.struct_size = (uint32_t)sizeof newer;
  CHECK_STATUS(PHI_OK, phi_model_info_get(model, &newer.info, &err));
  CHECK_STATUS(PHI_OK, phi_model_info_get(model, &full, &err));
  CHECK(newer.info.struct_size == sizeof newer);
  CHECK(memcmp((char*)&newer.info + 4, (char*)&full + 4, sizeof full - 4) == 0);
  for (i = 0; i < sizeof newer.tail; ++i) CHECK(newer.tail[i] == 0x77);

  memset(&info, 0x77, sizeof info);
  info.struct_size = (uint32_t)offsetof(phi_model_info, heads); /* older */
  CHECK_STATUS(PHI_OK, phi_model_info_get(model, &info, &err));
  CHECK(info.layers == full.layers);
  CHECK(info.hidden == full.hidden);
  CHECK(info.heads == 0x77777777u);
  CHECK(info.struct_size == offsetof(phi_model_info, heads));

  info.struct_size = 0;
  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "struct_size", phi_model_info_get(model, &info, &err));
  memset(&info, 0x77, sizeof info);
  info.struct_size = (uint32_t)sizeof info;
  CHECK_ERROR(PHI_ERR_INVALID_ARGUMENT, "m:", phi_model_info_get(NULL, &info, &err));
  CHECK(info.layers == 0 && info.name[0] == '\0' && info.weight_bytes == 0);
}

void test_structs(void) {
  phi_model* model = open_model();
  test_option_sizes(model);
  test_nested_sampling(model);
  test_output_sizes(model);
  phi_model_free(model);
}
