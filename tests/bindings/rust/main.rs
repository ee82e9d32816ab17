//! The crate `phi` as a program sees it, with the small models of `tests/golden`.

mod callbacks;
mod layout;
mod model;
mod reply;
mod session;
mod threads;
mod tokenizer;
mod workers;

use std::fs;
use std::path::PathBuf;

use phi::{Message, Model, Session, Token};

/// What the random models of `tests/golden/data` have in common.
const VOCAB: usize = 1003;
const IM_END: Token = 998;

fn golden(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "../../golden/data", name]
        .iter()
        .collect()
}

/// A folder with a model of 1003 tokens, 512 positions.
fn model() -> Model {
    Model::open(golden("c1_phi4")).expect("the golden model opens")
}

fn gguf() -> PathBuf {
    golden("gguf/g1_phi4/g1_phi4-Q8_0.gguf")
}

fn session() -> Session {
    Session::new(&model()).expect("a session")
}

fn chat() -> [Message; 1] {
    [Message::user("Who may use it?")]
}

/// Token ids that transformers computed, I64 in `golden.safetensors`.
fn golden_ids(tensor: &str) -> Vec<Token> {
    let file = fs::read(golden("c1_phi4/golden.safetensors")).expect("golden.safetensors");
    let header_bytes = u64::from_le_bytes(file[..8].try_into().expect("8 bytes")) as usize;
    let (header, data) = file[8..].split_at(header_bytes);
    let header = std::str::from_utf8(header).expect("JSON");
    let entry = &header[header.find(&format!("\"{tensor}\"")).expect(tensor)..];
    let offsets = &entry[entry.find("\"data_offsets\":").expect("offsets")..];
    let offsets = &offsets[offsets.find('[').expect("[") + 1..offsets.find(']').expect("]")];
    let bounds: Vec<usize> = offsets
        .split(',')
        .map(|number| number.trim().parse().expect("a number"))
        .collect();
    data[bounds[0]..bounds[1]]
        .chunks(8)
        .map(|id| i64::from_le_bytes(id.try_into().expect("8 bytes")) as Token)
        .collect()
}

/// A file of this test run that is removed at the end.
struct TemporaryFile(PathBuf);

impl TemporaryFile {
    fn new(name: &str) -> TemporaryFile {
        let name = format!("phi-rust-{}-{name}", std::process::id());
        TemporaryFile(std::env::temp_dir().join(name))
    }
}

impl Drop for TemporaryFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}
