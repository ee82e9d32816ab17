//! Answers, piece by piece.

use std::iter::FusedIterator;

use crate::error::{Error, Result};
use crate::message::Message;
use crate::options::ReplyOptions;
use crate::session::Session;
use crate::stream::TextStream;

/// Why a reply ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Finish {
    /// The model had said all.
    EndToken,
    /// A stop string was complete.
    StopString,
    /// [`ReplyOptions::max_tokens`] were generated.
    MaxTokens,
}

/// The pieces of an answer: whole characters, none empty. It ends after the first error, which
/// comes after all text that could be shown. A reply that is dropped early leaves its tokens in the
/// session; the next [`Session::reply`] keeps what fits.
#[derive(Debug)]
#[must_use = "the answer is generated as the iterator is advanced"]
pub struct Reply<'s> {
    session: &'s mut Session,
    stream: TextStream,
    tokens_left: Option<u32>,
    state: State,
}

#[derive(Debug)]
enum State {
    Generating,
    Failed(Error), // and still to be told
    Ended(Option<Finish>),
}

impl<'s> Reply<'s> {
    pub(crate) fn new(
        session: &'s mut Session,
        messages: &[Message],
        options: &ReplyOptions,
    ) -> Result<Reply<'s>> {
        let stream = TextStream::new(&session.model().tokenizer(), &options.stream)?;
        session.append_chat(messages)?;
        Ok(Reply {
            session,
            stream,
            tokens_left: options.max_tokens,
            state: State::Generating,
        })
    }

    /// Why the reply ended; `None` before, and after an error.
    pub fn finish(&self) -> Option<Finish> {
        match self.state {
            State::Ended(finish) => finish,
            _ => None,
        }
    }

    /// One more token: the text that it makes showable.
    fn step(&mut self) -> Result<String> {
        match &mut self.tokens_left {
            Some(0) => return self.end(Finish::MaxTokens),
            Some(left) => *left -= 1,
            None => {}
        }
        let next = self.session.next_token()?;
        if next.end {
            return self.end(Finish::EndToken);
        }
        let piece = self.stream.push(next.token)?;
        if piece.stopped {
            self.state = State::Ended(Some(Finish::StopString));
        }
        Ok(piece.text.to_owned())
    }

    fn end(&mut self, finish: Finish) -> Result<String> {
        self.state = State::Ended(Some(finish));
        Ok(self.stream.flush()?.to_owned())
    }

    fn fail(&mut self, error: Error) -> String {
        self.state = State::Failed(error);
        self.stream.flush().unwrap_or_default().to_owned()
    }
}

impl Iterator for Reply<'_> {
    type Item = Result<String>;

    fn next(&mut self) -> Option<Result<String>> {
        while let State::Generating = self.state {
            let text = self.step().unwrap_or_else(|error| self.fail(error));
            if !text.is_empty() {
                return Some(Ok(text));
            }
        }
        if let State::Ended(_) = self.state {
            return None;
        }
        match std::mem::replace(&mut self.state, State::Ended(None)) {
            State::Failed(error) => Some(Err(error)),
            _ => None,
        }
    }
}

impl FusedIterator for Reply<'_> {}
