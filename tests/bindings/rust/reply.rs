//! Answers as iterators.

use phi::{ErrorCode, Finish, ReplyOptions, Sampling, Session, SessionOptions, ShowSpecials};

use crate::{chat, model, session, IM_END};

#[test]
fn pieces_are_the_text_of_the_tokens() {
    let mut session = session();
    session.append_chat(&chat()).unwrap();
    let start = session.position() as usize;
    let options = ReplyOptions::new().max_tokens(60);
    let mut reply = session.reply_with(&chat(), &options).unwrap();
    let mut text = String::new();
    for piece in &mut reply {
        let piece = piece.unwrap();
        assert!(!piece.is_empty());
        text.push_str(&piece);
    }
    let finish = reply.finish().expect("it has ended");
    assert!(reply.next().is_none());
    let mut ids = session.tokens().unwrap()[start..].to_vec();
    match finish {
        Finish::EndToken => assert!(session
            .model()
            .tokenizer()
            .info()
            .end
            .contains(&ids.pop().unwrap())),
        _ => assert_eq!((finish, ids.len()), (Finish::MaxTokens, 60)),
    }
    let tokenizer = session.model().tokenizer();
    assert_eq!(tokenizer.decode(&ids, ShowSpecials::No).unwrap(), text);
}

#[test]
fn a_reply_ends_where_it_should() {
    let model = model();
    let tokenizer = model.tokenizer();
    let hello = tokenizer
        .encode("Hello world", phi::Specials::AsText)
        .unwrap();
    // One token again and again: "lo".
    let lo = hello[3];
    let text = tokenizer.decode(&[lo], ShowSpecials::No).unwrap();
    let options = SessionOptions::new().sampling(Sampling::new().bias(lo, 1000.0));
    let mut session = Session::with_options(&model, options).unwrap();

    let three = ReplyOptions::new().max_tokens(3);
    let pieces: phi::Result<Vec<String>> = session.reply_with(&chat(), &three).unwrap().collect();
    assert_eq!(pieces.unwrap(), vec![text.clone(); 3]);

    let stop = ReplyOptions::new().stop(text.repeat(2));
    let mut reply = session.reply_with(&chat(), &stop).unwrap();
    assert!(reply.next().is_none(), "all of it is the stop string");
    assert_eq!(reply.finish(), Some(Finish::StopString));

    session
        .set_sampling(&Sampling::new().bias(IM_END, 1000.0))
        .unwrap();
    let mut reply = session.reply(&chat()).unwrap();
    assert_eq!(reply.finish(), None);
    assert!(reply.next().is_none());
    assert_eq!(reply.finish(), Some(Finish::EndToken));
}

#[test]
fn an_error_comes_after_the_text() {
    let model = model();
    let lo = model
        .tokenizer()
        .encode("lo", phi::Specials::AsText)
        .unwrap()[0];
    let options = SessionOptions::new()
        .context(32)
        .sampling(Sampling::new().bias(lo, 1000.0));
    let mut session = Session::with_options(&model, options).unwrap();
    let held_back = "l".repeat(99); // every "l" may be the beginning of it
    let stop = ReplyOptions::new().stop(held_back);
    let mut reply = session.reply_with(&chat(), &stop).unwrap();
    let mut text = String::new();
    let error = loop {
        match reply.next().expect("an error at the end") {
            Ok(piece) => text.push_str(&piece),
            Err(error) => break error,
        }
    };
    assert_eq!(error.code(), ErrorCode::ContextFull);
    assert!(reply.next().is_none());
    assert_eq!(reply.finish(), None);
    assert_eq!(session.position(), 32);
    assert!(text.ends_with('l'), "what was held back is shown: {text}");
}

#[test]
fn a_reply_can_be_cancelled_dropped_and_asked_again() {
    let mut session = session();
    let cancel = session.cancel_handle();
    let options = ReplyOptions::new().max_tokens(400);

    cancel.cancel(); // before the prompt is read
    let error = session.reply_with(&chat(), &options).unwrap_err();
    assert!(error.is_cancelled());

    let mut reply = session.reply_with(&chat(), &options).unwrap();
    let first = reply.next().expect("a piece").unwrap();
    cancel.cancel();
    let last = reply.by_ref().last().expect("an error");
    assert!(last.unwrap_err().is_cancelled());
    assert!(reply.next().is_none());

    let again = session.reply_with(&chat(), &options).unwrap().next();
    assert_eq!(again.expect("a piece").unwrap(), first);
}

#[test]
fn a_reply_that_cannot_begin_is_an_error() {
    let mut session = session();
    let error = session
        .reply_with(&chat(), &ReplyOptions::new().stop(""))
        .unwrap_err();
    assert_eq!(error.code(), ErrorCode::InvalidArgument);
    assert_eq!(session.position(), 0);
}
