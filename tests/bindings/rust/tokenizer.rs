//! Text to tokens and back; chats; streams.

use phi::{
    ErrorCode, GenerationPrompt, Message, ShowSpecials, Specials, StreamOptions, TextStream,
    Tokenizer,
};

use crate::{golden, model, IM_END};

fn tokenizer() -> Tokenizer {
    Tokenizer::open(golden("c1_phi4")).expect("opens")
}

#[test]
fn a_tokenizer_tells_what_it_is() {
    let info = tokenizer().info();
    assert_eq!(info.vocab_size, 1003);
    assert!(info.end.contains(&IM_END));
    assert!(!info.adds_bos);
    assert_eq!(info, model().tokenizer().info());
    assert!(format!("{:?}", tokenizer()).contains("1003"));
}

#[test]
fn text_goes_to_tokens_and_back() {
    let tokenizer = tokenizer();
    let expected = [39, 68, 379, 78, 272, 260, 521]; // by the library that made tokenizer.json
    assert_eq!(
        tokenizer.encode("Hello world", Specials::AsText).unwrap(),
        expected
    );
    let long = "one two three ".repeat(2000);
    for text in [
        "",
        "Grüße, 日本語, 🦀🏳️‍🌈",
        "two\nlines",
        "NUL: \0.",
        "!",
        &long,
    ] {
        let ids = tokenizer.encode(text, Specials::AsText).expect("ids");
        let back = tokenizer.decode(&ids, ShowSpecials::No).expect("text");
        assert_eq!(back, text);
    }
    let error = tokenizer.decode(&[5000], ShowSpecials::No).unwrap_err();
    assert_eq!(error.code(), ErrorCode::OutOfRange);
}

#[test]
fn control_tokens_are_text_unless_asked_for() {
    let tokenizer = tokenizer();
    let as_text = tokenizer.encode("<|im_end|>", Specials::AsText).unwrap();
    assert!(as_text.len() > 1);
    let ids = tokenizer.encode("<|im_end|>", Specials::Parse).unwrap();
    assert_eq!(ids, [IM_END]);
    assert_eq!(tokenizer.decode(&ids, ShowSpecials::No).unwrap(), "");
    let shown = tokenizer.decode(&ids, ShowSpecials::Yes).unwrap();
    assert_eq!(shown, "<|im_end|>");
}

#[test]
fn chats_follow_the_template() {
    let tokenizer = tokenizer();
    let chat = [Message::system("Be brief."), Message::user("Hi <|im_end|>")];
    let text = tokenizer.render_chat(&chat, GenerationPrompt::Yes).unwrap();
    let expected = "<|im_start|>system<|im_sep|>Be brief.<|im_end|>\
         <|im_start|>user<|im_sep|>Hi <|im_end|><|im_end|>\
         <|im_start|>assistant<|im_sep|>";
    assert_eq!(text, expected);
    let json = r#"{"messages": [{"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hi <|im_end|>"}], "add_generation_prompt": true}"#;
    assert_eq!(tokenizer.render_chat_json(json).unwrap(), expected);

    let ids = tokenizer.encode_chat(&chat, GenerationPrompt::No).unwrap();
    let ends = ids.iter().filter(|&&id| id == IM_END).count();
    assert_eq!(ends, 2, "the one that the user spelled is text");
    let prompt = tokenizer.encode_chat(&chat, GenerationPrompt::Yes).unwrap();
    assert!(prompt.starts_with(&ids) && prompt.len() > ids.len());

    let long = [Message::assistant("word ".repeat(5000))];
    assert!(
        tokenizer
            .render_chat(&long, GenerationPrompt::No)
            .unwrap()
            .len()
            > 25000
    );
}

#[test]
fn chats_that_make_no_sense_are_errors() {
    let tokenizer = tokenizer();
    let chat = [Message::new("us\0er", "Hi")];
    let error = tokenizer
        .encode_chat(&chat, GenerationPrompt::No)
        .unwrap_err();
    assert_eq!(error.code(), ErrorCode::InvalidArgument);
    assert!(error.message().contains("role"), "{error}");
    let error = tokenizer.render_chat_json("{").unwrap_err();
    assert_eq!(error.code(), ErrorCode::InvalidArgument);
}

#[test]
fn a_stream_gives_whole_characters() {
    let tokenizer = tokenizer();
    let text = "Grüße, 日本語 🦀!";
    let mut stream = TextStream::new(&tokenizer, &StreamOptions::new()).unwrap();
    let ids = tokenizer.encode(text, Specials::AsText).unwrap();
    let crab = tokenizer.encode("🦀", Specials::AsText).unwrap();
    drop(tokenizer); // the stream keeps it
    let mut shown = String::new();
    for &id in &ids {
        shown.push_str(stream.push(id).unwrap().text);
    }
    shown.push_str(stream.flush().unwrap());
    assert_eq!(shown, text);

    assert_eq!(stream.push(crab[0]).unwrap().text, "");
    assert!(stream.push(-1).is_err());
    assert_eq!(stream.flush().unwrap(), "\u{fffd}");
    assert_eq!(stream.flush().unwrap(), "");
}

#[test]
fn a_stream_ends_before_a_stop_string() {
    let tokenizer = tokenizer();
    let options = StreamOptions::new()
        .stop("never")
        .stop("worl")
        .show_specials();
    let mut stream = TextStream::new(&tokenizer, &options).unwrap();
    let mut shown = String::new();
    let mut stopped = false;
    for id in tokenizer
        .encode("<|im_start|>Hello world", Specials::Parse)
        .unwrap()
    {
        let piece = stream.push(id).unwrap();
        shown.push_str(piece.text);
        stopped = piece.stopped;
    }
    assert!(stopped);
    assert_eq!(shown, "<|im_start|>Hello ");

    for stop in ["", "a\0b"] {
        let error = TextStream::new(&tokenizer, &StreamOptions::new().stop(stop)).unwrap_err();
        assert_eq!(error.code(), ErrorCode::InvalidArgument);
    }
}
