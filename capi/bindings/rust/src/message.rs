//! Turns of a chat.

use std::ffi::CString;
use std::marker::PhantomData;

use crate::error::{Error, Result};
use crate::sys;

/// One turn of a chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Usually "system", "user", "assistant" or "tool".
    pub role: String,
    /// Always text: control tokens spelled inside it stay text.
    pub content: String,
}

impl Message {
    /// A turn of any role.
    pub fn new(role: impl Into<String>, content: impl Into<String>) -> Message {
        Message {
            role: role.into(),
            content: content.into(),
        }
    }

    /// What the model is told before the conversation.
    pub fn system(content: impl Into<String>) -> Message {
        Message::new("system", content)
    }

    /// What the person says.
    pub fn user(content: impl Into<String>) -> Message {
        Message::new("user", content)
    }

    /// What the model has said.
    pub fn assistant(content: impl Into<String>) -> Message {
        Message::new("assistant", content)
    }
}

/// Messages as the library reads them, while `'m` lasts.
pub(crate) struct RawMessages<'m> {
    raw: Vec<sys::phi_message>,
    _roles: Vec<CString>,
    _messages: PhantomData<&'m [Message]>,
}

impl<'m> RawMessages<'m> {
    pub fn new(messages: &'m [Message]) -> Result<RawMessages<'m>> {
        let roles = messages
            .iter()
            .map(|message| c_string("role", message.role.as_bytes()))
            .collect::<Result<Vec<_>>>()?;
        let raw = messages
            .iter()
            .zip(&roles)
            .map(|(message, role)| sys::phi_message {
                role: role.as_ptr(),
                content: message.content.as_ptr().cast(),
                content_bytes: message.content.len(),
            })
            .collect();
        Ok(RawMessages {
            raw,
            _roles: roles,
            _messages: PhantomData,
        })
    }

    pub fn as_ptr(&self) -> *const sys::phi_message {
        self.raw.as_ptr()
    }

    pub fn len(&self) -> usize {
        self.raw.len()
    }
}

/// Text with a NUL at its end and none inside.
pub(crate) fn c_string(what: &str, text: &[u8]) -> Result<CString> {
    CString::new(text)
        .map_err(|_| Error::invalid_argument(format!("{what}: contains a NUL character")))
}
