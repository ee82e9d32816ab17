#!/usr/bin/env bash
# Tests of the crate in capi/bindings/rust.
#
#   run.sh library         what it does, with the models of tests/golden
#   run.sh documentation   examples in its documentation and README; cargo doc without a warning
#   run.sh examples        its example programs, with phi-nano
#   run.sh style           rustfmt and clippy, where they are
#
# The environment: CARGO, PHI_LIB_DIR (folder of libphi.so), PHI_PRINT_LAYOUT (program built from print_layout.c),
# CARGO_TARGET_DIR (where to build).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../../.." && pwd)
crate=$top/capi/bindings/rust
nano=$top/examples/phi-nano
export PATH=$(dirname "$CARGO"):$PATH   # rustc and rustdoc of the same version
export LD_LIBRARY_PATH=$PHI_LIB_DIR${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}

cargo() { "$CARGO" "$1" --offline --locked --manifest-path "$crate/Cargo.toml" "${@:2}"; }
skip() { echo "skipped: $*"; exit 0; }
need_nano() { [ -f "$nano/phi-nano.phi" ] || skip "examples/phi-nano/phi-nano.phi is not there"; }

# expect TEXT COMMAND...: the command succeeds and its output contains TEXT.
expect() {
  local output
  output=$("${@:2}")
  grep -qF -- "$1" <<<"$output" || { printf '%s: expected "%s", got:\n%s\n' "${*:2}" "$1" "$output"; exit 1; }
}

library() {
  "$CARGO" test --offline --locked --manifest-path "$here/Cargo.toml"
}

documentation() {
  need_nano
  RUSTDOCFLAGS="-D warnings" cargo doc --no-deps
  cargo test --doc
  cargo build
  (cd "$crate" && rustc --edition 2021 --crate-type rlib --crate-name phi -L "native=$PHI_LIB_DIR" -l phi \
    --out-dir "$CARGO_TARGET_DIR" src/lib.rs)   # without cargo
  cd "$nano"   # where phi-nano.phi of the README is
  rustdoc --test "$crate/README.md" --edition 2021 \
    --extern "phi=$CARGO_TARGET_DIR/debug/libphi.rlib" -L "native=$PHI_LIB_DIR"
}

examples() {
  need_nano
  cargo build --examples
  local programs=$CARGO_TARGET_DIR/debug/examples
  expect "85" "$programs/chat" <<<"What is 47 + 38?"
  expect "%  A number." "$programs/classify"
  expect "0.0 %  blue" "$programs/classify" "$nano/phi-nano.phi" "What is 2 + 2?" "Answer: 4" "blue"
  expect "Answer: 42" "$programs/threads"
  expect "(took too long)" "$programs/threads" "$nano/phi-nano.phi" 0
  if "$programs/chat" no-such-model </dev/null 2>/dev/null; then echo "chat opened a model that is not there"; exit 1; fi
}

style() {
  "$CARGO" fmt --version >/dev/null 2>&1 || skip "cargo fmt is not installed"
  "$CARGO" clippy --version >/dev/null 2>&1 || skip "cargo clippy is not installed"
  for manifest in "$crate/Cargo.toml" "$here/Cargo.toml"; do
    "$CARGO" fmt --check --manifest-path "$manifest"
    "$CARGO" clippy --offline --locked --all-targets --manifest-path "$manifest" -- -D warnings
  done
}

"$1"
