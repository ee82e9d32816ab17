//! Text to tokens and back.

use std::path::Path;
use std::ptr;
use std::sync::Arc;

use crate::error::{check, fill, into_text, Result};
use crate::message::{Message, RawMessages};
use crate::model::c_path;
use crate::sys::{self, Init};
use crate::Token;

/// May control tokens spelled inside a text become control tokens?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Specials {
    /// No: they are text like any other.
    AsText = 0,
    /// Yes.
    Parse = 1,
}

/// Are control tokens part of decoded text?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShowSpecials {
    /// No.
    No = 0,
    /// Yes.
    Yes = 1,
}

/// Does a rendered chat end with the header that asks the model for its answer?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GenerationPrompt {
    /// No.
    No = 0,
    /// Yes.
    Yes = 1,
}

/// Vocabulary and chat template; immutable. Clones share them, on any thread.
#[derive(Clone)]
pub struct Tokenizer {
    handle: *const sys::phi_tokenizer,
    owner: Arc<dyn Send + Sync>,
}

// SAFETY: all calls take a `const phi_tokenizer *`, which any number of threads may do at once
// (rule 3 of phi.h); the owner, which frees it, is Send and Sync.
unsafe impl Send for Tokenizer {}
unsafe impl Sync for Tokenizer {}

/// A tokenizer that was opened without its model.
struct Owned(*mut sys::phi_tokenizer);

// SAFETY: as above; it is only dropped.
unsafe impl Send for Owned {}
unsafe impl Sync for Owned {}

impl Drop for Owned {
    fn drop(&mut self) {
        // SAFETY: the handle is ours.
        unsafe { sys::phi_tokenizer_free(self.0) }
    }
}

/// What is known of a tokenizer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenizerInfo {
    /// Highest id + 1.
    pub vocab_size: u32,
    /// Beginning of text.
    pub bos: Option<Token>,
    /// Padding.
    pub pad: Option<Token>,
    /// The model expects `bos` before a plain prompt; `encode` never adds it.
    pub adds_bos: bool,
    /// End tokens, the first 16 of them.
    pub end: Vec<Token>,
}

impl Tokenizer {
    /// A tokenizer without its model, from a Hugging Face directory, a `tokenizer.json`, a `.gguf`
    /// or a packed file.
    pub fn open(path: impl AsRef<Path>) -> Result<Tokenizer> {
        let path = c_path(path.as_ref())?;
        let mut handle = ptr::null_mut();
        // SAFETY: all pointers are valid during the call.
        check(|error| unsafe { sys::phi_tokenizer_open(path.as_ptr(), &mut handle, error) })?;
        Ok(Tokenizer {
            handle,
            owner: Arc::new(Owned(handle)),
        })
    }

    /// # Safety
    /// `owner` keeps `handle` valid.
    pub(crate) unsafe fn from_raw(
        handle: *const sys::phi_tokenizer,
        owner: Arc<dyn Send + Sync>,
    ) -> Tokenizer {
        Tokenizer { handle, owner }
    }

    /// What is known of the tokenizer.
    pub fn info(&self) -> TokenizerInfo {
        let mut info = sys::phi_tokenizer_info::init();
        // SAFETY: both pointers are valid; with them the call cannot fail.
        check(|error| unsafe { sys::phi_tokenizer_info_get(self.handle, &mut info, error) })
            .expect("info of a tokenizer");
        let some = |token: Token| if token < 0 { None } else { Some(token) };
        TokenizerInfo {
            vocab_size: info.vocab_size,
            bos: some(info.bos),
            pad: some(info.pad),
            adds_bos: info.adds_bos != 0,
            end: info.end.iter().copied().filter_map(some).collect(),
        }
    }

    /// Text to ids; adds no `bos`.
    pub fn encode(&self, text: &str, specials: Specials) -> Result<Vec<Token>> {
        fill(text.len() / 3 + 8, |ids, cap, count, error| {
            // SAFETY: all pointers are valid during the call; `ids` is [cap].
            unsafe {
                sys::phi_tokenizer_encode(
                    self.handle,
                    text.as_ptr().cast(),
                    text.len(),
                    specials as i32,
                    ids,
                    cap,
                    count,
                    error,
                )
            }
        })
    }

    /// A chat to ids, with `bos` where the model's chats have one. Control tokens spelled inside a
    /// message stay text.
    pub fn encode_chat(
        &self,
        messages: &[Message],
        prompt: GenerationPrompt,
    ) -> Result<Vec<Token>> {
        let raw = RawMessages::new(messages)?;
        fill(256, |ids, cap, count, error| {
            // SAFETY: all pointers are valid during the call; `ids` is [cap].
            unsafe {
                sys::phi_tokenizer_encode_chat(
                    self.handle,
                    raw.as_ptr(),
                    raw.len(),
                    prompt as i32,
                    ids,
                    cap,
                    count,
                    error,
                )
            }
        })
    }

    /// A chat to text: exactly what the model's template gives.
    pub fn render_chat(&self, messages: &[Message], prompt: GenerationPrompt) -> Result<String> {
        let raw = RawMessages::new(messages)?;
        fill(1024, |text: *mut u8, cap, bytes, error| {
            // SAFETY: all pointers are valid during the call; `text` is [cap].
            unsafe {
                sys::phi_tokenizer_render_chat(
                    self.handle,
                    raw.as_ptr(),
                    raw.len(),
                    prompt as i32,
                    text.cast(),
                    cap,
                    bytes,
                    error,
                )
            }
        })
        .map(into_text)
    }

    /// The same for a JSON object `{"messages": [...], "tools": [...], ...}`; every further member
    /// is a variable of the template.
    pub fn render_chat_json(&self, json: &str) -> Result<String> {
        fill(1024, |text: *mut u8, cap, bytes, error| {
            // SAFETY: all pointers are valid during the call; `text` is [cap].
            unsafe {
                sys::phi_tokenizer_render_chat_json(
                    self.handle,
                    json.as_ptr().cast(),
                    json.len(),
                    text.cast(),
                    cap,
                    bytes,
                    error,
                )
            }
        })
        .map(into_text)
    }

    /// Ids to text; what is not UTF-8 becomes U+FFFD. To show tokens as they come, use a
    /// [`TextStream`](crate::TextStream).
    pub fn decode(&self, ids: &[Token], specials: ShowSpecials) -> Result<String> {
        fill(ids.len() * 6 + 16, |text: *mut u8, cap, bytes, error| {
            // SAFETY: all pointers are valid during the call; `text` is [cap].
            unsafe {
                sys::phi_tokenizer_decode(
                    self.handle,
                    ids.as_ptr(),
                    ids.len(),
                    specials as i32,
                    text.cast(),
                    cap,
                    bytes,
                    error,
                )
            }
        })
        .map(into_text)
    }

    pub(crate) fn as_ptr(&self) -> *const sys::phi_tokenizer {
        self.handle
    }

    pub(crate) fn owner(&self) -> Arc<dyn Send + Sync> {
        self.owner.clone()
    }
}

impl std::fmt::Debug for Tokenizer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Tokenizer").field(&self.info()).finish()
    }
}
