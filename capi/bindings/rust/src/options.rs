//! Options: every value that is not set is the library's default.

use std::os::raw::c_void;

use crate::callbacks::{Callbacks, Log, LogLevel, Progress};
use crate::sys::{self, Init};
use crate::Token;

/// How matrices are held in memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Weights {
    /// The file's own types, mapped and not copied.
    #[default]
    AsStored = sys::PHI_WEIGHTS_AS_STORED as isize,
    /// 32-bit floating point.
    F32 = sys::PHI_WEIGHTS_F32 as isize,
    /// 16-bit floating point with the range of `f32`.
    Bf16 = sys::PHI_WEIGHTS_BF16 as isize,
    /// 8 bits a weight; a scale for 256 of a row, or for 32.
    Int8 = sys::PHI_WEIGHTS_INT8 as isize,
    /// 4.5 bits a weight; token embedding and output matrix have 6 to 8.
    Int4 = sys::PHI_WEIGHTS_INT4 as isize,
}

impl Weights {
    /// A kind that this crate does not know is, at least, what was stored.
    pub(crate) fn from_raw(raw: i32) -> Weights {
        match raw {
            sys::PHI_WEIGHTS_F32 => Weights::F32,
            sys::PHI_WEIGHTS_BF16 => Weights::Bf16,
            sys::PHI_WEIGHTS_INT8 => Weights::Int8,
            sys::PHI_WEIGHTS_INT4 => Weights::Int4,
            _ => Weights::AsStored,
        }
    }
}

/// The most that the library's own kernels may use of the processor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Isa {
    /// The best that the processor has.
    #[default]
    Best = sys::PHI_ISA_BEST as isize,
    /// What every x86-64 has.
    Base = sys::PHI_ISA_BASE as isize,
    /// AVX2.
    Avx2 = sys::PHI_ISA_AVX2 as isize,
    /// AVX-512.
    Avx512 = sys::PHI_ISA_AVX512 as isize,
    /// AVX-512 with VNNI.
    Avx512Vnni = sys::PHI_ISA_AVX512_VNNI as isize,
}

/// Element type of the cache of keys and values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kv {
    /// 16 bits.
    #[default]
    Bf16 = sys::PHI_KV_BF16 as isize,
    /// 32 bits.
    F32 = sys::PHI_KV_F32 as isize,
    /// 8 bits and a scale for every 32 elements.
    Int8 = sys::PHI_KV_INT8 as isize,
}

/// May low-bit weights be put into the order that the processor's kernels work fastest in?
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Repack {
    /// Yes; copies what the file does not have in that order.
    #[default]
    WhenFaster = sys::PHI_REPACK_WHEN_FASTER as isize,
    /// No: stays mapped as the file has it; slower prompts.
    Never = sys::PHI_REPACK_NEVER as isize,
}

/// Of prompt processing with low-bit weights, which rounds the inputs of every matrix to 8 bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Precision {
    /// One scale for 32 inputs (K-quants: 128 or 256), weights as they are.
    #[default]
    Standard = sys::PHI_PRECISION_STANDARD as isize,
    /// Q4_0 and Q4_1: one scale for 64 inputs; Q4_K: 256; others: 128, and weights rounded to
    /// 8 bits with a scale for 128 too. As standard without AVX-512 VNNI.
    Fast = sys::PHI_PRECISION_FAST as isize,
}

/// Where the library's own threads run; the thread that calls stays where it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Pin {
    /// Where the system puts them.
    #[default]
    None = sys::PHI_PIN_NONE as isize,
    /// Each on one core of those that the process may use.
    Cores = sys::PHI_PIN_CORES as isize,
}

/// What the library's own threads get of a busy machine; the thread that calls keeps its own
/// priority.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Priority {
    /// As much as the caller.
    #[default]
    Normal = sys::PHI_PRIORITY_NORMAL as isize,
    /// Less than others: 10 steps nicer than the caller.
    Low = sys::PHI_PRIORITY_LOW as isize,
    /// What others leave.
    Idle = sys::PHI_PRIORITY_IDLE as isize,
}

