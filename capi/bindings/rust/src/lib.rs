//! Phi-4 and its peers inside your program, on its CPU, without a network: safe bindings to
//! [libphi](sys).
//!
//! ```
//! # std::env::set_current_dir("../../../examples/phi-nano").unwrap();
//! use phi::{Message, Model, Session};
//!
//! let model = Model::open("phi-nano.phi")?;
//! let mut session = Session::new(&model)?;
//! for piece in session.reply(&[Message::user("What is 47 + 38?")])? {
//!     print!("{}", piece?);
//! }
//! # Ok::<(), phi::Error>(())
//! ```
//!
//! [`Model`] and [`Tokenizer`] are immutable: clone them, share them between threads. A [`Session`]
//! is one conversation; it and a [`TextStream`] move between threads, used by one at a time, and a
//! [`CancelHandle`] stops a session from anywhere. Objects can be dropped in any order: each keeps
//! what it needs.
//!
//! Errors are [`Error`], with an [`ErrorCode`] for programs and a line for people. A panic in a
//! closure that the library calls cancels that call and goes on from it. Nothing here prints,
//! reads the environment or aborts.

#![deny(unsafe_op_in_unsafe_fn)]
#![warn(missing_docs)]

mod callbacks;
mod error;
mod message;
mod model;
mod options;
mod reply;
mod session;
mod stream;
pub mod sys;
mod tokenizer;

pub use callbacks::LogLevel;
pub use error::{Error, ErrorCode, Result};
pub use message::Message;
pub use model::{Memory, Model, ModelInfo};
pub use options::{
    Isa, Kv, ModelOptions, Pin, Precision, Priority, Repack, ReplyOptions, Sampling,
    SessionOptions, StreamOptions, Weights,
};
pub use reply::{Finish, Reply};
pub use session::{CancelHandle, Next, Session};
pub use stream::{Piece, TextStream};
pub use tokenizer::{GenerationPrompt, ShowSpecials, Specials, Tokenizer, TokenizerInfo};

/// Index into the vocabulary, from 0.
pub type Token = i32;

/// Version of the library that is running: "0.1.0".
pub fn version() -> &'static str {
    // SAFETY: the library's own text, as long as it is loaded, and it is linked.
    unsafe { std::ffi::CStr::from_ptr(sys::phi_version_string()) }
        .to_str()
        .unwrap_or_default()
}

/// Version of the binary interface of the library that is running.
pub fn abi_version() -> u32 {
    // SAFETY: takes nothing.
    unsafe { sys::phi_abi_version() }
}
