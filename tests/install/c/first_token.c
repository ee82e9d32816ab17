/* Prints the token that a model goes on with after the tokens 1 2 3. */
#include <phi.h>
#include <stdio.h>

int main(int argc, char** argv) {
  static const phi_token prompt[] = {1, 2, 3};
  phi_model* model = NULL;
  phi_session* session = NULL;
  phi_token token = -1;
  phi_error err;
  phi_status s = phi_model_open(argc > 1 ? argv[1] : "", NULL, &model, &err);
  if (s == PHI_OK) s = phi_session_create(model, NULL, &session, &err);
  if (s == PHI_OK) s = phi_session_append(session, prompt, 3, &err);
  if (s == PHI_OK) s = phi_session_next(session, &token, &err);
  if (s < 0)
    fprintf(stderr, "%s: %s\n", phi_status_name(s), err.message);
  else
    printf("%d\n", (int)token);
  phi_session_free(session);
  phi_model_free(model);
  return s < 0;
}
