/*
 * phi_experimental.h - calls that are being tried out.
 *
 * The rule: a new call starts here. There is no promise about what stands in this file: a call may
 * change or go in any version, it is no part of the ABI that is kept stable, and the rules of phi.h
 * hold for it otherwise. Once it has proved itself it moves up to phi.h, once and for good, and is
 * gone from here.
 */
#ifndef PHI_EXPERIMENTAL_H_
#define PHI_EXPERIMENTAL_H_

#include "phi.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Generation in slices -----------------------------------------------------------------------
 *
 * For programs that have only a moment at a time, such as a game in each of its frames:
 *
 *     phi_session_enqueue_chat(session, messages, n, &err);    // takes microseconds
 *     // in every frame:
 *     phi_status s = phi_session_step(session, 3000, &token, &err);
 *     // PHI_PENDING: draw the frame and come back. PHI_OK, PHI_END: a token. < 0: an error.
 *
 * The tokens are those of phi_session_append and phi_session_next, bit for bit, whatever the
 * budgets and whatever lies between two steps. docs/slicing.md has a whole program and what was
 * measured.
 */

/* phi_session_append whose evaluation is left to later calls: takes microseconds, allocates
   nothing, and position counts the tokens at once. What follows is as if they had been evaluated. A
   cancel goes on waiting. PHI_ERR_CONTEXT_FULL, PHI_ERR_OUT_OF_RANGE */
PHI_API phi_status PHI_CALL phi_session_enqueue(phi_session* s, const phi_token* ids, size_t n,
                                                phi_error* err);

/* phi_session_append_chat whose evaluation is left to later calls. The conversation is rendered and
   encoded here, which takes well below a millisecond for one of usual length. */
PHI_API phi_status PHI_CALL phi_session_enqueue_chat(phi_session* s, const phi_message* messages,
                                                     size_t n, phi_error* err);

/* phi_session_next in slices: works for about budget_us microseconds on what waits and, when all is
   evaluated, samples a token into *out. PHI_PENDING: the budget was spent first, *out is -1, and
   the next step goes on where this one stopped, in the middle of a prompt too. PHI_OK and PHI_END
   as phi_session_next. A step ends within about a millisecond after its budget. Every step does at
   least one piece of work; a budget of 0 asks for just that. keep_going is not called: you are in
   control. All other calls are allowed between two steps. phi_session_next, phi_session_append and
   phi_session_logits finish what was begun, or begin anew what they need otherwise;
   phi_session_rewind and a new enqueue give up at most what a pass over 128 tokens had done.
   PHI_ERR_CANCELLED: position is what it was, and the next step goes on.
   PHI_ERR_INVALID_ARGUMENT at position 0, PHI_ERR_CONTEXT_FULL, PHI_ERR_CANCELLED; *out is then 0.
 */
PHI_API phi_status PHI_CALL phi_session_step(phi_session* s, uint32_t budget_us, phi_token* out,
                                             phi_error* err);

#ifdef __cplusplus
}
#endif

#endif /* PHI_EXPERIMENTAL_H_ */
