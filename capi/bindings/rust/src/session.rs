//! Conversations.

use std::ptr::{self, NonNull};
use std::slice;
use std::sync::{Arc, Weak};

use crate::callbacks::Callbacks;
use crate::error::{check, fill, Error, Result};
use crate::message::{Message, RawMessages};
use crate::model::Model;
use crate::options::{user, ReplyOptions, Sampling, SessionOptions};
use crate::reply::Reply;
use crate::sys;
use crate::Token;

/// One conversation: tokens, their cache of keys and values, a sampler. Keeps its model alive.
///
/// `&self` may be shared between threads, as the library allows for calls that change nothing;
/// everything else takes `&mut self`. To cancel from another thread, take a
/// [`cancel_handle`](Session::cancel_handle).
pub struct Session {
    raw: Arc<RawSession>,
    vocab_size: usize,
}

/// Shared with cancel handles, which use it for a moment only.
struct RawSession {
    handle: NonNull<sys::phi_session>,
    /// Behind `user` of the session's callback. Only touched by calls with `&mut Session`, which
    /// runs one at a time, and by the library inside them.
    callbacks: *mut Callbacks<'static>,
    /// Dropped after the handle: the library may read memory that the model keeps.
    model: Model,
}

// SAFETY: calls that change the session go through `&mut Session`; with `&RawSession` there are
// only `const phi_session *` calls and phi_session_cancel (rule 3 of phi.h). The closures are Send.
unsafe impl Send for RawSession {}
unsafe impl Sync for RawSession {}

impl Drop for RawSession {
    fn drop(&mut self) {
        // SAFETY: both are ours, and the library calls nothing back any more.
        unsafe {
            sys::phi_session_free(self.handle.as_ptr());
            drop(Box::from_raw(self.callbacks));
        }
    }
}

/// A token that was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Next {
    /// It is appended already.
    pub token: Token,
    /// It is an end token. Calling on is allowed.
    pub end: bool,
}

/// Cancels a session from any thread. When the session is gone, it does nothing.
#[derive(Clone)]
pub struct CancelHandle {
    raw: Weak<RawSession>,
}

impl CancelHandle {
    /// One append or next token returns [`Cancelled`](crate::ErrorCode::Cancelled): the one that is
    /// running, within milliseconds, or else the next one called. The session then holds what it
    /// held before, and is ready for more.
    pub fn cancel(&self) {
        if let Some(raw) = self.raw.upgrade() {
            // SAFETY: any thread may do this until the session is freed, which `raw` prevents.
            unsafe { sys::phi_session_cancel(raw.handle.as_ptr()) }
        }
    }
}

impl std::fmt::Debug for CancelHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CancelHandle").finish_non_exhaustive()
    }
}

impl Session {
    /// Reserves all memory that the conversation will need. Any number of sessions share a model.
    pub fn new(model: &Model) -> Result<Session> {
        Session::with_options(model, SessionOptions::new())
    }

    /// [`new`](Session::new) with options.
    pub fn with_options(model: &Model, mut options: SessionOptions) -> Result<Session> {
        let callbacks = Box::new(options.take_callbacks());
        let mut raw = options.raw();
        raw.keep_going = callbacks.keep_going();
        let callbacks = Box::into_raw(callbacks);
        raw.user = user(callbacks);
        let mut handle = ptr::null_mut();
        let created = check(|error| {
            // SAFETY: all pointers are valid during the call, `user` as long as the session.
            unsafe { sys::phi_session_create(model.as_ptr(), &raw, &mut handle, error) }
        });
        match (created, NonNull::new(handle)) {
            (Ok(_), Some(handle)) => Ok(Session {
                raw: Arc::new(RawSession {
                    handle,
                    callbacks,
                    model: model.clone(),
                }),
                vocab_size: model.info().vocab_size as usize,
            }),
            (result, _) => {
                // SAFETY: no session has it.
                drop(unsafe { Box::from_raw(callbacks) });
                Err(result.expect_err("a session with PHI_OK"))
            }
        }
    }

    /// The model it was made from.
    pub fn model(&self) -> &Model {
        &self.raw.model
    }

    /// Keeps tokens and cache; the generator starts again from the seed.
    pub fn set_sampling(&mut self, sampling: &Sampling) -> Result<()> {
        let raw = sampling.raw();
        // SAFETY: all pointers are valid during the call, which copies the arrays.
        self.call(|s, error| unsafe { sys::phi_session_set_sampling(s, &raw, error) })
            .map(drop)
    }

    /// Appends and evaluates `ids` before it returns. The result does not depend on how a prompt is
    /// split into calls. After an error the session holds what it held.
    pub fn append(&mut self, ids: &[Token]) -> Result<()> {
        self.call(|s, error| {
            // SAFETY: all pointers are valid during the call.
            unsafe { sys::phi_session_append(s, ids.as_ptr(), ids.len(), error) }
        })
        .map(drop)
    }

