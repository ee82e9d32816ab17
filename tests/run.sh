#!/usr/bin/env bash
# Builds libphi and runs all its tests. Run it as often as you like: it does only what is left to do.
#
#   tests/run.sh [PRESET] [ctest options]     PRESET: release (default), dev, asan, tsan
#
# PHI_EXTERNAL_TESTDATA may name a folder with further test data; tests that miss it say what they skip.
set -euo pipefail
cd "$(dirname "$0")/.."
preset=release
case "${1:-}" in release | dev | asan | tsan) preset=$1; shift ;; esac
if [ "$preset" = tsan ]; then
  export PHI_EXTRA_PACKAGES="clang libclang-rt-dev libomp-dev"
fi
cmake/install_dependencies.sh --tests
mkdir -p "build/$preset"
cmake --preset "$preset" >"build/$preset/configure.log" 2>&1 || { cat "build/$preset/configure.log" >&2; exit 1; }
cmake --build --preset "$preset"
ctest --preset "$preset" "$@"
