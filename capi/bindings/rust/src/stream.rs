//! Tokens, one at a time, to text that can be shown at once.

use std::os::raw::c_char;
use std::ptr::{self, NonNull};
use std::slice;
use std::str;
use std::sync::Arc;

use crate::error::{check, Error, Result};
use crate::message::c_string;
use crate::options::StreamOptions;
use crate::sys::{self, Init};
use crate::tokenizer::Tokenizer;
use crate::Token;

/// Gives whole characters only and holds back what may become a stop string. One thread at a time.
///
/// ```
/// # std::env::set_current_dir("../../../examples/phi-nano").unwrap();
/// use phi::{Specials, StreamOptions, TextStream, Tokenizer};
///
/// let tokenizer = Tokenizer::open("phi-nano.phi")?;
/// let mut stream = TextStream::new(&tokenizer, &StreamOptions::new().stop("END"))?;
/// let mut text = String::new();
/// for token in tokenizer.encode("One, two. END Three.", Specials::AsText)? {
///     let piece = stream.push(token)?;
///     text.push_str(piece.text);
///     if piece.stopped {
///         break;
///     }
/// }
/// text.push_str(stream.flush()?);
/// assert_eq!(text.trim_end(), "One, two.");
/// # Ok::<(), phi::Error>(())
/// ```
pub struct TextStream {
    handle: NonNull<sys::phi_stream>,
    _owner: Arc<dyn Send + Sync>,
}

// SAFETY: all calls take `&mut self`, so one thread at a time (rule 3 of phi.h).
unsafe impl Send for TextStream {}

/// What can be shown after one more token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece<'a> {
    /// Often empty.
    pub text: &'a str,
    /// A stop string is complete; the text ends before it, and later pushes give nothing.
    pub stopped: bool,
}

impl TextStream {
    /// A stream for tokens of `tokenizer`, which it keeps alive.
    pub fn new(tokenizer: &Tokenizer, options: &StreamOptions) -> Result<TextStream> {
        let stops = options
            .stops
            .iter()
            .map(|stop| c_string("stop string", stop.as_bytes()))
            .collect::<Result<Vec<_>>>()?;
        let stops: Vec<*const c_char> = stops.iter().map(|stop| stop.as_ptr()).collect();
        let raw = sys::phi_stream_options {
            keep_specials: u32::from(options.show_specials),
            stops: stops.as_ptr(),
            stop_count: stops.len(),
            ..Init::init()
        };
        let mut handle = ptr::null_mut();
        check(|error| {
            // SAFETY: all pointers are valid during the call, which copies the stop strings.
            unsafe { sys::phi_stream_create(tokenizer.as_ptr(), &raw, &mut handle, error) }
        })?;
        Ok(TextStream {
            handle: NonNull::new(handle).expect("a stream with PHI_OK"),
            _owner: tokenizer.owner(),
        })
    }

    /// Takes one token and gives the text that can be shown now.
    pub fn push(&mut self, token: Token) -> Result<Piece<'_>> {
        let (mut bytes, mut n) = (ptr::null(), 0);
        let status = check(|error| {
            // SAFETY: all pointers are valid during the call.
            unsafe { sys::phi_stream_push(self.handle.as_ptr(), token, &mut bytes, &mut n, error) }
        })?;
        Ok(Piece {
            // SAFETY: the text is the library's until the next call, which needs `&mut self`.
            text: unsafe { borrowed_text(bytes, n)? },
            stopped: status == sys::PHI_END,
        })
    }

    /// What is still held back at the end of a reply, incomplete characters as U+FFFD; nothing
    /// after a stop string. Then the stream is as new.
    pub fn flush(&mut self) -> Result<&str> {
        let (mut bytes, mut n) = (ptr::null(), 0);
        check(|error| {
            // SAFETY: all pointers are valid during the call.
            unsafe { sys::phi_stream_flush(self.handle.as_ptr(), &mut bytes, &mut n, error) }
        })?;
        // SAFETY: the text is the library's until the next call, which needs `&mut self`.
        unsafe { borrowed_text(bytes, n) }
    }
}

impl Drop for TextStream {
    fn drop(&mut self) {
        // SAFETY: the handle is ours.
        unsafe { sys::phi_stream_free(self.handle.as_ptr()) }
    }
}

impl std::fmt::Debug for TextStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TextStream").finish_non_exhaustive()
    }
}

/// # Safety
/// `bytes` is [n] and stays valid for `'a`; NULL is fine when n is 0.
unsafe fn borrowed_text<'a>(bytes: *const c_char, n: usize) -> Result<&'a str> {
    if n == 0 {
        return Ok("");
    }
    // SAFETY: the caller's promise.
    let bytes = unsafe { slice::from_raw_parts(bytes.cast(), n) };
    str::from_utf8(bytes).map_err(|_| Error::internal("stream: a piece that is not UTF-8"))
}
