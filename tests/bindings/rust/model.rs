//! Opening, from files and from memory; what is told; errors.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;

use phi::{
    ErrorCode, Isa, Kv, Model, ModelOptions, Precision, Repack, Session, SessionOptions, Specials,
    StreamOptions, TextStream, Weights,
};

use crate::{gguf, golden, model, TemporaryFile, VOCAB};

#[test]
fn a_model_tells_what_it_is() {
    let info = model().info();
    assert_eq!(info.architecture, "phi3");
    assert_eq!((info.layers, info.hidden, info.heads), (3, 64, 4));
    assert_eq!((info.kv_heads, info.head_dim, info.context), (2, 16, 512));
    assert_eq!(info.vocab_size as usize, VOCAB);
    assert_eq!(info.parameters, 257856);
    assert!(info.weight_bytes > info.parameters);
    assert!(format!("{:?}", model()).contains("phi3"));
}

#[test]
fn options_reach_the_library() {
    for weights in [Weights::F32, Weights::Bf16, Weights::Int8, Weights::Int4] {
        let options = ModelOptions::new()
            .weights(weights)
            .threads(1)
            .isa(Isa::Base)
            .repack(Repack::Never)
            .memory_limit_bytes(1 << 30);
        let model = Model::open_with(golden("c1_phi4"), options).expect("opens");
        assert_eq!(model.info().weights, weights);
        for (kv, precision) in [(Kv::F32, Precision::Standard), (Kv::Int8, Precision::Fast)] {
            let options = SessionOptions::new().kv(kv).precision(precision).threads(1);
            let mut session = Session::with_options(&model, options).expect("a session");
            session.append(&[1, 2, 3]).expect("append");
            assert_eq!(session.logits().expect("logits").len(), VOCAB);
        }
    }
}

#[test]
fn errors_have_a_code_and_name_what_is_wrong() {
    let error = Model::open("no/such/model.gguf").unwrap_err();
    assert_eq!(error.code(), ErrorCode::NotFound);
    assert!(error.message().contains("no/such/model.gguf"), "{error}");
    assert_eq!(error.to_string(), error.message());
    let boxed: Box<dyn std::error::Error + Send + Sync> = error.into();
    assert!(boxed.downcast_ref::<phi::Error>().is_some());

    let error = Model::open(golden("bad/all_zero.gguf")).unwrap_err();
    assert_eq!(error.code(), ErrorCode::BadFormat);
    let error = Model::open_with(gguf(), ModelOptions::new().threads(u32::MAX)).unwrap_err();
    assert_eq!(error.code(), ErrorCode::OutOfRange);
    assert!(error.message().contains("threads"), "{error}");
    let error = Model::open_with(gguf(), ModelOptions::new().memory_limit_bytes(9)).unwrap_err();
    assert_eq!(error.code(), ErrorCode::OverBudget);
}

#[test]
fn paths_that_the_library_cannot_take_are_errors() {
    let error = Model::open("model\0.gguf").unwrap_err();
    assert_eq!(error.code(), ErrorCode::InvalidArgument);
    assert!(error.message().contains("NUL"), "{error}");
    assert!(Model::open("").is_err());
    assert!(Model::convert(gguf(), "a\0b", ModelOptions::new()).is_err());
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        let path = std::ffi::OsStr::from_bytes(b"model\xff.gguf");
        let error = Model::open(path).unwrap_err();
        assert_eq!(error.code(), ErrorCode::InvalidArgument);
    }
}

#[test]
fn paths_are_unicode() {
    let copy = TemporaryFile::new("модель 模型 🦀.gguf");
    fs::copy(gguf(), &copy.0).expect("a copy");
    assert_eq!(Model::open(&copy.0).expect("opens").info().layers, 2);
}

/// Bytes that tell when they are let go.
struct Watched(Vec<u8>, Arc<AtomicBool>);

impl AsRef<[u8]> for Watched {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.1.store(true, Ordering::SeqCst);
    }
}

#[test]
fn memory_stays_until_the_last_object_is_gone() {
    let gone = Arc::new(AtomicBool::new(false));
    let watched = Watched(fs::read(gguf()).expect("a file"), gone.clone());
    let model = Model::from_bytes(watched).expect("opens");
    let tokenizer = model.tokenizer();
    let mut session = Session::new(&model).expect("a session");
    let mut stream = TextStream::new(&tokenizer, &StreamOptions::new()).expect("a stream");
    drop(model);
    let ids = tokenizer
        .encode("Hello world", Specials::AsText)
        .expect("ids");
    session.append(&ids).expect("append");
    let next = session.next_token().expect("a token");
    drop(session);
    drop(tokenizer);
    assert!(!gone.load(Ordering::SeqCst));
    stream.push(next.token).expect("a piece");
    drop(stream);
    assert!(gone.load(Ordering::SeqCst));
}

#[test]
fn memory_comes_in_many_shapes() {
    let bytes = fs::read(gguf()).expect("a file");
    let expected = Model::open(gguf()).expect("opens").info();
    let shared: Arc<[u8]> = bytes.clone().into();
    assert_eq!(Model::from_bytes(shared).expect("opens").info(), expected);
    let forever: &'static [u8] = Box::leak(bytes.clone().into_boxed_slice());
    assert_eq!(Model::from_bytes(forever).expect("opens").info(), expected);
    let options = ModelOptions::new().weights(Weights::F32);
    let model = Model::from_bytes_with(bytes, options).expect("opens");
    assert_eq!(model.info().weights, Weights::F32);

    assert_eq!(
        Model::from_bytes([7u8; 100]).unwrap_err().code(),
        ErrorCode::BadFormat
    );
    assert!(Model::from_bytes(Vec::new()).is_err());
}

#[test]
fn an_estimate_adds_up() {
    let estimate = |context| {
        let session = SessionOptions::new().context(context);
        Model::estimate(golden("c1_phi4"), &ModelOptions::new(), &session)
    };
    let (small, large) = (estimate(64).expect("64"), estimate(512).expect("512"));
    assert_eq!(small.total, small.weights + small.cache + small.scratch);
    assert_eq!(small.weights, large.weights);
    assert_eq!(8 * small.cache, large.cache);
    assert!(small.peak_while_loading > 0);
    assert_eq!(estimate(513).unwrap_err().code(), ErrorCode::OutOfRange);
}

#[test]
fn convert_writes_a_packed_file() {
    let packed = TemporaryFile::new("packed.phi");
    let options = ModelOptions::new().weights(Weights::Int8);
    Model::convert(golden("c1_phi4"), &packed.0, options).expect("converts");
    let info = Model::open(&packed.0).expect("opens").info();
    assert_eq!(info.layers, 3);
    assert!(info.weight_bytes < 2 * info.parameters);
}
