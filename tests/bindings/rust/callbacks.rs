//! Closures: progress, log, and panics in both.

use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;

use phi::{Model, ModelOptions, Session, SessionOptions, Token};

use crate::{golden, model, TemporaryFile};

fn long_prompt() -> Vec<Token> {
    (0..300).collect()
}

/// The text of a panic that `body` does not survive.
fn panic_of<T>(body: impl FnOnce() -> T) -> &'static str {
    let panic = catch_unwind(AssertUnwindSafe(body)).err().expect("a panic");
    panic.downcast_ref::<&str>().expect("a text")
}

#[test]
fn progress_is_told_and_may_borrow() {
    let mut seen = Vec::new();
    let options = ModelOptions::new().progress(|done| {
        seen.push(done);
        true
    });
    Model::open_with(golden("c1_phi4"), options).unwrap();
    assert!(!seen.is_empty());
    assert!(seen.windows(2).all(|two| two[0] <= two[1]));
    assert!(seen.iter().all(|done| (0.0..=1.0).contains(done)));
}

#[test]
fn progress_cancels() {
    let options = ModelOptions::new().progress(|_| false);
    let error = Model::open_with(golden("c1_phi4"), options).unwrap_err();
    assert!(error.is_cancelled());
    let packed = TemporaryFile::new("cancelled.phi");
    let options = ModelOptions::new().progress(|_| false);
    let error = Model::convert(golden("c1_phi4"), &packed.0, options).unwrap_err();
    assert!(error.is_cancelled());
    assert!(!packed.0.exists());

    let calls = Arc::new(AtomicUsize::new(0));
    let counter = calls.clone();
    let options = SessionOptions::new().progress(move |_| {
        counter.fetch_add(1, Ordering::SeqCst);
        false
    });
    let mut session = Session::with_options(&model(), options).unwrap();
    assert!(session.append(&long_prompt()).unwrap_err().is_cancelled());
    assert_eq!(calls.load(Ordering::SeqCst), 1);
    assert_eq!(session.position(), 0);
}

#[test]
fn log_gets_lines() {
    let mut lines = Vec::new();
    let options = ModelOptions::new().log(|level, line| lines.push((level, line.to_owned())));
    Model::open_with(golden("c1_phi4"), options).unwrap();
    assert!(!lines.is_empty());
    assert!(lines
        .iter()
        .all(|(_, line)| !line.is_empty() && !line.contains('\n')));
}

#[test]
fn a_panic_in_a_closure_of_a_load_goes_on_after_the_call() {
    let panic = panic_of(|| {
        let options = ModelOptions::new().progress(|_| panic!("in progress"));
        Model::open_with(golden("c1_phi4"), options)
    });
    assert_eq!(panic, "in progress");
    let panic = panic_of(|| {
        let options = ModelOptions::new().log(|_, _| panic!("in log"));
        Model::open_with(golden("c1_phi4"), options)
    });
    assert_eq!(panic, "in log");
}

#[test]
fn a_session_survives_a_panic_in_its_closure() {
    let mut calls = 0;
    let options = SessionOptions::new().progress(move |_| {
        calls += 1;
        assert!(calls > 1, "the first time");
        true
    });
    let mut session = Session::with_options(&model(), options).unwrap();
    assert_eq!(
        panic_of(|| session.append(&long_prompt())),
        "the first time"
    );
    assert_eq!(session.position(), 0);
    session.append(&long_prompt()).unwrap();
    assert_eq!(session.position(), 300);
}
