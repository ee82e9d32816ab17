#include <cstdint>
#include <memory>

#include "guard.h"
#include "handles.h"
#include "option_structs.h"
#include "phi/session.h"

using namespace phi::capi;

phi_status PHI_CALL phi_session_create(const phi_model* m, const phi_session_options* opt,
                                       phi_session** out, phi_error* err) {
  return guard(err, [&] {
    phi_session*& handle = output(out, "out");
    const phi::Model& model = required(m, "m").model;
    handle = std::make_unique<phi_session>(
                 phi_session{phi::Session(model, session_options(opt)), model.info().vocab_size})
                 .release();
    return PHI_OK;
  });
}

void PHI_CALL phi_session_free(phi_session* s) { delete s; }

phi_status PHI_CALL phi_session_set_sampling(phi_session* s, const phi_sampling* sampling,
                                             phi_error* err) {
  return guard(err, [&] {
    required(s, "s").session.set_sampling(phi::capi::sampling(sampling));
    return PHI_OK;
  });
}

phi_status PHI_CALL phi_session_append(phi_session* s, const phi_token* ids, size_t n,
                                       phi_error* err) {
  return guard(err, [&] {
    required(s, "s").session.append(input(ids, n, "ids"));
    return PHI_OK;
  });
}

phi_status PHI_CALL phi_session_append_logits(phi_session* s, const phi_token* ids, size_t n,
                                              float* logits, phi_error* err) {
  return guard(err, [&] {
    const auto tokens = input(ids, n, "ids");
    if (n > 0) (void)required(logits, "logits");
    const size_t vocab_size = required(s, "s").vocab_size;
    // So many rows cannot be memory of the caller's; what is asked for does not fit the context
    // either.
    if (n > SIZE_MAX / sizeof(float) / vocab_size) {
      throw phi::Error(phi::Code::context_full,
                       "context: " + std::to_string(n) + " tokens do not fit");
    }
    s->session.append_logits(tokens, {logits, n * vocab_size});
    return PHI_OK;
  });
}

phi_status PHI_CALL phi_session_append_chat(phi_session* s, const phi_message* messages, size_t n,
                                            phi_error* err) {
  return guard(err, [&] {
    required(s, "s").session.append_chat(phi::capi::messages(messages, n));
    return PHI_OK;
  });
}

phi_status PHI_CALL phi_session_next(phi_session* s, phi_token* out, phi_error* err) {
  return guard(err, [&] {
    phi_token& token = output(out, "out");
    const phi::Session::Next next = required(s, "s").session.next();
    token = next.token;
    return next.end ? PHI_END : PHI_OK;
  });
}

phi_status PHI_CALL phi_session_logits(phi_session* s, const float** logits, size_t* vocab,
                                       phi_error* err) {
  return guard(err, [&] {
    const float*& row = output(logits, "logits");
    if (vocab != nullptr) *vocab = 0;
    const std::span<const float> values = required(s, "s").session.logits();
    row = values.data();
    if (vocab != nullptr) *vocab = values.size();
    return PHI_OK;
  });
}

uint32_t PHI_CALL phi_session_position(const phi_session* s) {
  return s == nullptr ? 0 : s->session.position();
}

phi_status PHI_CALL phi_session_tokens(const phi_session* s, phi_token* ids, size_t cap,
                                       size_t* count, phi_error* err) {
  return guard(err, [&] {
    const Buffer<phi_token> buffer{ids, cap, count, "ids", "count"};
    buffer.check();
    return buffer.write(required(s, "s").session.tokens());
  });
}

phi_status PHI_CALL phi_session_rewind(phi_session* s, uint32_t position, phi_error* err) {
  return guard(err, [&] {
    required(s, "s").session.rewind(position);
    return PHI_OK;
  });
}

void PHI_CALL phi_session_cancel(phi_session* s) {
  if (s != nullptr) s->session.cancel();
}
