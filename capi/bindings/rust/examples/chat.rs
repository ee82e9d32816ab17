//! A chat in the terminal: `cargo run --example chat -- [MODEL]`. An empty line or Ctrl-D ends it.

use std::env;
use std::io::{self, BufRead, Write};

use phi::{Message, Model, ModelOptions, Sampling, Session, SessionOptions};

/// The project's own small model, in a checkout.
const DEFAULT_MODEL: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../../examples/phi-nano/phi-nano.phi"
);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = env::args().nth(1);
    let path = path.as_deref().unwrap_or(DEFAULT_MODEL);
    let options = ModelOptions::new().progress(|done| {
        eprint!("\rloading {:3.0} %", 100.0 * done);
        true
    });
    let model = Model::open_with(path, options)?;
    let info = model.info();
    eprintln!(
        "\r{}: {} layers, {:.1} million weights",
        info.architecture,
        info.layers,
        info.parameters as f64 / 1e6
    );
    let sampling = Sampling::new().temperature(0.7).top_p(0.9).seed(1);
    let mut session = Session::with_options(&model, SessionOptions::new().sampling(sampling))?;

    let mut chat = Vec::new();
    while let Some(question) = ask()? {
        chat.push(Message::user(question));
        let mut answer = String::new();
        for piece in session.reply(&chat)? {
            let piece = piece?;
            print!("{piece}");
            io::stdout().flush()?;
            answer.push_str(&piece);
        }
        println!();
        chat.push(Message::assistant(answer));
    }
    Ok(())
}

/// A line from the person; `None` when there is nothing more to ask.
fn ask() -> io::Result<Option<String>> {
    eprint!("> ");
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    let line = line.trim();
    Ok((!line.is_empty()).then(|| line.to_owned()))
}
