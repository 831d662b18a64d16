"""Main text out of pages: ours and other systems, each in a process of its own.

    python benchmarks/extraction.py [--every K] [--systems "NAME;NAME"] [--docs DIR] PAGES...

PAGES are .jsonl or .jsonl.zst files with the fields html, gold, and if known type, with, without; or folders of
NAME.html with NAME.txt, the main text. Prints a table in Markdown: word precision, recall and F1 (means over pages, as
in WCXB), F1 by kind of page, share of `with` snippets found and of `without` snippets not found, milliseconds a page
(median, 95th percentile), peak memory, and failures (no text where there is some, or an exception). With --docs it is
written to DIR/extraction.md, with a plot, DIR/extraction.svg. Pages that do not hold their own main text (fewer than
four fifths of its words stand anywhere in the HTML, or there is none) are left out for all systems, and named.
"""

from __future__ import annotations

import argparse
import datetime as dt
import html as entities
import io
import json
import logging
import math
import re
import resource
import subprocess
import sys
import time
from collections import Counter, defaultdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WORD = re.compile(r"\w+")
RELIABLE = 0.8
KINDS = "article documentation forum product collection listing service page".split()


def ours() -> Callable[[str], str]:
    """Ours."""
    from cleaner import Cleaner

    return Cleaner(title=False).clean_html  # what the others give, and the main texts, leave the title out


def after_trafilatura() -> Callable[[str], str]:
    """Ours on what trafilatura extracts: `cleaner --via trafilatura`."""
    import trafilatura

    from cleaner import Cleaner

    tool = Cleaner()
    return lambda html: tool.clean(trafilatura.extract(html, favor_recall=True) or "")


def trafilatura(**options: bool) -> Callable[[], Callable[[str], str]]:
    """Trafilatura with these options."""

    def load() -> Callable[[str], str]:
        from trafilatura import extract

        return lambda html: extract(html, **options) or ""

    return load


def resiliparse() -> Callable[[str], str]:
    """Resiliparse, main content."""
    from resiliparse.extract.html2text import extract_plain_text

    return lambda html: str(extract_plain_text(html, main_content=True, alt_texts=False))


def readability() -> Callable[[str], str]:
    """readability-lxml, and the text of its summary."""
    from lxml.html import document_fromstring
    from readability import Document

    def run(html: str) -> str:
        blocks = document_fromstring(Document(html).summary()).iter("p", "li", "h1", "h2", "h3", "h4", "pre", "td")
        texts = [" ".join(block.text_content().split()) for block in blocks if block.find(".//p") is None]
        return "\n".join(texts)

    return run


def justext() -> Callable[[str], str]:
    """Run jusText with its English stop list."""
    from justext import get_stoplist
    from justext import justext as run

    words = get_stoplist("English")
    return lambda html: "\n".join(p.text for p in run(html.encode(), words) if not p.is_boilerplate)


def boilerpy3() -> Callable[[str], str]:
    """BoilerPy3, its article extractor."""
    from boilerpy3.extractors import ArticleExtractor

    tool = ArticleExtractor()
    return lambda html: str(tool.get_content(html))


def goose3() -> Callable[[str], str]:
    """Goose3, without fetching pictures."""
    from goose3 import Goose

    tool = Goose({"enable_image_fetching": False})
    return lambda html: str(tool.extract(raw_html=html).cleaned_text)


def newspaper4k() -> Callable[[str], str]:
    """Newspaper4k, on the page it is given alone."""
    from newspaper import Article

    def run(html: str) -> str:
        article = Article("https://example.org/", fetch_images=False)
        article.download(input_html=html)
        article.parse()
        return str(article.text)

    return run


SYSTEMS: dict[str, tuple[str, Callable[[], Callable[[str], str]]]] = {  # name: distribution, and what loads it
    "linesift": ("linesift", ours),
    "trafilatura, then linesift": ("linesift", after_trafilatura),
    "trafilatura": ("trafilatura", trafilatura()),
    "trafilatura fast": ("trafilatura", trafilatura(fast=True)),
    "trafilatura precision": ("trafilatura", trafilatura(favor_precision=True)),
    "trafilatura recall": ("trafilatura", trafilatura(favor_recall=True)),
    "resiliparse": ("resiliparse", resiliparse),
    "readability-lxml": ("readability-lxml", readability),
    "jusText": ("jusText", justext),
    "boilerpy3": ("boilerpy3", boilerpy3),
    "goose3": ("goose3", goose3),
    "newspaper4k": ("newspaper4k", newspaper4k),
}


# Pages


