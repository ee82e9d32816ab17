# bash completion of phi; written by write_completions.py

_phi() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} flags=
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    COMPREPLY=($(compgen -W 'chat run info tokenize logits perplexity bench convert help --help --version' -- "$current"))
    return
  fi
  case ${COMP_WORDS[1]} in
    chat) flags='--help --model --verbose --system --stats --threads --pin --priority --weights --isa --no-repack --memory-limit --context --kv --fast --max-tokens --temp --top-k --top-p --min-p --repeat-penalty --presence-penalty --frequency-penalty --penalty-window --seed --logit-bias --stop --ignore-end' ;;
    run) flags='--help --model --verbose --file --prompt-ids --chat --system --no-specials --echo --ids --stats --threads --pin --priority --weights --isa --no-repack --memory-limit --context --kv --fast --max-tokens --temp --top-k --top-p --min-p --repeat-penalty --presence-penalty --frequency-penalty --penalty-window --seed --logit-bias --stop --ignore-end' ;;
    info) flags='--help --model --verbose --json --threads --pin --priority --weights --isa --no-repack --memory-limit --context --kv --fast' ;;
    tokenize) flags='--help --model --file --decode --chat --render --specials --bos --pieces --count --json' ;;
    logits) flags='--help --model --verbose --ids --ids-file --specials --splits --output --threads --pin --priority --weights --isa --no-repack --memory-limit --context --kv --fast' ;;
    perplexity) flags='--help --model --verbose --text --context --chunks --base --kl --save-logits --json --threads --pin --priority --weights --isa --no-repack --memory-limit --kv' ;;
    bench) flags='--help --model --verbose --prompt --rows --generate --depth --open --repetitions --json --threads --pin --priority --weights --isa --no-repack --memory-limit --kv --fast' ;;
    convert) flags='--help --model --verbose --force --threads --pin --priority --weights --isa --no-repack --memory-limit' ;;
    help) flags='chat run info tokenize logits perplexity bench convert' ;;
  esac
  case ${COMP_WORDS[1]}:$previous in
    *:--priority) COMPREPLY=($(compgen -W 'normal low idle' -- "$current")); return ;;
    *:--weights) COMPREPLY=($(compgen -W 'as-stored f32 bf16 int8 int4' -- "$current")); return ;;
    *:--isa) COMPREPLY=($(compgen -W 'best base avx2 avx512 avx512-vnni' -- "$current")); return ;;
    *:--kv) COMPREPLY=($(compgen -W 'bf16 f32 int8' -- "$current")); return ;;
    bench:--depth | bench:--generate | bench:--memory-limit | bench:--prompt | bench:--repetitions | \
    bench:--rows | bench:--threads | bench:-b | bench:-d | bench:-n | \
    bench:-p | bench:-r | bench:-t | chat:--context | chat:--frequency-penalty | \
    chat:--logit-bias | chat:--max-tokens | chat:--memory-limit | chat:--min-p | chat:--penalty-window | \
    chat:--presence-penalty | chat:--repeat-penalty | chat:--seed | chat:--stop | chat:--system | \
    chat:--temp | chat:--threads | chat:--top-k | chat:--top-p | chat:-c | \
    chat:-n | chat:-t | convert:--memory-limit | convert:--threads | convert:-t | \
    info:--context | info:--memory-limit | info:--threads | info:-c | info:-t | \
    logits:--context | logits:--ids | logits:--memory-limit | logits:--splits | logits:--threads | \
    logits:-c | logits:-t | perplexity:--chunks | perplexity:--context | perplexity:--memory-limit | \
    perplexity:--threads | perplexity:-c | perplexity:-t | run:--context | run:--frequency-penalty | \
    run:--logit-bias | run:--max-tokens | run:--memory-limit | run:--min-p | run:--penalty-window | \
    run:--presence-penalty | run:--prompt-ids | run:--repeat-penalty | run:--seed | run:--stop | \
    run:--system | run:--temp | run:--threads | run:--top-k | run:--top-p | \
    run:-c | run:-n | run:-t) return ;;
  esac
  if [[ $current == -* || ${COMP_WORDS[1]} == help ]]; then
    COMPREPLY=($(compgen -W "$flags" -- "$current"))
  else
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
  fi
}
complete -F _phi phi
