//! Prompts, tokens, sampling, logits.

use phi::{ErrorCode, Kv, Message, Sampling, Session, SessionOptions, Token};

use crate::{chat, golden_ids, model, session, IM_END, VOCAB};

const PROMPT: [Token; 6] = [12, 500, 3, 77, 900, 41];

fn best(logits: &[f32]) -> Token {
    let mut best = 0;
    for (id, value) in logits.iter().enumerate() {
        if *value > logits[best] {
            best = id;
        }
    }
    best as Token
}

fn generate(session: &mut Session, n: usize) -> Vec<Token> {
    (0..n)
        .map(|_| session.next_token().unwrap().token)
        .collect()
}

#[test]
fn greedy_tokens_are_those_of_transformers() {
    let options = SessionOptions::new().kv(Kv::F32);
    let mut session = Session::with_options(&model(), options).unwrap();
    session.append(&golden_ids("input_ids.T7")).unwrap();
    assert_eq!(generate(&mut session, 8), golden_ids("greedy_ids.T7")[..8]);
}

#[test]
fn tokens_follow_the_logits_and_can_be_taken_back() {
    let mut session = session();
    session.append(&PROMPT).unwrap();
    let mut first = Vec::new();
    for i in 0..3 {
        let logits = session.logits().unwrap();
        assert_eq!(logits.len(), VOCAB);
        let expected = best(logits);
        let next = session.next_token().unwrap();
        assert_eq!(next.token, expected);
        assert_eq!(session.position() as usize, PROMPT.len() + i + 1);
        first.push(next.token);
    }
    assert_eq!(session.tokens().unwrap(), [&PROMPT[..], &first].concat());
    session.rewind(PROMPT.len() as u32).unwrap();
    assert_eq!(generate(&mut session, 3), first);
    let error = session.rewind(100).unwrap_err();
    assert_eq!(error.code(), ErrorCode::OutOfRange);
    assert_eq!(session.model().info().layers, 3);
    assert!(format!("{session:?}").contains("position: 9"));
}

#[test]
fn append_logits_gives_a_row_for_each_token() {
    let model = model();
    let (mut rows, mut single) = (Session::new(&model).unwrap(), Session::new(&model).unwrap());
    let mut all = vec![0.0; PROMPT.len() * VOCAB];
    rows.append_logits(&PROMPT, &mut all).unwrap();
    for (id, row) in PROMPT.iter().zip(all.chunks(VOCAB)) {
        single.append(&[*id]).unwrap();
        assert_eq!(single.logits().unwrap(), row);
    }
    for wrong in [0, VOCAB, PROMPT.len() * VOCAB - 1] {
        let error = rows.append_logits(&PROMPT, &mut all[..wrong]).unwrap_err();
        assert_eq!(error.code(), ErrorCode::InvalidArgument);
        assert!(error.message().contains("1003"), "{error}");
    }
    rows.append_logits(&[], &mut []).unwrap();
}

#[test]
fn misuse_is_an_error_and_changes_nothing() {
    let options = SessionOptions::new().context(8).threads(1);
    let mut session = Session::with_options(&model(), options).unwrap();
    let code = |result: phi::Result<()>| result.unwrap_err().code();
    assert_eq!(
        session.next_token().unwrap_err().code(),
        ErrorCode::InvalidArgument
    );
    assert_eq!(
        session.logits().unwrap_err().code(),
        ErrorCode::InvalidArgument
    );
    assert_eq!(code(session.append(&[1003])), ErrorCode::OutOfRange);
    session.append(&[]).unwrap();
    session.append(&PROMPT).unwrap();
    assert_eq!(code(session.append(&PROMPT)), ErrorCode::ContextFull);
    assert_eq!(code(session.append_chat(&chat())), ErrorCode::ContextFull);
    assert_eq!(session.tokens().unwrap(), PROMPT);
    generate(&mut session, 2);
    let error = session.next_token().unwrap_err();
    assert_eq!(error.code(), ErrorCode::ContextFull);

    let too_long = SessionOptions::new().context(513);
    let error = Session::with_options(&model(), too_long).unwrap_err();
    assert_eq!(error.code(), ErrorCode::OutOfRange);
}

#[test]
fn sampling_can_force_forbid_and_stop() {
    let mut session = session();
    session.append(&PROMPT).unwrap();
    let forced = Sampling::new().bias(321, 1000.0);
    session.set_sampling(&forced).unwrap();
    assert_eq!(session.next_token().unwrap().token, 321);
    session
        .set_sampling(&forced.clone().stop_token(321))
        .unwrap();
    assert!(session.next_token().unwrap().end);
    let forbidden = forced.bias(321, f32::NEG_INFINITY); // the later of two counts beside the first
    session.set_sampling(&forbidden).unwrap();
    assert_ne!(session.next_token().unwrap().token, 321);

    let end = Sampling::new().bias(IM_END, 1000.0);
    session.set_sampling(&end).unwrap();
    assert!(session.next_token().unwrap().end);
    session.set_sampling(&end.ignore_end()).unwrap();
    assert!(!session.next_token().unwrap().end);
}

#[test]
fn a_seed_gives_the_same_tokens() {
    let warm = Sampling::new()
        .temperature(1.2)
        .top_k(100)
        .top_p(0.95)
        .min_p(0.01)
        .repeat_penalty(1.1)
        .presence_penalty(0.1)
        .frequency_penalty(0.1)
        .penalty_window(16)
        .ignore_end();
    let model = model();
    let run = |seed| {
        let options = SessionOptions::new().sampling(warm.clone().seed(seed));
        let mut session = Session::with_options(&model, options).unwrap();
        session.append(&PROMPT).unwrap();
        generate(&mut session, 20)
    };
    assert_eq!(run(4711), run(4711));
    assert_ne!(run(4711), run(4712));
}

#[test]
fn sampling_that_makes_no_sense_is_an_error() {
    let mut session = session();
    for (sampling, name) in [
        (Sampling::new().temperature(f32::NAN), "temperature"),
        (Sampling::new().top_p(1.01), "top_p"),
        (Sampling::new().bias(1003, 1.0), "bias"),
        (Sampling::new().stop_token(-4), "stop"),
    ] {
        let error = session.set_sampling(&sampling).unwrap_err();
        assert!(error.message().contains(name), "{name}: {error}");
    }
}

#[test]
fn a_chat_keeps_what_stays_the_same() {
    let mut session = session();
    let mut chat = chat().to_vec();
    session.append_chat(&chat).unwrap();
    let before = session.tokens().unwrap();
    chat.push(Message::assistant("Everybody."));
    chat.push(Message::user("Why?"));
    session.append_chat(&chat).unwrap();
    let after = session.tokens().unwrap();
    assert!(after.starts_with(&before) && after.len() > before.len());
    let error = session.append_chat(&[Message::new("\0", "")]).unwrap_err();
    assert_eq!(error.code(), ErrorCode::InvalidArgument);
    assert_eq!(session.tokens().unwrap(), after);
}
