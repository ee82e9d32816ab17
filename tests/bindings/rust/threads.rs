//! What may cross threads, and cancelling from another one.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use phi::{
    CancelHandle, Error, Message, Model, Sampling, Session, SessionOptions, Specials, TextStream,
    Token, Tokenizer,
};

use crate::{model, session};

fn is_send<T: Send>() {}
fn is_sync<T: Sync>() {}

#[test]
fn types_cross_threads_as_the_rules_say() {
    is_send::<Model>();
    is_sync::<Model>();
    is_send::<Tokenizer>();
    is_sync::<Tokenizer>();
    is_send::<Session>();
    is_send::<TextStream>();
    is_send::<CancelHandle>();
    is_sync::<CancelHandle>();
    is_send::<Error>();
    is_sync::<Error>();
    is_send::<Message>();
    is_send::<Sampling>();
}

#[test]
fn sessions_on_many_threads_give_the_same_tokens() {
    let model = model();
    let run = || -> phi::Result<Vec<Token>> {
        let options = SessionOptions::new().threads(1).context(64);
        let mut session = Session::with_options(&model, options)?;
        session.append(&model.tokenizer().encode("shared", Specials::AsText)?)?;
        (0..12).map(|_| Ok(session.next_token()?.token)).collect()
    };
    let expected = run().unwrap();
    thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(run)).collect();
        for thread in threads {
            assert_eq!(thread.join().unwrap().unwrap(), expected);
        }
    });
}

/// Whenever the cancel comes, exactly one call reports it and the session is as before that call.
#[test]
fn a_prefill_is_cancelled_from_another_thread() {
    let mut session = session();
    let prompt: Vec<Token> = (0..500).collect();
    for round in 0..12 {
        let cancel = session.cancel_handle();
        let delay = Duration::from_micros(200 * round);
        let canceller = thread::spawn(move || {
            thread::sleep(delay);
            cancel.cancel();
        });
        loop {
            session.rewind(0).unwrap();
            match session.append(&prompt) {
                Ok(()) => assert_eq!(session.position(), 500),
                Err(error) => {
                    assert!(error.is_cancelled(), "{error}");
                    break;
                }
            }
        }
        assert_eq!(session.position(), 0);
        canceller.join().unwrap();
        session.append(&prompt[..5]).unwrap();
    }
}

#[test]
fn a_cancel_handle_may_outlive_its_session() {
    let session = session();
    let cancel = session.cancel_handle();
    drop(session);
    cancel.cancel();
    cancel.clone().cancel();
    assert!(format!("{cancel:?}").contains("CancelHandle"));
}

#[test]
fn cancels_race_with_drops() {
    let model = model();
    for _ in 0..200 {
        let session = Session::with_options(&model, SessionOptions::new().context(8)).unwrap();
        let cancel = session.cancel_handle();
        let stop = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                while !stop.load(Ordering::SeqCst) {
                    cancel.cancel();
                }
            });
            drop(session);
            stop.store(true, Ordering::SeqCst);
        });
    }
}

#[test]
fn a_session_moves_to_another_thread() {
    let mut session = session();
    session.append(&[1, 2, 3]).unwrap();
    let expected = session.logits().unwrap().to_vec();
    let moved = thread::spawn(move || {
        session.rewind(0).unwrap();
        session.append(&[1, 2, 3]).unwrap();
        session
    });
    let mut session = moved.join().unwrap();
    assert_eq!(session.logits().unwrap(), expected);
}
