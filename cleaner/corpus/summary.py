"""What a run did, in numbers and examples: for people, and for programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from cleaner.corpus.manifest import RUN
from cleaner.corpus.tally import Tally
from cleaner.render import VISIBLE
from cleaner.writing import whole_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

SUMMARY = f"{RUN}/summary.json"
TOP_RULES = 5  # shown; the file holds all
WIDTH = 72  # characters of an example on the terminal


def summarize(entries: Iterable[Mapping[str, Any]], failed: Mapping[str, str]) -> dict[str, Any]:
    """The summary of the shards that are done, in the order of their names, and of those that could not be read."""
    rows = dict.fromkeys(("in", "out", "set_aside", "rejected"), 0)
    tally, shards = Tally(), 0
    for entry in entries:
        shards += 1
        tally.merge(Tally.from_data(entry["tally"]))
        for name, count in entry["rows"].items():
            rows[name] += count
    found = tally.as_data()
    return {
        "shards": shards,
        "failed": dict(failed),
        "rows": rows,
        "documents": {name: found[name] for name in ("documents", "empty", "repaired", "halved")},
        "lines": {"in": tally.lines_in, "out": tally.lines_out},
        "characters": {"in": tally.characters_in, "out": tally.characters_out},
        "removed": {label: {"lines": n, "characters": c} for label, (n, c) in found["removed"].items()},
        "rules": found["rules"],
        "examples": {label: [text for _, text in examples] for label, examples in found["examples"].items()},
    }


def adds_up(summary: Mapping[str, Any]) -> bool:
    """Whether all rows that went in are accounted for."""
    rows = summary["rows"]
    return bool(rows["in"] == rows["out"] + rows["set_aside"] + rows["rejected"])


def write_summary(folder: Path, summary: Mapping[str, Any]) -> None:
    """Write ``summary.json``."""
    with whole_file(folder / SUMMARY) as file:
        file.write((json.dumps(summary, ensure_ascii=False, indent=1) + "\n").encode("utf-8", "backslashreplace"))


def shown(summary: Mapping[str, Any]) -> str:
    """The summary as a text of some lines."""
    rows, documents, size = summary["rows"], summary["documents"], summary["characters"]
    lines = [
        row(
            "rows",
            rows["in"],
            f"{rows['out']:,} written, {rows['rejected']:,} rejected, {rows['set_aside']:,} set aside",
        ),
        row("lines", summary["lines"]["in"], f"{summary['lines']['out']:,} kept"),
        row("characters", size["in"], f"{size['out']:,} kept, {share(size['in'] - size['out'], size['in'])} removed"),
        row(
            "documents",
            documents["documents"],
            f"{documents['empty']:,} empty, {documents['halved']:,} lost more than half",
        ),
    ]
    if documents["repaired"]:
        lines.append(row("", documents["repaired"], "held bad bytes, for which U+FFFD stands"))
    if summary["removed"]:
        lines += ["", f"{'removed':<12} {'lines':>12} {'characters':>14}"]
    for label, counts in summary["removed"].items():
        lines.append(
            f"{label:<12} {counts['lines']:>12,} {counts['characters']:>14,}  {share(counts['characters'], size['in'])}"
        )
        lines += [f"{'':<14}{example[:WIDTH]}".translate(VISIBLE) for example in summary["examples"].get(label, [])[:2]]
    if summary["rules"]:
        top = list(summary["rules"].items())[:TOP_RULES]
        lines += ["", "rules that hit most"]
        lines += [f"{'':<14}{name:<34} {count:>9,}" for name, count in top]
    return "\n".join(lines) + "\n"


def row(name: str, count: int, rest: str) -> str:
    """A line of the summary."""
    return f"{name:<12} {count:>12,}  {rest}"


def share(part: int, whole: int) -> str:
    """A part of a whole, in percent."""
    return f"{100 * part / whole:.1f} %" if whole else "0 %"
