#!/usr/bin/env python3
"""Stands in for a bench program: answers as its first argument says, and notes in FOLDER/log how it was called.

usage: fake_bench.py KIND SPEED FOLDER ARGUMENTS...
KIND: phi | llama.cpp | ik | garbage | failing | stopping (asks the program that runs it to stop)
      | roof (the memory's speeds in GB/s, one after the other, are those in SPEED: 60,30,60)
"""

import json
import os
import signal
import sys

HELP = "  -n, --n-gen <n>\n"
HELPS = {
    "llama.cpp": HELP + "  -d, --n-depth <n>\n  --no-warmup\n",
    "ik": HELP + "  -gp <pp,tg>\n  -w, --warmup <0|1>\n",
}


def flag(arguments, name, default="0"):
    return arguments[arguments.index(name) + 1] if name in arguments else default


def lengths(arguments, name):
    return [int(text) for text in flag(arguments, name).split(",") if int(text)]


def phi(arguments, speed):
    if arguments[0] == "run":
        return {}
    depth = int(flag(arguments, "-d"))
    kinds = {"-p": "prefill", "-b": "rows", "-n": "decode"}
    results = [
        {
            "phase": phase, "tokens": tokens, "depth": depth, "samples": [speed, 3 * speed, 2 * speed],
            "limit": "memory" if phase == "decode" else "int8", "limit_tokens_per_second": 4 * speed,
            "operations": 1e9 * tokens, "bytes": 1e8,
        }
        for name, phase in kinds.items()
        for tokens in lengths(arguments, name)
    ]  # fmt: skip
    limits = {"int8_ops_per_second": 9e11, "bf16_ops_per_second": 4e11, "read_bytes_per_second": 5e10}
    report = {"results": results, "limits": limits, "cost": {"cache_bytes_per_position": 1024}}
    return {**report, "openings": [{"bytes_beyond": 1 << 20}]} if "--open" in arguments else report


def llama_bench(arguments, speed):
    tests = [(prompt, 0) for prompt in lengths(arguments, "-p")]
    tests += [(0, generated) for generated in lengths(arguments, "-n")]
    results = [{"n_prompt": p, "n_gen": n, "n_depth": int(flag(arguments, "-d"))} for p, n in tests]
    if "-gp" in arguments:
        depth, generated = map(int, flag(arguments, "-gp").split(","))
        results.append({"n_prompt": depth, "n_gen": generated, "test": f"tg{generated}@pp{depth}"})
    return [{**result, "samples_ts": [speed], "model_size": 0} for result in results]


def roof(speeds, folder):
    """Says the next speed, and goes on with the last one."""
    path = os.path.join(folder, "roof")
    with open(path, "a+", encoding="utf-8") as file:
        file.seek(0)
        told = len(file.read())
        file.write(".")
    speeds = speeds.split(",")
    print(json.dumps({"read_bytes_per_second": float(speeds[min(told, len(speeds) - 1)]) * 1e9}))
    return 0


def main(kind, speed, folder, *arguments):
    if "--help" in arguments:
        print(HELPS.get(kind, HELP))
        return 0
    with open(os.path.join(folder, "log"), "a", encoding="utf-8") as file:
        file.write(" ".join([kind, *arguments]) + "\n")
    if kind == "roof":
        return roof(speed, folder)
    stopped = os.path.join(folder, "stopped")
    if kind == "stopping" and not os.path.exists(stopped):
        open(stopped, "w", encoding="utf-8").close()
        os.kill(os.getppid(), signal.SIGTERM)
        signal.pause()
    if kind == "failing":
        print("cannot load the model", file=sys.stderr)
        return 1
    if kind == "garbage":
        print("no JSON at all")
        return 0
    answer = phi if kind == "phi" else llama_bench
    print(json.dumps(answer(list(arguments), float(speed))))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