def pages(paths: list[Path], every: int) -> Iterator[dict[str, Any]]:
    """The pages, each K-th of each file."""
    for path in paths:
        if path.is_dir():
            for number, file in enumerate(sorted(path.glob("*.html"))):
                if number % every == 0 and file.with_suffix(".txt").exists():
                    gold = file.with_suffix(".txt").read_text(encoding="utf-8")
                    yield {"id": file.stem, "html": file.read_text(encoding="utf-8", errors="replace"), "gold": gold}
        else:
            for number, row in enumerate(rows(path)):
                if number % every == 0:
                    yield json.loads(row)


def rows(path: Path) -> Iterator[str]:
    """The lines of a file."""
    if path.suffix == ".zst":
        import zstandard

        with path.open("rb") as raw, zstandard.ZstdDecompressor(max_window_size=2**31).stream_reader(raw) as stream:
            yield from io.TextIOWrapper(stream, encoding="utf-8")
    else:
        with path.open(encoding="utf-8") as stream:
            yield from stream


def words(text: str) -> Counter[str]:
    """The words of a text."""
    return Counter(WORD.findall(text.lower()))


def is_reliable(page: dict[str, Any]) -> bool:
    """Whether a page holds its own main text."""
    gold = words(page["gold"])
    return bool(gold) and (gold & words(entities.unescape(page["html"]))).total() >= RELIABLE * gold.total()


# Measuring


