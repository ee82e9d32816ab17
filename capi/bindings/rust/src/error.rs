//! Statuses of the library as `Result`.

use std::ffi::CStr;
use std::fmt;
use std::mem::MaybeUninit;

use crate::sys;

/// What went wrong, for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorCode {
    /// A value that makes no sense; the message names it.
    InvalidArgument,
    /// A token, position or size beyond what there is.
    OutOfRange,
    /// A buffer has too little room.
    BufferTooSmall,
    /// No such file.
    NotFound,
    /// A file could not be read or written.
    Io,
    /// A file is damaged or is something else.
    BadFormat,
    /// Well-formed, but beyond what this version can do.
    Unsupported,
    /// The system gives no more memory or threads.
    OutOfMemory,
    /// The model's memory limit would be exceeded.
    OverBudget,
    /// The session has no room for so many tokens.
    ContextFull,
    /// A [`CancelHandle`](crate::CancelHandle) was used, or a progress closure returned `false`.
    Cancelled,
    /// A mistake in the library: please report it.
    Internal,
    /// A status that this version of the crate does not know.
    Other(i32),
}

impl ErrorCode {
    fn from_status(status: sys::phi_status) -> ErrorCode {
        match status {
            sys::PHI_ERR_INVALID_ARGUMENT => ErrorCode::InvalidArgument,
            sys::PHI_ERR_OUT_OF_RANGE => ErrorCode::OutOfRange,
            sys::PHI_ERR_BUFFER_TOO_SMALL => ErrorCode::BufferTooSmall,
            sys::PHI_ERR_NOT_FOUND => ErrorCode::NotFound,
            sys::PHI_ERR_IO => ErrorCode::Io,
            sys::PHI_ERR_BAD_FORMAT => ErrorCode::BadFormat,
            sys::PHI_ERR_UNSUPPORTED => ErrorCode::Unsupported,
            sys::PHI_ERR_OUT_OF_MEMORY => ErrorCode::OutOfMemory,
            sys::PHI_ERR_OVER_BUDGET => ErrorCode::OverBudget,
            sys::PHI_ERR_CONTEXT_FULL => ErrorCode::ContextFull,
            sys::PHI_ERR_CANCELLED => ErrorCode::Cancelled,
            sys::PHI_ERR_INTERNAL => ErrorCode::Internal,
            other => ErrorCode::Other(other),
        }
    }
}

/// A failed call. Its text is one line, lower case, and names the file, tensor, field or value at
/// fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    code: ErrorCode,
    message: String,
}

/// What calls of this crate return.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub(crate) fn invalid_argument(message: impl Into<String>) -> Error {
        Error {
            code: ErrorCode::InvalidArgument,
            message: message.into(),
        }
    }

    pub(crate) fn internal(message: impl Into<String>) -> Error {
        Error {
            code: ErrorCode::Internal,
            message: message.into(),
        }
    }

    /// For programs.
    pub fn code(&self) -> ErrorCode {
        self.code
    }

    /// For people.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Somebody asked for it: a stop button, usually no failure at all.
    pub fn is_cancelled(&self) -> bool {
        self.code == ErrorCode::Cancelled
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

/// Runs one call of the library; a status >= 0 is returned, one below is an error.
pub(crate) fn check(
    call: impl FnOnce(*mut sys::phi_error) -> sys::phi_status,
) -> Result<sys::phi_status> {
    let mut error = MaybeUninit::<sys::phi_error>::zeroed();
    let status = call(error.as_mut_ptr());
    if status >= 0 {
        return Ok(status);
    }
    // SAFETY: plain numbers, zero from the beginning; the library ends the message with a NUL.
    let message = unsafe { CStr::from_ptr((*error.as_ptr()).message.as_ptr()) };
    Err(Error {
        code: ErrorCode::from_status(status),
        message: message.to_string_lossy().into_owned(),
    })
}

/// Runs a call that writes an unknown number of things: `guess` of them first, and again with the
/// number that it asks for.
pub(crate) fn fill<T: Copy + Default>(
    guess: usize,
    mut call: impl FnMut(*mut T, usize, *mut usize, *mut sys::phi_error) -> sys::phi_status,
) -> Result<Vec<T>> {
    let mut values = vec![T::default(); guess];
    loop {
        let mut needed = 0;
        let result = check(|error| call(values.as_mut_ptr(), values.len(), &mut needed, error));
        match result {
            Err(error) if error.code == ErrorCode::BufferTooSmall && needed > values.len() => {}
            Err(error) => return Err(error),
            Ok(_) => {
                values.truncate(needed);
                return Ok(values);
            }
        }
        values.resize(needed, T::default());
    }
}

/// Text that the library wrote; it promises UTF-8.
pub(crate) fn into_text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}