/// How a model is opened or converted. The lifetime is that of the closures.
///
/// ```
/// # std::env::set_current_dir("../../../examples/phi-nano").unwrap();
/// use phi::{Model, ModelOptions, Weights};
///
/// let options = ModelOptions::new()
///     .weights(Weights::Int8)
///     .memory_limit_bytes(1 << 30)
///     .progress(|done| {
///         eprint!("\rloading {:3.0} %", 100.0 * done);
///         true // false cancels
///     });
/// let model = Model::open_with("phi-nano.phi", options)?;
/// assert_eq!(model.info().weights, Weights::Int8);
/// # Ok::<(), phi::Error>(())
/// ```
#[derive(Default)]
#[must_use]
pub struct ModelOptions<'a> {
    weights: Weights,
    threads: i32,
    pin: Pin,
    priority: Priority,
    isa: Isa,
    memory_limit_bytes: u64,
    repack: Repack,
    progress: Option<Progress<'a>>,
    log: Option<Log<'a>>,
}

impl<'a> ModelOptions<'a> {
    /// All defaults.
    pub fn new() -> ModelOptions<'a> {
        ModelOptions::default()
    }

    /// How matrices are held in memory.
    pub fn weights(mut self, weights: Weights) -> Self {
        self.weights = weights;
        self
    }

    /// Threads that load; 0 = the physical cores that this process may use.
    pub fn threads(mut self, threads: u32) -> Self {
        self.threads = clamp(threads);
        self
    }

    /// Where the library's own threads run.
    pub fn pin(mut self, pin: Pin) -> Self {
        self.pin = pin;
        self
    }

    /// What the library's own threads get of a busy machine.
    pub fn priority(mut self, priority: Priority) -> Self {
        self.priority = priority;
        self
    }

    /// The most that the library's own kernels may use of the processor.
    pub fn isa(mut self, isa: Isa) -> Self {
        self.isa = isa;
        self
    }

    /// Covers the weights (mapped pages too), the peak while loading, and all sessions of the
    /// model. What would exceed it fails before anything is allocated. 0 = no limit.
    pub fn memory_limit_bytes(mut self, bytes: u64) -> Self {
        self.memory_limit_bytes = bytes;
        self
    }

    /// May the weights be put into another order?
    pub fn repack(mut self, repack: Repack) -> Self {
        self.repack = repack;
        self
    }

    /// Told from 0 to 1 how much is done, on the calling thread, at most every 20 ms. `false`
    /// cancels.
    pub fn progress(mut self, progress: impl FnMut(f64) -> bool + Send + 'a) -> Self {
        self.progress = Some(Box::new(progress));
        self
    }

    /// Gets lines of log while the model is being opened or converted.
    pub fn log(mut self, log: impl FnMut(LogLevel, &str) + Send + 'a) -> Self {
        self.log = Some(Box::new(log));
        self
    }

    pub(crate) fn take_callbacks(&mut self) -> Callbacks<'a> {
        Callbacks::new(self.progress.take(), self.log.take())
    }

    /// Without callbacks.
    pub(crate) fn raw(&self) -> sys::phi_model_options {
        sys::phi_model_options {
            weights: self.weights as i32,
            threads: self.threads,
            isa: self.isa as i32,
            memory_limit_bytes: self.memory_limit_bytes,
            repack: self.repack as i32,
            pin: self.pin as i32,
            priority: self.priority as i32,
            ..Init::init()
        }
    }
}

