//! Models.

use std::ffi::CString;
use std::os::raw::c_char;
use std::path::Path;
use std::ptr::{self, NonNull};
use std::sync::Arc;

use crate::error::{check, Error, Result};
use crate::message::c_string;
use crate::options::{user, ModelOptions, SessionOptions, Weights};
use crate::sys::{self, Init};
use crate::tokenizer::Tokenizer;

/// Weights, configuration and tokenizer; immutable. Clones share them, on any thread. They are let
/// go with the last clone, session, tokenizer and stream made from it.
#[derive(Clone)]
pub struct Model {
    raw: Arc<RawModel>,
}

struct RawModel {
    handle: NonNull<sys::phi_model>,
    /// What the model was opened from, if that is memory of the program.
    _bytes: Option<Arc<dyn Send + Sync>>,
}

// SAFETY: all calls take a `const phi_model *`, which any number of threads may do at once (rule 3
// of phi.h); freeing is the last use.
unsafe impl Send for RawModel {}
unsafe impl Sync for RawModel {}

impl Drop for RawModel {
    fn drop(&mut self) {
        // SAFETY: the handle is ours. What the library still needs of it, it keeps.
        unsafe { sys::phi_model_free(self.handle.as_ptr()) }
    }
}

/// What is known of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ModelInfo {
    /// "phi3", "qwen2" or "llama".
    pub architecture: String,
    /// As the file says; may be empty.
    pub name: String,
    /// Number of layers.
    pub layers: u32,
    /// Width of the residual stream.
    pub hidden: u32,
    /// Query heads.
    pub heads: u32,
    /// Key and value heads.
    pub kv_heads: u32,
    /// Width of a head.
    pub head_dim: u32,
    /// Length of a row of logits; may exceed the tokenizer's.
    pub vocab_size: u32,
    /// Positions that the model is made for.
    pub context: u32,
    /// Number of weights.
    pub parameters: u64,
    /// As held in memory, mapped pages included.
    pub weight_bytes: u64,
    /// How they are held.
    pub weights: Weights,
}

/// Bytes, for one model with one session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Memory {
    /// Mapped pages included.
    pub weights: u64,
    /// Keys and values of the session.
    pub cache: u64,
    /// Everything else that the session reserves.
    pub scratch: u64,
    /// The most that the load takes.
    pub peak_while_loading: u64,
    /// Weights, cache and scratch.
    pub total: u64,
}

impl Model {
    /// Opens a Hugging Face directory, a `.gguf` file (any part of a split one), or a packed file.
    /// Files must not change while the model lives: weights are mapped.
    pub fn open(path: impl AsRef<Path>) -> Result<Model> {
        Model::open_with(path, ModelOptions::new())
    }

    /// [`open`](Model::open) with options.
    pub fn open_with(path: impl AsRef<Path>, options: ModelOptions<'_>) -> Result<Model> {
        let path = c_path(path.as_ref())?;
        Model::open_by(options, None, |options, out, error| {
            // SAFETY: all pointers are valid during the call.
            unsafe { sys::phi_model_open(path.as_ptr(), options, out, error) }
        })
    }

    /// The same for a GGUF or packed file that is in memory already: a `Vec<u8>`, a
    /// `&'static [u8]` of `include_bytes!`, an `Arc<[u8]>`, a mapping of a file. It is kept until
    /// the last object made from the model is gone. Alignment to 64 bytes is best for speed.
    pub fn from_bytes<B>(bytes: B) -> Result<Model>
    where
        B: AsRef<[u8]> + Send + Sync + 'static,
    {
        Model::from_bytes_with(bytes, ModelOptions::new())
    }

