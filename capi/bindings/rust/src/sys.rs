//! `phi.h` as it is: the raw calls, structs and numbers of libphi.
//!
//! The rules at the head of `phi.h` hold here. Structs are those of ABI version 1; a newer library
//! takes them too, because `struct_size` tells it how much they hold. Calls on trial
//! (`phi_experimental.h`) are not declared.

#![allow(non_camel_case_types, missing_docs)]

use std::os::raw::{c_char, c_void};

/// `PHI_ABI_VERSION` of the header that these declarations follow.
pub const PHI_ABI_VERSION: u32 = 1;

macro_rules! opaque {
    ($($name:ident),*) => {$(
        #[repr(C)]
        pub struct $name {
            _private: [u8; 0],
            _not_send: std::marker::PhantomData<(*mut u8, std::marker::PhantomPinned)>,
        }
    )*};
}
opaque!(phi_model, phi_tokenizer, phi_session, phi_stream);

pub type phi_token = i32;
pub type phi_status = i32;
pub type phi_keep_going = unsafe extern "C" fn(user: *mut c_void, done: f64) -> i32;
pub type phi_log = unsafe extern "C" fn(user: *mut c_void, level: i32, message: *const c_char);

pub const PHI_OK: phi_status = 0;
pub const PHI_END: phi_status = 1;
pub const PHI_PENDING: phi_status = 2;
pub const PHI_ERR_INVALID_ARGUMENT: phi_status = -10;
pub const PHI_ERR_OUT_OF_RANGE: phi_status = -11;
pub const PHI_ERR_BUFFER_TOO_SMALL: phi_status = -12;
pub const PHI_ERR_NOT_FOUND: phi_status = -20;
pub const PHI_ERR_IO: phi_status = -21;
pub const PHI_ERR_BAD_FORMAT: phi_status = -22;
pub const PHI_ERR_UNSUPPORTED: phi_status = -23;
pub const PHI_ERR_OUT_OF_MEMORY: phi_status = -30;
pub const PHI_ERR_OVER_BUDGET: phi_status = -31;
pub const PHI_ERR_CONTEXT_FULL: phi_status = -40;
pub const PHI_ERR_CANCELLED: phi_status = -41;
pub const PHI_ERR_INTERNAL: phi_status = -90;

pub const PHI_WEIGHTS_AS_STORED: i32 = 0;
pub const PHI_WEIGHTS_F32: i32 = 1;
pub const PHI_WEIGHTS_BF16: i32 = 2;
pub const PHI_WEIGHTS_INT8: i32 = 3;
pub const PHI_WEIGHTS_INT4: i32 = 4;

pub const PHI_ISA_BEST: i32 = 0;
pub const PHI_ISA_BASE: i32 = 1;
pub const PHI_ISA_AVX2: i32 = 2;
pub const PHI_ISA_AVX512: i32 = 3;
pub const PHI_ISA_AVX512_VNNI: i32 = 4;

pub const PHI_KV_BF16: i32 = 0;
pub const PHI_KV_F32: i32 = 1;
pub const PHI_KV_INT8: i32 = 2;

pub const PHI_REPACK_WHEN_FASTER: i32 = 0;
pub const PHI_REPACK_NEVER: i32 = 1;

pub const PHI_PRECISION_STANDARD: i32 = 0;
pub const PHI_PRECISION_FAST: i32 = 1;

pub const PHI_PIN_NONE: i32 = 0;
pub const PHI_PIN_CORES: i32 = 1;

pub const PHI_PRIORITY_NORMAL: i32 = 0;
pub const PHI_PRIORITY_LOW: i32 = 1;
pub const PHI_PRIORITY_IDLE: i32 = 2;

