//! Which of some answers does the model find most probable? Nothing is generated: each answer is
//! scored by the logits of its tokens, and the session is rewound to the question.
//!
//! `cargo run --example classify -- MODEL QUESTION ANSWER ANSWER...`

use std::env;

use phi::{
    GenerationPrompt, Message, Model, ModelOptions, Session, SessionOptions, Specials, Token,
};

/// The project's own small model, in a checkout.
const DEFAULT_MODEL: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../../examples/phi-nano/phi-nano.phi"
);

fn main() -> phi::Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let (path, question, answers) = match arguments.as_slice() {
        [model, question, answers @ ..] if answers.len() > 1 => {
            (model.as_str(), question.clone(), answers.to_vec())
        }
        _ => (
            DEFAULT_MODEL,
            "Is 7 a number or a colour?".to_owned(),
            vec!["A number.".to_owned(), "A colour.".to_owned()],
        ),
    };

    let options = SessionOptions::new().context(512);
    let needed = Model::estimate(path, &ModelOptions::new(), &options)?;
    println!("memory: {:.1} MiB", needed.total as f64 / 1048576.0);
    let model = Model::open(path)?;
    let tokenizer = model.tokenizer();
    let mut session = Session::with_options(&model, options)?;
    println!("{question}");
    session.append(&tokenizer.encode_chat(&[Message::user(question)], GenerationPrompt::Yes)?)?;

    let mut scores = Vec::new();
    for answer in &answers {
        let ids = tokenizer.encode(answer, Specials::AsText)?;
        scores.push(log_probability(&mut session, &ids)?);
    }
    let total: f64 = scores.iter().map(|score| score.exp()).sum();
    for (answer, score) in answers.iter().zip(&scores) {
        println!("{:5.1} %  {answer}", 100.0 * score.exp() / total);
    }
    Ok(())
}

/// Of `ids` after what the session holds, which it holds again afterwards.
fn log_probability(session: &mut Session, ids: &[Token]) -> phi::Result<f64> {
    let start = session.position();
    let mut sum = 0.0;
    for &id in ids {
        sum += log_softmax(session.logits()?, id);
        session.append(&[id])?;
    }
    session.rewind(start)?;
    Ok(sum)
}

fn log_softmax(logits: &[f32], id: Token) -> f64 {
    let best = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f64 = logits.iter().map(|&x| f64::from(x - best).exp()).sum();
    f64::from(logits[id as usize] - best) - sum.ln()
}