def measure(name: str, paths: list[Path], every: int) -> None:
    """Run one system over the pages, and print a record for each."""
    logging.disable(logging.CRITICAL)
    run = SYSTEMS[name][1]()
    out = sys.stdout
    sys.stdout = sys.stderr  # some systems print
    run("<html><body><p>A first page, so that what is read once is read.</p></body>")
    for page in pages(paths, every):
        begin = time.perf_counter()
        try:
            text, error = run(page["html"]), ""
        except Exception as fault:  # noqa: BLE001 (what a system trips over is what is measured)
            text, error = "", repr(fault)
        spent = time.perf_counter() - begin
        record = {"id": page["id"], "type": page.get("type") or "page", "reliable": is_reliable(page), "seconds": spent}
        record |= scored(text, page) | {"error": error}
        print(json.dumps(record), file=out)
    print(json.dumps({"kilobytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}), file=out)


def scored(text: str, page: dict[str, Any]) -> dict[str, Any]:
    """How well a text fits the main text of its page."""
    found, gold = words(text), words(page["gold"])
    hit = (found & gold).total()
    precision, recall = (hit / found.total() if found else 0.0), (hit / gold.total() if gold else 0.0)
    flat = " ".join(text.split())
    return {
        "precision": precision,
        "recall": recall,
        "f1": 2 * precision * recall / (precision + recall) if hit else float(not found and not gold),
        "with": [" ".join(snippet.split()) in flat for snippet in page.get("with") or []],
        "without": [" ".join(snippet.split()) not in flat for snippet in page.get("without") or []],
        "empty": not found and bool(gold),
    }


def measured(name: str, arguments: argparse.Namespace) -> tuple[list[dict[str, Any]], float]:
    """The records of a system on reliable pages, and its peak memory in megabytes."""
    command = [sys.executable, __file__, "--worker", name, "--every", str(arguments.every), *map(str, arguments.pages)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    *records, last = map(json.loads, done.stdout.splitlines())
    return records, last["kilobytes"] / 1024


# Reporting


def mean(values: list[float]) -> float:
    """The mean, 0 of nothing."""
    return sum(values) / len(values) if values else 0.0


def percentile(values: list[float], share: float) -> float:
    """The value that a share of the values does not exceed."""
    return sorted(values)[min(len(values) - 1, math.ceil(share * len(values)))]


def summary(name: str, records: list[dict[str, Any]], megabytes: float) -> dict[str, Any]:
    """A row of the table."""
    kinds = defaultdict(list)
    for record in records:
        kinds[record["type"]].append(record["f1"])
    times = [1e3 * record["seconds"] for record in records]
    return {
        "name": name,
        **{key: mean([record[key] for record in records]) for key in ("precision", "recall", "f1")},
        "kinds": {kind: mean(values) for kind, values in kinds.items()},
        **{key: mean([float(hit) for record in records for hit in record[key]]) for key in ("with", "without")},
        "median": percentile(times, 0.5),
        "p95": percentile(times, 0.95),
        "mean": mean(times),
        "megabytes": megabytes,
        "failures": sum(record["empty"] or bool(record["error"]) for record in records),
    }


def table(found: list[dict[str, Any]]) -> str:
    """The rows as Markdown."""
    kinds = [kind for kind in KINDS if any(kind in row["kinds"] for row in found)]
    head = ["system", "F1", "precision", "recall", *kinds, "with", "without", "ms", "ms, p95", "MB", "failures"]
    lines = [f"| {' | '.join(head)} |", "|" + " --- |" * len(head)]
    for row in found:
        cells = [row["name"], *(f"{row[key]:.3f}" for key in ("f1", "precision", "recall"))]
        cells += [f"{row['kinds'].get(kind, 0):.3f}" for kind in kinds]
        cells += [f"{row[key]:.3f}" for key in ("with", "without")]
        cells += [f"{row['median']:.1f}", f"{row['p95']:.1f}", f"{row['megabytes']:.0f}", str(row["failures"])]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def plot(found: list[dict[str, Any]]) -> str:
    """F1 against the time a page takes, on a scale of powers of ten, as SVG."""
    width, height, left, bottom = 760, 420, 60, 50
    low, high = 0.5 * min(row["median"] for row in found), 2 * max(row["median"] for row in found)
    floor = math.floor(20 * min(row["f1"] for row in found)) / 20

    def place(row: dict[str, Any]) -> tuple[float, float]:
        x = left + (width - left - 150) * math.log(row["median"] / low) / math.log(high / low)
        return x, height - bottom - (height - bottom - 20) * (row["f1"] - floor) / (1 - floor)

    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif">']
    parts.append(f'<rect width="{width}" height="{height}" fill="white"/>')
    for step in range(round(20 * floor), 21):
        y = height - bottom - (height - bottom - 20) * (step / 20 - floor) / (1 - floor)
        parts.append(f'<path d="M{left} {y:.0f}H{width - 20}" stroke="#ddd"/>')
        parts.append(f'<text x="{left - 8}" y="{y + 4:.0f}" font-size="12" text-anchor="end">{step / 20:.2f}</text>')
    for power in range(-1, 5):
        for factor in (1, 2, 5):
            value = factor * 10.0**power
            if low < value < high:
                x = left + (width - left - 150) * math.log(value / low) / math.log(high / low)
                parts.append(
                    f'<text x="{x:.0f}" y="{height - 30}" font-size="12" text-anchor="middle">{value:g}</text>'
                )
    axis = "milliseconds a page (median, one core)"
    parts.append(f'<text x="{width / 2}" y="{height - 8}" font-size="13" text-anchor="middle">{axis}</text>')
    parts.append(f'<text x="14" y="{height / 2}" font-size="13" transform="rotate(-90 14 {height / 2})">word F1</text>')
    for row in found:
        x, y = place(row)
        color = "#c0392b" if "linesift" in row["name"] else "#2c3e50"
        parts.append(f'<circle cx="{x:.0f}" cy="{y:.0f}" r="5" fill="{color}"/>')
        parts.append(f'<text x="{x + 9:.0f}" y="{y + 4:.0f}" font-size="12" fill="{color}">{row["name"]}</text>')
    return "\n".join([*parts, "</svg>\n"])


def versions(names: list[str]) -> str:
    """Names and versions of the distributions."""
    found = {}
    for name in names:
        try:
            found[SYSTEMS[name][0]] = version(SYSTEMS[name][0])
        except PackageNotFoundError:
            found[SYSTEMS[name][0]] = "from this repository"
    return ", ".join(f"{name} {number}" for name, number in found.items())


def report(arguments: argparse.Namespace) -> str:
    """Measure all systems and say how they did."""
    found, dropped, count = [], [], 0
    for name in arguments.systems:
        try:
            records, megabytes = measured(name, arguments)
        except subprocess.CalledProcessError:
            print(f"{name}: does not run here: is it installed?", file=sys.stderr)
            continue
        good = [record for record in records if record["reliable"]]
        dropped, count = [record["id"] for record in records if not record["reliable"]], len(good)
        found.append(summary(name, good, megabytes))
        print(f"{name}: F1 {found[-1]['f1']:.4f}, {found[-1]['mean']:.1f} ms a page", file=sys.stderr)
    found.sort(key=lambda row: -row["f1"])
    day = dt.datetime.now(tz=dt.UTC).date()
    head = f"{count} pages, {day}; {versions([row['name'] for row in found])}.\n\n"
    tail = f"\n\nLeft out, as the page does not hold its main text: {', '.join(dropped) or 'none'}.\n"
    if arguments.docs:
        arguments.docs.mkdir(parents=True, exist_ok=True)
        (arguments.docs / "extraction.svg").write_text(plot(found), encoding="utf-8")
        (arguments.docs / "extraction.md").write_text(TITLE + head + table(found) + tail, encoding="utf-8")
    return head + table(found) + tail


TITLE = "# Main text out of pages\n\nMade by `benchmarks/extraction.py`. ![F1 against time](extraction.svg)\n\n"


def main() -> None:
    """Parse the arguments, and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pages", type=Path, nargs="+")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--systems", type=lambda names: names.split(";"), default=list(SYSTEMS), help="with ; between")
    parser.add_argument("--docs", type=Path)
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        measure(arguments.worker, arguments.pages, arguments.every)
    else:
        print(report(arguments))


if __name__ == "__main__":
    main()