pub const PHI_LOG_DEBUG: i32 = 0;
pub const PHI_LOG_INFO: i32 = 1;
pub const PHI_LOG_WARNING: i32 = 2;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct phi_error {
    pub code: phi_status,
    pub message: [c_char; 252],
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct phi_model_options {
    pub struct_size: u32,
    pub weights: i32,
    pub threads: i32,
    pub isa: i32,
    pub memory_limit_bytes: u64,
    pub keep_going: Option<phi_keep_going>,
    pub log: Option<phi_log>,
    pub user: *mut c_void,
    pub repack: i32,
    pub reserved: u32,
    pub pin: i32,
    pub priority: i32,
    /// `phi_thread_pool`, for hosts in C and C++; null here.
    pub pool: *const c_void,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct phi_sampling {
    pub struct_size: u32,
    pub top_k: u32,
    pub temperature: f32,
    pub top_p: f32,
    pub min_p: f32,
    pub repeat_penalty: f32,
    pub presence_penalty: f32,
    pub frequency_penalty: f32,
    pub penalty_window: u32,
    pub ignore_end: u32,
    pub seed: u64,
    pub bias_tokens: *const phi_token,
    pub biases: *const f32,
    pub bias_count: usize,
    pub stop_tokens: *const phi_token,
    pub stop_count: usize,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct phi_session_options {
    pub struct_size: u32,
    pub context: u32,
    pub kv: i32,
    pub threads: i32,
    pub keep_going: Option<phi_keep_going>,
    pub user: *mut c_void,
    pub sampling: phi_sampling,
    pub precision: i32,
    pub reserved: u32,
    pub pin: i32,
    pub priority: i32,
    /// `phi_thread_pool`, for hosts in C and C++; null here.
    pub pool: *const c_void,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct phi_stream_options {
    pub struct_size: u32,
    pub keep_specials: u32,
    pub stops: *const *const c_char,
    pub stop_count: usize,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct phi_message {
    pub role: *const c_char,
    pub content: *const c_char,
    pub content_bytes: usize,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct phi_model_info {
    pub struct_size: u32,
    pub layers: u32,
    pub hidden: u32,
    pub heads: u32,
    pub kv_heads: u32,
    pub head_dim: u32,
    pub vocab_size: u32,
    pub context: u32,
    pub parameters: u64,
    pub weight_bytes: u64,
    pub weights: i32,
    pub reserved: u32,
    pub architecture: [c_char; 32],
    pub name: [c_char; 96],
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct phi_tokenizer_info {
    pub struct_size: u32,
    pub vocab_size: u32,
    pub bos: phi_token,
    pub pad: phi_token,
    pub adds_bos: u32,
    pub end_count: u32,
    pub end: [phi_token; 16],
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct phi_memory {
    pub struct_size: u32,
    pub reserved: u32,
    pub weights: u64,
    pub cache: u64,
    pub scratch: u64,
    pub peak_while_loading: u64,
    pub total: u64,
}

/// A struct of `phi.h` that begins with its size.
///
/// # Safety
/// The first field is `struct_size: u32`, and all bytes zero is a valid value.
pub unsafe trait Init: Sized {
    /// The value of the `PHI_..._INIT` macro: `struct_size` is set, the rest is zero.
    fn init() -> Self {
        let mut value = std::mem::MaybeUninit::<Self>::zeroed();
        // SAFETY: the trait promises both the field and that zeros are valid.
        unsafe {
            value
                .as_mut_ptr()
                .cast::<u32>()
                .write(std::mem::size_of::<Self>() as u32);
            value.assume_init()
        }
    }
}

macro_rules! init {
    ($($name:ident),*) => {$(
        // SAFETY: struct_size comes first; numbers, raw pointers and Option<fn> may be zero.
        unsafe impl Init for $name {}
    )*};
}
init!(
    phi_model_options,
    phi_sampling,
    phi_session_options,
    phi_stream_options,
    phi_model_info,
    phi_tokenizer_info,
    phi_memory
);

extern "C" {
    pub fn phi_abi_version() -> u32;
    pub fn phi_version_string() -> *const c_char;
    pub fn phi_status_name(s: phi_status) -> *const c_char;

    pub fn phi_model_open(
        path: *const c_char,
        opt: *const phi_model_options,
        out: *mut *mut phi_model,
        err: *mut phi_error,
    ) -> phi_status;
    pub fn phi_model_open_memory(
        bytes: *const c_void,
        n: usize,
        opt: *const phi_model_options,
        out: *mut *mut phi_model,
        err: *mut phi_error,
    ) -> phi_status;
    pub fn phi_model_convert(
        from: *const c_char,
        to_packed: *const c_char,
        opt: *const phi_model_options,
        err: *mut phi_error,
    ) -> phi_status;
    pub fn phi_model_estimate(
        path: *const c_char,
        opt: *const phi_model_options,
        session: *const phi_session_options,
        out: *mut phi_memory,
        err: *mut phi_error,
    ) -> phi_status;
    pub fn phi_model_info_get(
        m: *const phi_model,
        out: *mut phi_model_info,
        err: *mut phi_error,
    ) -> phi_status;
    pub fn phi_model_free(m: *mut phi_model);
    pub fn phi_model_tokenizer(m: *const phi_model) -> *const phi_tokenizer;

    pub fn phi_tokenizer_open(
        path: *const c_char,
        out: *mut *mut phi_tokenizer,
        err: *mut phi_error,
    ) -> phi_status;
    pub fn phi_tokenizer_free(t: *mut phi_tokenizer);
    pub fn phi_tokenizer_info_get(
        t: *const phi_tokenizer,
        out: *mut phi_tokenizer_info,
        err: *mut phi_error,
    ) -> phi_status;
    pub fn phi_tokenizer_encode(
        t: *const phi_tokenizer,
        text: *const c_char,
        text_bytes: usize,
        specials: i32,
        ids: *mut phi_token,
        cap: usize,
        count: *mut usize,
        err: *mut phi_error,
    ) -> phi_status;
    pub fn phi_tokenizer_encode_chat(
        t: *const phi_tokenizer,
        messages: *const phi_message,
        n: usize,
        add_generation_prompt: i32,
        ids: *mut phi_token,
        cap: usize,
        count: *mut usize,
        err: *mut phi_error,
    ) -> phi_status;
    pub fn phi_tokenizer_render_chat(
        t: *const phi_tokenizer,
        messages: *const phi_message,
        n: usize,
        add_generation_prompt: i32,
        text: *mut c_char,
        cap: usize,
        bytes: *mut usize,
        err: *mut phi_error,
    ) -> phi_status;
    pub fn phi_tokenizer_render_chat_json(
        t: *const phi_tokenizer,
        json: *const c_char,
        json_bytes: usize,
        text: *mut c_char,
        cap: usize,
        bytes: *mut usize,
        err: *mut phi_error,
    ) -> phi_status;
    pub fn phi_tokenizer_decode(
        t: *const phi_tokenizer,
        ids: *const phi_token,
        n: usize,
        keep_specials: i32,
        text: *mut c_char,
        cap: usize,
        bytes: *mut usize,
        err: *mut phi_error,
    ) -> phi_status;

    pub fn phi_session_create(
        m: *const phi_model,
        opt: *const phi_session_options,
        out: *mut *mut phi_session,
        err: *mut phi_error,
    ) -> phi_status;
    pub fn phi_session_free(s: *mut phi_session);
    pub fn phi_session_set_sampling(
        s: *mut phi_session,
        sampling: *const phi_sampling,
        err: *mut phi_error,
    ) -> phi_status;
    pub fn phi_session_append(
        s: *mut phi_session,
        ids: *const phi_token,
        n: usize,
        err: *mut phi_error,
    ) -> phi_status;
    pub fn phi_session_append_logits(
        s: *mut phi_session,
        ids: *const phi_token,
        n: usize,
        logits: *mut f32,
        err: *mut phi_error,
    ) -> phi_status;
    pub fn phi_session_append_chat(
        s: *mut phi_session,
        messages: *const phi_message,
        n: usize,
        err: *mut phi_error,
    ) -> phi_status;
    pub fn phi_session_next(
        s: *mut phi_session,
        out: *mut phi_token,
        err: *mut phi_error,
    ) -> phi_status;
    pub fn phi_session_logits(
        s: *mut phi_session,
        logits: *mut *const f32,
        vocab: *mut usize,
        err: *mut phi_error,
    ) -> phi_status;
    pub fn phi_session_position(s: *const phi_session) -> u32;
    pub fn phi_session_tokens(
        s: *const phi_session,
        ids: *mut phi_token,
        cap: usize,
        count: *mut usize,
        err: *mut phi_error,
    ) -> phi_status;
    pub fn phi_session_rewind(
        s: *mut phi_session,
        position: u32,
        err: *mut phi_error,
    ) -> phi_status;
    pub fn phi_session_cancel(s: *mut phi_session);

    pub fn phi_stream_create(
        t: *const phi_tokenizer,
        opt: *const phi_stream_options,
        out: *mut *mut phi_stream,
        err: *mut phi_error,
    ) -> phi_status;
    pub fn phi_stream_push(
        s: *mut phi_stream,
        token: phi_token,
        bytes: *mut *const c_char,
        n: *mut usize,
        err: *mut phi_error,
    ) -> phi_status;
    pub fn phi_stream_flush(
        s: *mut phi_stream,
        bytes: *mut *const c_char,
        n: *mut usize,
        err: *mut phi_error,
    ) -> phi_status;
    pub fn phi_stream_free(s: *mut phi_stream);
}
