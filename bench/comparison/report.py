"""From pairs to medians, ratios and shares; as data and as Markdown."""

import os
import platform
import statistics

from .programs import MEMORY_PROMPT

OURS = "libphi"


def summary(values):
    return {
        "median": statistics.median(values),
        "min": min(values),
        "max": max(values),
        "values": values,
    }


def make_report(state, rows, programs, options):
    """The whole result as plain data, for rows that have at least one pair."""
    names = [program.name for program in programs]
    report = {
        "model": options.model,
        "threads": options.threads,
        "machine": {"processor": processor_name(), "cpus": os.cpu_count()},
        "programs": {program.name: program.identity() for program in programs},
        "conditions": state.content["identity"]["conditions"],
        "limits": _limits(state, rows),
        "tests": [],
    }
    for row in rows:
        if state.pairs(row):
            for test in row.tests:
                report["tests"].append(_test_entry(state, row, test, names))
    _add_times_one_token(report["tests"])
    return report


def processor_name():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _limits(state, rows):
    """The machine's limits over all runs that measured them."""
    found = {}
    for row in rows:
        for pair in state.pairs(row):
            for name, value in pair[OURS].get("limits", {}).items():
                found.setdefault(name, []).append(value)
    return {name: summary(values) for name, values in found.items()}


def _test_entry(state, row, test, names):
    pairs = state.pairs(row)
    entry = {
        "test": str(test),
        "kind": test.kind,
        "tokens": test.tokens,
        "depth": test.depth,
        "description": test.description(),
        "unit": test.unit,
        "pairs": len(pairs),
        "dropped": len(state.dropped(row)),
        "programs": {},
        "ratios": {},
    }
    known = [pair[OURS].get("tests", {}).get(str(test)) for pair in pairs]
    if all(known):
        entry.update(limit=known[-1]["limit"], operations=known[-1]["operations"], bytes=known[-1]["bytes"])
    for name in names:
        values = [_value(pair, name, test) for pair in pairs if name in pair]
        if not values:
            continue
        entry["programs"][name] = summary(values)
        same_work = test.kind != "b" or name == OURS  # peers compute the logits of one row only
        if all(known) and same_work:
            shares = [value / one["limit_tokens_per_second"] for value, one in zip(values, known)]
            entry["programs"][name]["share_of_limit"] = summary(shares)
        if name != OURS:
            ratios = [_ratio(pair, name, test) for pair in pairs if name in pair]
            entry["ratios"][name] = summary(ratios)
    return entry


def _value(pair, name, test):
    value = pair[name]["values"][str(test)]
    if test.kind == "memory" and name != OURS:
        # The peer's own cache, of 16-bit elements as libphi's is by default.
        value -= MEMORY_PROMPT * pair[OURS]["cost"]["cache_bytes_per_position"]
    return value


def _ratio(pair, name, test):
    """How many times as fast, or as small, libphi is."""
    ours, theirs = _value(pair, OURS, test), _value(pair, name, test)
    return theirs / max(ours, 1e-9) if test.smaller_is_better else ours / max(theirs, 1e-9)


def _add_times_one_token(tests):
    """How often the time of one token goes into a pass over several, with an empty cache."""
    decoding = [entry for entry in tests if entry["kind"] == "n" and entry["depth"] == 0]
    for entry in tests:
        if not decoding or entry["kind"] not in "pb" or entry["tokens"] > 64 or entry["depth"]:
            continue
        entry["times_one_token"] = {
            name: entry["tokens"] / value["median"] * decoding[0]["programs"][name]["median"]
            for name, value in entry["programs"].items()
            if name in decoding[0]["programs"]
        }


# ---- Markdown


def markdown(report):
    parts = [_heading(report), _speed_table(report)]
    if any("times_one_token" in entry for entry in report["tests"]):
        parts.append(_token_table(report))
    return "\n\n".join(parts) + "\n"


def _heading(report):
    model, processor = os.path.basename(report["model"]), report["machine"]["processor"]
    lines = [
        f"`{model}`, {report['threads']} threads on {processor}. Medians of alternating runs; in brackets the lowest "
        "and the highest ratio of a pair."
    ]
    wanted = report["conditions"]["memory_gb_per_second"]
    if wanted:
        lines.append(f"Only while the memory gave at least {wanted:.0f} GB/s.")
    units = {
        "int8_ops_per_second": ("int8", 1e9, "GOP/s"),
        "bf16_ops_per_second": ("bf16", 1e9, "GFLOP/s"),
        "read_bytes_per_second": ("memory", 1e9, "GB/s"),
        "file_read_bytes_per_second": ("the mapped model file", 1e9, "GB/s"),
    }
    limits = [
        f"{name} {report['limits'][key]['median'] / scale:.0f} {unit} "
        f"({report['limits'][key]['min'] / scale:.0f}–{report['limits'][key]['max'] / scale:.0f})"
        for key, (name, scale, unit) in units.items()
        if key in report["limits"]
    ]
    if limits:
        lines.append("Limits, measured in each run of libphi: " + ", ".join(limits) + ".")
    return "\n".join(lines)


def _speed_table(report):
    peers = [name for name in report["programs"] if name != OURS]
    titles = ["work", OURS, "share of the limit"]
    for peer in peers:
        titles += [peer, "its share", f"{OURS} / {peer}"]
    rows = []
    for entry in report["tests"]:
        cells = [entry["description"], *_value_cells(entry, OURS)]
        for peer in peers:
            cells += [*_value_cells(entry, peer), _ratio_cell(entry, peer)]
        dropped = f", {entry['dropped']} dropped" if entry["dropped"] else ""
        rows.append([*cells, f"{entry['pairs']}{dropped}"])
    return _table([*titles, "pairs"], rows)


def _value_cells(entry, name):
    if name not in entry["programs"]:
        return ["–", ""]
    value = entry["programs"][name]
    share = ""
    if "share_of_limit" in value:
        share = f"{100 * value['share_of_limit']['median']:.0f} %"
        share += f" of {entry['limit']}" if name == OURS else ""
    median = value["median"]
    text = {
        "tokens/s": f"{median:.2f} tokens/s",
        "s": f"{median:.2f} s",
        "bytes": f"{median / 2**20:.0f} MiB",
    }[entry["unit"]]
    return [text, share]


def _ratio_cell(entry, peer):
    if peer not in entry["ratios"]:
        return ""
    ratio = entry["ratios"][peer]
    return f"**{ratio['median']:.2f}** ({ratio['min']:.2f}–{ratio['max']:.2f})"


def _token_table(report):
    names = list(report["programs"])
    rows = [
        [entry["description"]]
        + [
            f"{entry['times_one_token'][name]:.2f}" if name in entry["times_one_token"] else "–"
            for name in names
        ]
        for entry in report["tests"]
        if "times_one_token" in entry
    ]
    return "One pass over several tokens, in times of one token:\n\n" + _table(["pass", *names], rows)


def _table(titles, rows):
    lines = ["| " + " | ".join(titles) + " |", "|---" * len(titles) + "|"]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])
