#!/usr/bin/env bash
# Installs what is missing, builds, and lets a model talk. Run it again at any time: it does only what is left to do.
#
#   examples/quickstart.sh [MODEL] [PROMPT]
#
# MODEL: a Hugging Face folder, a .gguf file or a packed file; without one it is phi-nano, which lies in this repository. With a
# chat template the prompt is a chat turn; without one it is
# a text that the model continues. On a terminal and without PROMPT, a chat begins.
set -euo pipefail
cd "$(dirname "$0")/.."
model=${1:-}
prompt=${2:-}
[ -z "$model" ] || [ -e "$model" ] || { echo "quickstart: no such model: $model" >&2; exit 1; }

cmake/install_dependencies.sh
mkdir -p build/release
cmake --preset release -DPHI_BUILD_BENCHMARKS=ON >build/release/configure.log 2>&1 || { cat build/release/configure.log >&2; exit 1; }
cmake --build --preset release --target phi_cli phi
phi=build/release/examples/cli/phi

if [ -z "$model" ]; then
  printf '\nBuilt: %s. Other models: examples/quickstart.sh path/to/model\n\n' "$phi"
  model=examples/phi-nano/phi-nano.phi
  if [ -z "$prompt" ] && [ -t 0 ]; then exec "$phi" chat; fi
  prompt=${prompt:-What is 47 + 38?}
  echo "> $prompt"
else
  "$phi" info "$model"
fi
echo
if ! "$phi" info "$model" --json | grep -q '"has_chat_template": *true'; then
  "$phi" run "$model" -n 200 --temp 0 --echo "${prompt:-Once upon a time}"
elif [ -z "$prompt" ] && [ -t 0 ]; then
  "$phi" chat "$model"
else
  "$phi" run "$model" --chat "${prompt:-Who are you, and what can you do? Answer in two sentences.}"
fi