/// How the next token is chosen. Steps, in this order: bias, penalties, top-k, top-p, min-p,
/// temperature, draw. The default takes the most probable token. A seed gives the same tokens
/// everywhere.
///
/// ```
/// let sampling = phi::Sampling::new().temperature(0.7).top_p(0.9).seed(42);
/// # let _ = sampling;
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[must_use]
pub struct Sampling {
    temperature: f32,
    top_k: u32,
    top_p: f32,
    min_p: f32,
    repeat_penalty: f32,
    presence_penalty: f32,
    frequency_penalty: f32,
    penalty_window: u32,
    ignore_end: bool,
    seed: u64,
    bias_tokens: Vec<Token>,
    biases: Vec<f32>,
    stop_tokens: Vec<Token>,
}

impl Sampling {
    /// The most probable token.
    pub fn new() -> Sampling {
        Sampling::default()
    }

    /// Divides the logits; 0 = the best token, the lowest id of equals.
    pub fn temperature(mut self, temperature: f32) -> Self {
        self.temperature = temperature;
        self
    }

    /// Keeps the `k` most probable tokens; 0 = off.
    pub fn top_k(mut self, k: u32) -> Self {
        self.top_k = k;
        self
    }

    /// Keeps the shortest list that holds this probability, 0 to 1; 0 = off.
    pub fn top_p(mut self, p: f32) -> Self {
        self.top_p = p;
        self
    }

    /// Keeps what is this times as probable as the best, 0 to 1; 0 = off.
    pub fn min_p(mut self, p: f32) -> Self {
        self.min_p = p;
        self
    }

    /// Divides positive logits of seen tokens, multiplies others; 0 and 1 = off.
    pub fn repeat_penalty(mut self, penalty: f32) -> Self {
        self.repeat_penalty = penalty;
        self
    }

    /// Subtracted from the logit of a seen token.
    pub fn presence_penalty(mut self, penalty: f32) -> Self {
        self.presence_penalty = penalty;
        self
    }

    /// Subtracted from the logit of a seen token once for each time that it was seen.
    pub fn frequency_penalty(mut self, penalty: f32) -> Self {
        self.frequency_penalty = penalty;
        self
    }

    /// How many of the last tokens, prompt included, count as seen; 0 = 64.
    pub fn penalty_window(mut self, tokens: u32) -> Self {
        self.penalty_window = tokens;
        self
    }

    /// Makes the model's end tokens ordinary ones, for benchmarks.
    pub fn ignore_end(mut self) -> Self {
        self.ignore_end = true;
        self
    }

    /// Of the generator.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Added to the logit of `token`; `f32::NEG_INFINITY` forbids it. Once for each token.
    pub fn bias(mut self, token: Token, bias: f32) -> Self {
        self.bias_tokens.push(token);
        self.biases.push(bias);
        self
    }

    /// Ends a reply, as the model's own end tokens do. Once for each token.
    pub fn stop_token(mut self, token: Token) -> Self {
        self.stop_tokens.push(token);
        self
    }

    /// Points into `self`: to be used while it is borrowed.
    pub(crate) fn raw(&self) -> sys::phi_sampling {
        sys::phi_sampling {
            top_k: self.top_k,
            temperature: self.temperature,
            top_p: self.top_p,
            min_p: self.min_p,
            repeat_penalty: self.repeat_penalty,
            presence_penalty: self.presence_penalty,
            frequency_penalty: self.frequency_penalty,
            penalty_window: self.penalty_window,
            ignore_end: u32::from(self.ignore_end),
            seed: self.seed,
            bias_tokens: self.bias_tokens.as_ptr(),
            biases: self.biases.as_ptr(),
            bias_count: self.biases.len(),
            stop_tokens: self.stop_tokens.as_ptr(),
            stop_count: self.stop_tokens.len(),
            ..Init::init()
        }
    }
}

/// How a session is made.
///
/// ```
/// use phi::{Kv, Sampling, SessionOptions};
///
/// let options = SessionOptions::new()
///     .context(1024)
///     .kv(Kv::Int8)
///     .sampling(Sampling::new().temperature(0.7).seed(1));
/// # let _ = options;
/// ```
#[derive(Default)]
#[must_use]
pub struct SessionOptions {
    context: u32,
    kv: Kv,
    threads: i32,
    pin: Pin,
    priority: Priority,
    sampling: Sampling,
    precision: Precision,
    progress: Option<Progress<'static>>,
}

