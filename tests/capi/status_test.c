#include "check.h"

void test_status(void) {
  static const phi_status known[] = {PHI_OK,
                                     PHI_END,
                                     PHI_PENDING,
                                     PHI_ERR_INVALID_ARGUMENT,
                                     PHI_ERR_OUT_OF_RANGE,
                                     PHI_ERR_BUFFER_TOO_SMALL,
                                     PHI_ERR_NOT_FOUND,
                                     PHI_ERR_IO,
                                     PHI_ERR_BAD_FORMAT,
                                     PHI_ERR_UNSUPPORTED,
                                     PHI_ERR_OUT_OF_MEMORY,
                                     PHI_ERR_OVER_BUDGET,
                                     PHI_ERR_CONTEXT_FULL,
                                     PHI_ERR_CANCELLED,
                                     PHI_ERR_INTERNAL};
  size_t i, j;
  int major = -1, minor = -1, patch = -1;
  CHECK(phi_abi_version() == PHI_ABI_VERSION);
  CHECK(sscanf(phi_version_string(), "%d.%d.%d", &major, &minor, &patch) == 3);
  for (i = 0; i < sizeof known / sizeof known[0]; ++i) {
    CHECK(strncmp(phi_status_name(known[i]), "PHI_", 4) == 0);
    for (j = 0; j < i; ++j)
      CHECK(strcmp(phi_status_name(known[i]), phi_status_name(known[j])) != 0);
  }
  CHECK(strcmp(phi_status_name(PHI_ERR_NOT_FOUND), "PHI_ERR_NOT_FOUND") == 0);
  CHECK(strcmp(phi_status_name(-12345), "PHI_UNKNOWN") == 0);

  { /* A message that is too long is cut at a code point and NUL-ended, and err may be NULL. */
    char path[1200];
    phi_model* model = (phi_model*)&model;
    phi_error err;
    size_t n = 0;
    while (n + 3 < sizeof path - 1) {
      memcpy(path + n, "\xE2\x82\xAC", 3);
      n += 3;
    }
    path[n] = '\0';
    memset(&err, 0x55, sizeof err);
    CHECK(phi_model_open(path, NULL, &model, &err) < 0);
    CHECK(model == NULL);
    CHECK(memchr(err.message, '\0', sizeof err.message) != NULL);
    CHECK(err.message[0] != '\0');
    model = (phi_model*)&model;
    CHECK(phi_model_open("/nowhere/at/all", NULL, &model, NULL) == PHI_ERR_NOT_FOUND);
    CHECK(model == NULL);
  }
}
