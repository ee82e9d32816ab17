#!/usr/bin/env bash
# Tests of the C# binding in capi/bindings/csharp with Mono.
#
#   run.sh library    what it does, with the models of tests/golden
#   run.sh examples   its README's program and commands, and its example programs, with phi-nano
#
# The environment: MCS, MONO, PHI_LIB_DIR (folder of libphi.so), PHI_PRINT_LAYOUT (program built from print_layout.c),
# PHI_BUILD_DIR (where to build).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../../.." && pwd)
binding=$top/capi/bindings/csharp
nano=$top/examples/phi-nano
build=$PHI_BUILD_DIR/$1
export LD_LIBRARY_PATH=$PHI_LIB_DIR${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}

# compile OPTIONS...: as C# 7.2, without a warning.
compile() { "$MCS" -langversion:7.2 -warn:4 -warnaserror "$@"; }

# expect TEXT COMMAND...: the command succeeds and its output contains TEXT.
expect() {
  local output
  output=$("${@:2}")
  grep -qF -- "$1" <<<"$output" || { printf '%s: expected "%s", got:\n%s\n' "${*:2}" "$1" "$output"; exit 1; }
}

library() {
  compile -unsafe -r:LibPhi.dll -out:phi_tests.exe "$here"/*.cs
  "$MONO" phi_tests.exe "$top/tests/golden/data" "$PHI_PRINT_LAYOUT"
}

# The README's commands, word by word, in what looks like a checkout that was built.
readme_commands() {
  mkdir -p checkout/build/release checkout/capi/bindings
  ln -sfn "$PHI_LIB_DIR" checkout/build/release/capi
  ln -sfn "$top/examples" checkout/examples
  cp -r "$binding" checkout/capi/bindings
  cd checkout/capi/bindings/csharp
  bash -e -c "$(sed -n '/^```sh$/,/^```$/p' README.md | grep -v '^```')"
}

examples() {
  if [ ! -f "$nano/phi-nano.phi" ]; then echo "skipped: examples/phi-nano/phi-nano.phi is not there"; exit 0; fi
  sed -n '/^```csharp$/,/^```$/p' "$binding/README.md" | grep -v '^```' >Quickstart.cs
  for source in Quickstart.cs "$binding"/examples/*.cs; do
    compile -r:LibPhi.dll -out:"$(basename "$source" .cs).exe" "$source"
  done
  export MONO_PATH=$PWD
  local programs=$PWD
  expect "85" readme_commands <<<"What is 47 + 38?"
  cd "$nano"   # where phi-nano.phi of the README is
  expect "85" "$MONO" "$programs/Quickstart.exe"
  expect "85" "$MONO" "$programs/Chat.exe" <<<"What is 47 + 38?"
  expect "ended by EndToken" "$MONO" "$programs/TimeLimit.exe"
  expect "stopped after 1 ms" "$MONO" "$programs/TimeLimit.exe" phi-nano.phi 1
  if "$MONO" "$programs/Chat.exe" no-such-model </dev/null 2>/dev/null; then echo "chat opened a model that is not there"; exit 1; fi
}

mkdir -p "$build"
cd "$build"
compile -unsafe -target:library -doc:LibPhi.xml -out:LibPhi.dll "$binding"/src/*.cs
cp "$binding/LibPhi.dll.config" .
"$1"