    /// [`from_bytes`](Model::from_bytes) with options.
    pub fn from_bytes_with<B>(bytes: B, options: ModelOptions<'_>) -> Result<Model>
    where
        B: AsRef<[u8]> + Send + Sync + 'static,
    {
        // In an Arc before it is borrowed, so that an array does not move afterwards.
        let owner = Arc::new(bytes);
        let (data, len) = {
            let bytes: &[u8] = (*owner).as_ref();
            (bytes.as_ptr(), bytes.len())
        };
        Model::open_by(options, Some(owner), |options, out, error| {
            // SAFETY: the bytes stay until the model and all that is made from it are gone.
            unsafe { sys::phi_model_open_memory(data.cast(), len, options, out, error) }
        })
    }

    fn open_by(
        mut options: ModelOptions<'_>,
        bytes: Option<Arc<dyn Send + Sync>>,
        call: impl FnOnce(
            *const sys::phi_model_options,
            *mut *mut sys::phi_model,
            *mut sys::phi_error,
        ) -> sys::phi_status,
    ) -> Result<Model> {
        let mut handle = ptr::null_mut();
        let result = with_callbacks(&mut options, |raw| {
            let result = check(|error| call(raw, &mut handle, error));
            // Owned at once: a closure's panic must free it.
            result.map(|_| {
                NonNull::new(handle).map(|handle| RawModel {
                    handle,
                    _bytes: bytes,
                })
            })
        });
        match result? {
            Some(raw) => Ok(Model { raw: Arc::new(raw) }),
            None => unreachable!("the library returned PHI_OK without a model"),
        }
    }

    /// Writes what [`open`](Model::open) takes as one packed file: self-contained, and it opens
    /// fastest. With [`ModelOptions::weights`] the weights are converted once and for all.
    pub fn convert(
        from: impl AsRef<Path>,
        to_packed: impl AsRef<Path>,
        mut options: ModelOptions<'_>,
    ) -> Result<()> {
        let from = c_path(from.as_ref())?;
        let to = c_path(to_packed.as_ref())?;
        with_callbacks(&mut options, |raw| {
            check(|error| {
                // SAFETY: all pointers are valid during the call.
                unsafe { sys::phi_model_convert(from.as_ptr(), to.as_ptr(), raw, error) }
            })
        })
        .map(drop)
    }

    /// How much memory the model and one session would take, from the headers of the file alone.
    /// Limits are not applied, closures not called.
    pub fn estimate(
        path: impl AsRef<Path>,
        model: &ModelOptions<'_>,
        session: &SessionOptions,
    ) -> Result<Memory> {
        let path = c_path(path.as_ref())?;
        let (model, session) = (model.raw(), session.raw());
        let mut memory = sys::phi_memory::init();
        check(|error| {
            // SAFETY: all pointers are valid during the call.
            unsafe { sys::phi_model_estimate(path.as_ptr(), &model, &session, &mut memory, error) }
        })?;
        Ok(Memory {
            weights: memory.weights,
            cache: memory.cache,
            scratch: memory.scratch,
            peak_while_loading: memory.peak_while_loading,
            total: memory.total,
        })
    }

    /// What is known of the model.
    pub fn info(&self) -> ModelInfo {
        let mut info = sys::phi_model_info::init();
        // SAFETY: both pointers are valid; with them the call cannot fail.
        check(|error| unsafe { sys::phi_model_info_get(self.as_ptr(), &mut info, error) })
            .expect("info of a model");
        ModelInfo {
            architecture: fixed_text(&info.architecture),
            name: fixed_text(&info.name),
            layers: info.layers,
            hidden: info.hidden,
            heads: info.heads,
            kv_heads: info.kv_heads,
            head_dim: info.head_dim,
            vocab_size: info.vocab_size,
            context: info.context,
            parameters: info.parameters,
            weight_bytes: info.weight_bytes,
            weights: Weights::from_raw(info.weights),
        }
    }

    /// The model's tokenizer; it keeps the model alive.
    pub fn tokenizer(&self) -> Tokenizer {
        // SAFETY: the tokenizer is borrowed from the model, which the second argument keeps.
        unsafe { Tokenizer::from_raw(sys::phi_model_tokenizer(self.as_ptr()), self.raw.clone()) }
    }

    pub(crate) fn as_ptr(&self) -> *const sys::phi_model {
        self.raw.handle.as_ptr()
    }
}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Model").field(&self.info()).finish()
    }
}

/// Runs `call` with the options and their closures; then goes on with a closure's panic, dropping
/// what the call returned.
fn with_callbacks<T>(
    options: &mut ModelOptions<'_>,
    call: impl FnOnce(*const sys::phi_model_options) -> T,
) -> T {
    let mut callbacks = options.take_callbacks();
    let mut raw = options.raw();
    raw.keep_going = callbacks.keep_going();
    raw.log = callbacks.log();
    raw.user = user(&mut callbacks);
    let result = call(&raw);
    callbacks.resume_panic();
    result
}

/// The library takes paths as UTF-8.
pub(crate) fn c_path(path: &Path) -> Result<CString> {
    match path.to_str() {
        Some(text) => c_string("path", text.as_bytes()),
        None => Err(Error::invalid_argument(format!(
            "path: {} is not UTF-8",
            path.display()
        ))),
    }
}

/// A NUL-terminated text in an array.
fn fixed_text(text: &[c_char]) -> String {
    let bytes: Vec<u8> = text
        .iter()
        .map(|&c| c as u8)
        .take_while(|&c| c != 0)
        .collect();
    String::from_utf8_lossy(&bytes).into_owned()
}
