//! Several conversations at once: one model, a session on each thread, and a time limit that
//! cancels those that take too long.
//!
//! `cargo run --example threads -- [MODEL] [SECONDS]`

use std::env;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use phi::{Message, Model, Session, SessionOptions};

/// The project's own small model, in a checkout.
const DEFAULT_MODEL: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../../examples/phi-nano/phi-nano.phi"
);

const QUESTIONS: [&str; 3] = ["What is 12 + 30?", "What is 47 + 38?", "Who are you?"];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = env::args().skip(1);
    let path = arguments.next().unwrap_or_else(|| DEFAULT_MODEL.to_owned());
    let seconds = arguments.next().map_or(Ok(60), |text| text.parse())?;
    let limit = Duration::from_secs(seconds);
    let model = Model::open(path)?;

    thread::scope(|scope| -> phi::Result<()> {
        let mut running = Vec::new();
        for question in QUESTIONS {
            // One thread for each session: they share the cores, not a team of threads.
            let options = SessionOptions::new().context(512).threads(1);
            let mut session = Session::with_options(&model, options)?;
            let cancel = session.cancel_handle();
            let (done, watch) = mpsc::channel::<()>();
            scope.spawn(move || {
                if let Err(mpsc::RecvTimeoutError::Timeout) = watch.recv_timeout(limit) {
                    cancel.cancel();
                }
            });
            running.push(scope.spawn(move || {
                let answer = answer(&mut session, question);
                drop(done); // the watch may go home
                answer
            }));
        }
        for (question, thread) in QUESTIONS.iter().zip(running) {
            match thread.join().expect("a thread that answers") {
                Ok(answer) => println!("{question}\n  {}", answer.replace('\n', "\n  ")),
                Err(error) if error.is_cancelled() => println!("{question}\n  (took too long)"),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    })?;
    Ok(())
}

fn answer(session: &mut Session, question: &str) -> phi::Result<String> {
    session.reply(&[Message::user(question)])?.collect()
}
