#include <chrono>

#include "guard.h"
#include "handles.h"
#include "option_structs.h"
#include "phi/session.h"
#include "phi_experimental.h"

using namespace phi::capi;

phi_status PHI_CALL phi_session_enqueue(phi_session* s, const phi_token* ids, size_t n,
                                        phi_error* err) {
  return guard(err, [&] {
    required(s, "s").session.enqueue(input(ids, n, "ids"));
    return PHI_OK;
  });
}

phi_status PHI_CALL phi_session_enqueue_chat(phi_session* s, const phi_message* messages, size_t n,
                                             phi_error* err) {
  return guard(err, [&] {
    required(s, "s").session.enqueue_chat(phi::capi::messages(messages, n));
    return PHI_OK;
  });
}

phi_status PHI_CALL phi_session_step(phi_session* s, uint32_t budget_us, phi_token* out,
                                     phi_error* err) {
  return guard(err, [&] {
    phi_token& token = output(out, "out");
    const auto next = required(s, "s").session.step(std::chrono::microseconds(budget_us));
    token = next ? next->token : -1;
    if (!next) return PHI_PENDING;
    return next->end ? PHI_END : PHI_OK;
  });
}