impl SessionOptions {
    /// All defaults.
    pub fn new() -> SessionOptions {
        SessionOptions::default()
    }

    /// Positions to reserve, at most the model's. 0 = 4096, if the model has so many; with longrope
    /// at most the length that the model was first trained for.
    pub fn context(mut self, positions: u32) -> Self {
        self.context = positions;
        self
    }

    /// Element type of the cache of keys and values.
    pub fn kv(mut self, kv: Kv) -> Self {
        self.kv = kv;
        self
    }

    /// Threads that evaluate; 0 = the physical cores that this process may use.
    pub fn threads(mut self, threads: u32) -> Self {
        self.threads = clamp(threads);
        self
    }

    /// Where the library's own threads run.
    pub fn pin(mut self, pin: Pin) -> Self {
        self.pin = pin;
        self
    }

    /// What the library's own threads get of a busy machine.
    pub fn priority(mut self, priority: Priority) -> Self {
        self.priority = priority;
        self
    }

    /// How tokens are chosen.
    pub fn sampling(mut self, sampling: Sampling) -> Self {
        self.sampling = sampling;
        self
    }

    /// Of prompt processing.
    pub fn precision(mut self, precision: Precision) -> Self {
        self.precision = precision;
        self
    }

    /// Told from 0 to 1 how much of a long prompt is read, on the calling thread, at most every
    /// 20 ms. `false` cancels.
    pub fn progress(mut self, progress: impl FnMut(f64) -> bool + Send + 'static) -> Self {
        self.progress = Some(Box::new(progress));
        self
    }

    pub(crate) fn take_callbacks(&mut self) -> Callbacks<'static> {
        Callbacks::new(self.progress.take(), None)
    }

    /// Without callback. Points into `self`: to be used while it is borrowed.
    pub(crate) fn raw(&self) -> sys::phi_session_options {
        sys::phi_session_options {
            context: self.context,
            kv: self.kv as i32,
            threads: self.threads,
            sampling: self.sampling.raw(),
            precision: self.precision as i32,
            pin: self.pin as i32,
            priority: self.priority as i32,
            ..Init::init()
        }
    }
}

/// How tokens become text in a [`TextStream`](crate::TextStream).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct StreamOptions {
    pub(crate) show_specials: bool,
    pub(crate) stops: Vec<String>,
}

impl StreamOptions {
    /// No stop string, no control tokens.
    pub fn new() -> StreamOptions {
        StreamOptions::default()
    }

    /// Control tokens become part of the text.
    pub fn show_specials(mut self) -> Self {
        self.show_specials = true;
        self
    }

    /// A text that ends the stream and is not shown. Once for each text.
    pub fn stop(mut self, stop: impl Into<String>) -> Self {
        self.stops.push(stop.into());
        self
    }
}

/// When a reply ends, beside the model's own end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct ReplyOptions {
    pub(crate) max_tokens: Option<u32>,
    pub(crate) stream: StreamOptions,
}

impl ReplyOptions {
    /// As long as the model likes.
    pub fn new() -> ReplyOptions {
        ReplyOptions::default()
    }

    /// After so many tokens.
    pub fn max_tokens(mut self, tokens: u32) -> Self {
        self.max_tokens = Some(tokens);
        self
    }

    /// Before this text. Once for each text.
    pub fn stop(mut self, stop: impl Into<String>) -> Self {
        self.stream = self.stream.stop(stop);
        self
    }
}

/// More threads than an `i32` holds are refused by the library all the same.
fn clamp(threads: u32) -> i32 {
    i32::try_from(threads).unwrap_or(i32::MAX)
}

/// The pointer that the library hands to callbacks.
pub(crate) fn user(callbacks: *mut Callbacks<'_>) -> *mut c_void {
    callbacks.cast()
}
