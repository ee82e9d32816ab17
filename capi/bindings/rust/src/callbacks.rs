//! Closures that the library calls. A panic in one waits until the call is back in Rust.

use std::any::Any;
use std::ffi::CStr;
use std::os::raw::{c_char, c_void};
use std::panic::{catch_unwind, resume_unwind, AssertUnwindSafe};

use crate::sys;

/// How much a line of log matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LogLevel {
    /// For those who work on the library.
    Debug,
    /// What was done.
    Info,
    /// What may surprise.
    Warning,
}

pub(crate) type Progress<'a> = Box<dyn FnMut(f64) -> bool + Send + 'a>;
pub(crate) type Log<'a> = Box<dyn FnMut(LogLevel, &str) + Send + 'a>;

/// What `user` of the C structs points to. It stays where it is as long as calls may come.
#[derive(Default)]
pub(crate) struct Callbacks<'a> {
    pub progress: Option<Progress<'a>>,
    pub log: Option<Log<'a>>,
    panic: Option<Box<dyn Any + Send>>,
}

impl<'a> Callbacks<'a> {
    pub fn new(progress: Option<Progress<'a>>, log: Option<Log<'a>>) -> Callbacks<'a> {
        Callbacks {
            progress,
            log,
            panic: None,
        }
    }

    pub fn keep_going(&self) -> Option<sys::phi_keep_going> {
        self.progress.as_ref().map(|_| keep_going as _)
    }

    pub fn log(&self) -> Option<sys::phi_log> {
        self.log.as_ref().map(|_| log as _)
    }

    /// To be called when a call of the library has returned: goes on with a closure's panic.
    pub fn resume_panic(&mut self) {
        if let Some(panic) = self.panic.take() {
            resume_unwind(panic);
        }
    }

    /// None after a panic, which is kept; no closure runs again before `resume_panic`.
    fn guarded<T>(&mut self, body: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.panic.is_some() {
            return None;
        }
        match catch_unwind(AssertUnwindSafe(|| body(self))) {
            Ok(value) => Some(value),
            Err(panic) => {
                self.panic = Some(panic);
                None
            }
        }
    }
}

unsafe extern "C" fn keep_going(user: *mut c_void, done: f64) -> i32 {
    // SAFETY: `user` is the Callbacks of the running call, which nobody else touches meanwhile.
    let callbacks = unsafe { &mut *user.cast::<Callbacks<'_>>() };
    let answer = callbacks.guarded(|callbacks| match &mut callbacks.progress {
        Some(progress) => progress(done),
        None => true,
    });
    i32::from(answer.unwrap_or(false))
}

unsafe extern "C" fn log(user: *mut c_void, level: i32, message: *const c_char) {
    // SAFETY: as above; the message is NUL-terminated and valid during this call.
    let (callbacks, message) =
        unsafe { (&mut *user.cast::<Callbacks<'_>>(), CStr::from_ptr(message)) };
    let level = match level {
        sys::PHI_LOG_DEBUG => LogLevel::Debug,
        sys::PHI_LOG_INFO => LogLevel::Info,
        _ => LogLevel::Warning,
    };
    callbacks.guarded(|callbacks| {
        if let Some(log) = &mut callbacks.log {
            log(level, &message.to_string_lossy());
        }
    });
}