    /// The same, and the logits after each of the ids: `logits` is `[ids.len(), vocab_size]`,
    /// row-major. After an error its content is unspecified.
    pub fn append_logits(&mut self, ids: &[Token], logits: &mut [f32]) -> Result<()> {
        if ids.len().checked_mul(self.vocab_size) != Some(logits.len()) {
            return Err(Error::invalid_argument(format!(
                "logits: {} values, expected {} rows of {}",
                logits.len(),
                ids.len(),
                self.vocab_size
            )));
        }
        self.call(|s, error| {
            // SAFETY: all pointers are valid during the call; the size was just checked.
            unsafe {
                sys::phi_session_append_logits(
                    s,
                    ids.as_ptr(),
                    ids.len(),
                    logits.as_mut_ptr(),
                    error,
                )
            }
        })
        .map(drop)
    }

    /// The whole conversation, each turn: keeps the tokens that are the same as before, drops the
    /// others, and appends the rest with the header that asks for an answer.
    pub fn append_chat(&mut self, messages: &[Message]) -> Result<()> {
        let raw = RawMessages::new(messages)?;
        self.call(|s, error| {
            // SAFETY: all pointers are valid during the call.
            unsafe { sys::phi_session_append_chat(s, raw.as_ptr(), raw.len(), error) }
        })
        .map(drop)
    }

    /// Chooses the next token and appends it.
    pub fn next_token(&mut self) -> Result<Next> {
        let mut token = 0;
        // SAFETY: all pointers are valid during the call.
        let status =
            self.call(|s, error| unsafe { sys::phi_session_next(s, &mut token, error) })?;
        Ok(Next {
            token,
            end: status == sys::PHI_END,
        })
    }

    /// The logits after the last position, as the model gives them (no bias, no penalties):
    /// `[vocab_size]`.
    pub fn logits(&mut self) -> Result<&[f32]> {
        let (mut logits, mut n) = (ptr::null(), 0);
        // SAFETY: all pointers are valid during the call.
        self.call(|s, error| unsafe { sys::phi_session_logits(s, &mut logits, &mut n, error) })?;
        // SAFETY: [n], until the next call on the session; until then `self` is borrowed.
        Ok(unsafe { slice::from_raw_parts(logits, n) })
    }

    /// Number of tokens held.
    pub fn position(&self) -> u32 {
        // SAFETY: a const call.
        unsafe { sys::phi_session_position(self.raw.handle.as_ptr()) }
    }

    /// The tokens held.
    pub fn tokens(&self) -> Result<Vec<Token>> {
        fill(self.position() as usize, |ids, cap, count, error| {
            // SAFETY: a const call; `ids` is [cap].
            unsafe { sys::phi_session_tokens(self.raw.handle.as_ptr(), ids, cap, count, error) }
        })
    }

    /// Drops the tokens from `position` on. Penalties follow the tokens, the generator runs on.
    pub fn rewind(&mut self, position: u32) -> Result<()> {
        // SAFETY: the handle is valid.
        self.call(|s, error| unsafe { sys::phi_session_rewind(s, position, error) })
            .map(drop)
    }

    /// For other threads: a stop button, a time limit.
    pub fn cancel_handle(&self) -> CancelHandle {
        CancelHandle {
            raw: Arc::downgrade(&self.raw),
        }
    }

    /// Reads the whole conversation and gives the model's answer piece by piece.
    ///
    /// ```
    /// # std::env::set_current_dir("../../../examples/phi-nano").unwrap();
    /// use phi::{Message, Model, Session};
    ///
    /// let mut session = Session::new(&Model::open("phi-nano.phi")?)?;
    /// let mut chat = vec![Message::user("What is 47 + 38?")];
    /// let mut answer = String::new();
    /// for piece in session.reply(&chat)? {
    ///     answer.push_str(&piece?); // show it at once
    /// }
    /// chat.push(Message::assistant(answer)); // and the next question after it
    /// # Ok::<(), phi::Error>(())
    /// ```
    pub fn reply(&mut self, messages: &[Message]) -> Result<Reply<'_>> {
        self.reply_with(messages, &ReplyOptions::new())
    }

    /// [`reply`](Session::reply) with stop strings or a limit of tokens.
    pub fn reply_with(
        &mut self,
        messages: &[Message],
        options: &ReplyOptions,
    ) -> Result<Reply<'_>> {
        Reply::new(self, messages, options)
    }

    /// One call that may change the session; then goes on with a closure's panic.
    fn call(
        &mut self,
        call: impl FnOnce(*mut sys::phi_session, *mut sys::phi_error) -> sys::phi_status,
    ) -> Result<sys::phi_status> {
        let result = check(|error| call(self.raw.handle.as_ptr(), error));
        // SAFETY: `&mut self`: no call is running that could use them.
        unsafe { (*self.raw.callbacks).resume_panic() };
        result
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("position", &self.position())
            .finish_non_exhaustive()
    }
}
