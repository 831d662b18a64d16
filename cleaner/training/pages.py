"""From pages with known main text to documents with weak line labels."""

from __future__ import annotations

import io
import json
import re
from bisect import bisect_left, bisect_right
from collections import Counter
from dataclasses import dataclass
from itertools import accumulate, islice
from typing import TYPE_CHECKING, Any

from cleaner.document import BODY_TEXT, Label
from cleaner.training.alignment import align, target_of, words
from cleaner.training.documents import host_of
from cleaner.training.evidence import BESIDE, PARAGRAPH, Evidence, Facts, Frame, judge
from cleaner.training.extractors import PAGE, extract
from cleaner.training.markup import BOLD, HEADINGS, Kind, Node, Stock, kinds, tokens_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from cleaner.training.alignment import Find, Target

VIEWS = (PAGE, "trafilatura", "trafilatura-recall", "resiliparse", "readability", "boilerpy3")
MIN_LINES = 4  # an extractor that gives fewer has found nothing
MIN_AGREEMENT = 0.8

BLOCK = frozenset(
    "address article aside audio blockquote body button caption center dd details dialog dir div dl dt "
    "fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr iframe label legend li main menu nav "
    "ol optgroup option p pre section select summary table tbody td textarea tfoot th thead tr "
    "ul video".split()
)
SKIPPED = frozenset("canvas head iframe math noscript object script style svg template".split())
INNER = frozenset("li ul ol dl dd dt td th tr tbody thead tfoot table".split())
HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
LIST_NUMBER = re.compile(r"^\s*\d{1,3}[.)]\s+(?=\S)")
NAMES = re.compile(r"[,;|&]| and ")
LINE_BREAK = re.compile(r"\r\n|\r|\n")
SURE = 24  # characters that do not stand in another place by chance
BATCH = 64  # pages handed out at once: so many are held in memory


@dataclass(frozen=True, slots=True)
class Weak:
    """A document with weak labels: ``view`` of the page ``page``; None where the label is not known."""

    page: str
    page_type: str
    view: str
    host: str
    lines: list[str]
    labels: list[Label | None]


@dataclass(frozen=True, slots=True)
class PageLine:
    """A line of a page. ``chunks`` are (node number, characters) of the texts it is made of."""

    text: str
    chunks: tuple[tuple[int, int], ...]
    hidden: bool


def type_of(page: Mapping[str, Any]) -> str:
    """The type of a page; what does not say so is an article."""
    return page.get("type") or "article"


def parse(html: str) -> Any:
    """The root element of a page; raises ``ValueError`` or ``lxml.etree.LxmlError`` when there is none."""
    import lxml.etree
    import lxml.html

    html = DECLARATION.sub("", html).replace("\x00", "")
    try:
        return lxml.html.document_fromstring(html)
    except (ValueError, lxml.etree.LxmlError):
        parser = lxml.html.HTMLParser(encoding="utf8")
        return lxml.html.document_fromstring(html.encode("utf8", "replace"), parser=parser)


def _node(element: Any, number: int, parent: int, above: Node | None) -> Node:
    attributes = element.attrib
    hides = (
        "hidden" in attributes
        or attributes.get("aria-hidden") == "true"
        or HIDDEN.search(attributes.get("style", "")) is not None
    )
    tag = element.tag
    return Node(
        parent=parent,
        tag=tag,
        tokens=tokens_of(attributes.get("class", "") + " " + attributes.get("id", "")),
        role=attributes.get("role", ""),
        itemprop=attributes.get("itemprop", ""),
        rel=attributes.get("rel", ""),
        skipped=tag in SKIPPED or (above is not None and above.skipped),
        hidden=hides or (above is not None and above.hidden),
        link=number if tag == "a" else above.link if above is not None else -1,
        heading=tag in HEADINGS or (above is not None and above.heading),
        bold=tag in BOLD or (above is not None and above.bold),
    )


def walk(root: Any) -> tuple[list[Node], list[PageLine]]:
    """The elements of a page, and its lines: one a block, those in blocks that the markup hides marked so."""
    import lxml.etree

    nodes: list[Node] = []
    lines: list[PageLine] = []
    parts: list[tuple[int, str]] = []
    at = -1

    def flush() -> None:
        text = " ".join("".join(part for _, part in parts).split())
        if text:
            chunks = tuple((number, size) for number, part in parts if (size := len("".join(part.split()))))
            lines.append(PageLine(text, chunks, at >= 0 and nodes[at].hidden))
        parts.clear()

    for event, element in lxml.etree.iterwalk(root, events=("start", "end", "comment", "pi")):
        if event == "start":
            if element.tag in BLOCK:
                flush()
            nodes.append(_node(element, len(nodes), at, nodes[at] if at >= 0 else None))
            at = len(nodes) - 1
            if element.tag == "br":
                flush()
            text = element.text
        else:
            if event == "end":
                if element.tag in BLOCK:
                    flush()
                at = nodes[at].parent
            text = element.tail
        if text and not (at >= 0 and nodes[at].skipped):
            parts.append((at, text))
    flush()
    return nodes, lines


def visible_text(html: str) -> str:
    """All visible text of a page, a line a block; empty when the page cannot be parsed."""
    import lxml.etree

    try:
        return "\n".join(line.text for line in walk(parse(html))[1] if not line.hidden)
    except (ValueError, lxml.etree.LxmlError):
        return ""


def label_page(page: dict[str, Any]) -> tuple[list[PageLine], list[Label | None]]:
    """The lines of a page and what each is, as far as gold text and markup tell."""
    lines, evidence = explain_page(page)
    return lines, [label for label, _ in evidence]


def explain_page(page: dict[str, Any]) -> tuple[list[PageLine], list[Evidence]]:
    """The lines of a page, and for each its label and what says so."""
    root = parse(page["html"])
    nodes, lines = walk(root)
    of_line = [words(line.text) for line in lines]
    gold = target_of([words(line) for line in page["gold"].split("\n")])
    found = align(of_line, gold, lambda line, _: not lines[line].hidden)
    page_type = type_of(page)
    of_node = kinds(nodes, _stocks(nodes, lines, of_line, found), page_type)
    facts = [_facts(nodes, of_node, line, of_line[number], number in found) for number, line in enumerate(lines)]
    _mark_siblings(facts)
    title = frozenset(words(page.get("title") or root.findtext(".//title") or ""))
    frame = Frame(page_type, title, _authors(page), min(found, default=0), max(found, default=0))
    return lines, [judge(number, facts, frame) for number in range(len(lines))]


def _authors(page: dict[str, Any]) -> list[list[str]]:
    authors = page.get("authors") or []
    return [words(name) for name in (NAMES.split(authors) if isinstance(authors, str) else authors)]


def _stocks(
    nodes: Sequence[Node], lines: Sequence[PageLine], of_line: Sequence[list[str]], found: dict[int, Find]
) -> list[Stock]:
    stocks = [Stock() for _ in range(len(nodes) + 1)]  # the last is the parent of the root
    for number, line in enumerate(lines):
        for node, size in line.chunks:
            link = size if nodes[node].link >= 0 else 0
            prose = size - link if len(of_line[number]) >= PARAGRAPH else 0
            stocks[node].add(Stock(size, size if number in found else 0, link, prose))
    for number in range(len(nodes) - 1, -1, -1):  # a node stands after its parent
        stocks[nodes[number].parent].add(stocks[number])
    return stocks[:-1]


def _facts(nodes: Sequence[Node], of_node: Sequence[Kind], line: PageLine, line_words: list[str], found: bool) -> Facts:
    size = max(sum(part for _, part in line.chunks), 1)
    votes: Counter[Kind] = Counter()
    link = heading = bold = 0
    anchors: set[int] = set()
    for number, part in line.chunks:
        node = nodes[number]
        votes[of_node[number]] += part
        link += part * (node.link >= 0)
        heading += part * node.heading
        bold += part * node.bold
        anchors.add(node.link)
    kind, most = votes.most_common(1)[0] if votes else (Kind(), size)
    around, item = _around(nodes, line)
    return Facts(
        text=line.text,
        words=line_words,
        link=link / size,
        anchors=len(anchors - {-1}),
        heading=heading / size,
        bold=bold / size,
        found=found,
        kind=kind if 2 * most > size else Kind(None, "mixed", zone=kind.zone),
        around=around,
        item=item,
    )


def _around(nodes: Sequence[Node], line: PageLine) -> tuple[int, bool]:
    """The node around the block that a line fills, or around its list or table; and whether it is in one."""
    at = max(line.chunks, key=lambda chunk: chunk[1])[0] if line.chunks else -1
    while at >= 0 and nodes[at].tag not in BLOCK:
        at = nodes[at].parent
    item = at >= 0 and nodes[at].tag in INNER
    if not item:
        return (nodes[at].parent if at >= 0 else -1), False
    while at >= 0 and nodes[at].tag in INNER:
        at = nodes[at].parent
    return at, True


def _mark_siblings(facts: Sequence[Facts]) -> None:
    """Mark lines that stand in one element with at least two paragraphs of gold."""
    paragraphs = Counter(fact.around for fact in facts if fact.found and fact.count >= PARAGRAPH)
    for fact in facts:
        fact.sibling = paragraphs[fact.around] > 1


def _agreement(page: dict[str, Any], lines: Sequence[PageLine], evidence: Sequence[Evidence]) -> float:
    """Word F1 of the lines held for main content; paragraphs beside gold count, for gold may be cut off."""
    ours = Counter(
        word
        for line, (label, why) in zip(lines, evidence, strict=True)
        if label in BODY_TEXT or why == BESIDE
        for word in words(line.text)
    )
    gold = Counter(words(page["gold"]))
    return 2 * (ours & gold).total() / max(ours.total() + gold.total(), 1)


def agreement(page: dict[str, Any]) -> float:
    """Word F1 between a page's gold text and its lines labelled body or heading, and paragraphs beside them.

    0 for a page that cannot be parsed.
    """
    import lxml.etree

    try:
        return _agreement(page, *explain_page(page))
    except (ValueError, lxml.etree.LxmlError):
        return 0.0


@dataclass(frozen=True, slots=True)
class Source:
    """A labelled page, indexed to find an extractor's lines in it; ``owner`` is the line of each word."""

    words: list[list[str]]
    labels: list[Label | None]
    owner: list[int]
    page: Target
    gold: Target


def source_of(lines: Iterable[str], labels: Iterable[Label | None], gold: str) -> Source:
    """Index the lines of a page, hidden ones too, and its gold text."""
    of_page = [words(line) for line in lines]
    owner = [number for number, line in enumerate(of_page) for _ in line]
    return Source(of_page, list(labels), owner, target_of(of_page), target_of(map(words, gold.split("\n"))))


def map_lines(lines: Sequence[str], source: Source) -> list[Label | None]:
    """Labels for the lines of an extractor's text, from the page's lines that they are made of."""
    ours = [words(LIST_NUMBER.sub("", line)) for line in lines]
    found = align(ours, source.page, lambda _, start: source.labels[source.owner[start]] in BODY_TEXT)
    spans = {number: (source.owner[find.start], source.owner[find.stop - 1]) for number, find in found.items()}
    spans |= _glued(ours, source.words, spans)
    lost = align([[] if number in spans else line for number, line in enumerate(ours)], source.gold)
    result: list[Label | None] = [Label.BODY if number in lost else None for number in range(len(lines))]
    for number, (first, last) in spans.items():
        result[number] = _joined(lines[number], range(first, last + 1), source)
    return [_separator(number, ours, result) for number in range(len(lines))]


def _glued(
    ours: Sequence[list[str]], page: Sequence[list[str]], spans: dict[int, tuple[int, int]]
) -> dict[int, tuple[int, int]]:
    """Spans of page lines for lines that hold the same characters, but cut into words in another way."""
    text = "".join(word for line in page for word in line)
    starts = [0, *accumulate(sum(map(len, line)) for line in page)]
    edges = frozenset(starts)
    limits = _limits(len(ours), spans, starts)
    found = {}
    before = 0
    for number, line in enumerate(ours):
        if number in spans:
            before = starts[spans[number][1] + 1]
            continue
        key = "".join(line)
        at = text.find(key, before, limits[number]) if key else -1
        if at < 0 and len(key) >= SURE:
            at = text.find(key)
        stop = at + len(key)
        if at >= 0 and (len(key) >= SURE or (at in edges and stop in edges)):
            found[number] = (bisect_right(starts, at) - 1, bisect_left(starts, stop) - 1)
            before = max(before, stop)
    return found


def _limits(count: int, spans: dict[int, tuple[int, int]], starts: Sequence[int]) -> list[int]:
    """For each line the character of the page at which the next line with a span starts."""
    limits = [starts[-1]] * count
    for number in range(count - 2, -1, -1):
        limits[number] = starts[spans[number + 1][0]] if number + 1 in spans else limits[number + 1]
    return limits


def _joined(line: str, of_page: range, source: Source) -> Label | None:
    """The label of a line made of some lines of the page: that of the larger part, by characters."""
    votes: Counter[Label | None] = Counter()
    for number in of_page:
        votes[source.labels[number]] += sum(map(len, source.words[number]))
    label, most = votes.most_common(1)[0]
    if votes[Label.HEADING] and (len(votes) > 1 or line.lstrip()[:2] in ("- ", "| ")):
        text = votes[Label.HEADING] + votes[Label.BODY]
        return Label.BODY if 2 * text > votes.total() else label  # a heading with more on its line is none
    return label if 2 * most > votes.total() else None


def _separator(number: int, ours: Sequence[list[str]], labels: Sequence[Label | None]) -> Label | None:
    """The label of a line; one without words goes with its neighbours when they agree."""
    if ours[number] or not 0 < number < len(labels) - 1 or labels[number - 1] != labels[number + 1]:
        return labels[number]
    return labels[number - 1] if labels[number - 1] is not Label.HEADING else None


def read_pages(path: Path) -> Iterator[dict[str, Any]]:
    """The pages of a ``.jsonl`` or ``.jsonl.zst`` file, each with its ``row`` number, from 0."""
    if path.suffix == ".zst":
        import zstandard

        with (
            path.open("rb") as raw,
            zstandard.ZstdDecompressor(max_window_size=2**31).stream_reader(raw) as stream,
        ):
            yield from _records(io.TextIOWrapper(stream, encoding="utf-8"))
    else:
        with path.open(encoding="utf-8") as lines:
            yield from _records(lines)


def _records(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    for row, line in enumerate(lines):
        yield json.loads(line) | {"row": row}


def weak_documents(page: dict[str, Any], views: Sequence[str] = VIEWS) -> list[Weak]:
    """The views of a page with weak labels; none where gold text and page do not agree.

    A view whose extractor fails or gives fewer than ``MIN_LINES`` lines is left out.
    """
    import lxml.etree

    try:
        page_lines, evidence = explain_page(page)
    except (ValueError, lxml.etree.LxmlError):
        return []
    if _agreement(page, page_lines, evidence) < MIN_AGREEMENT:
        return []
    source = source_of((line.text for line in page_lines), (label for label, _ in evidence), page["gold"])
    documents = []
    for view in views:
        if view == PAGE:
            shown = [number for number, line in enumerate(page_lines) if not line.hidden]
            lines = [page_lines[number].text for number in shown]
            labels = [source.labels[number] for number in shown]
        else:
            lines = extracted_lines(view, page["html"])
            labels = map_lines(lines, source)
        if len(lines) >= MIN_LINES:
            documents.append(Weak(page["id"], type_of(page), view, host_of(page["url"]), lines, labels))
    return documents


def extracted_lines(view: str, html: str) -> list[str]:
    """The non-blank lines that an extractor makes of a page; none when it fails."""
    try:
        text = extract(view, html)
    except Exception:  # noqa: BLE001 - extractors raise whatever their parsers raise; one page less does no harm
        return []
    return [line for line in LINE_BREAK.split(text) if line.strip()]


def _work(task: tuple[dict[str, Any], Sequence[str]]) -> list[Weak]:
    import logging

    logging.disable(logging.CRITICAL)  # the extractors' complaints about pages
    return weak_documents(*task)


def weak_corpus(
    paths: Iterable[Path],
    keep: Callable[[dict[str, Any]], bool] | Collection[str],
    workers: int = 2,
    views: Sequence[str] = VIEWS,
) -> list[Weak]:
    """Weak documents of the pages that ``keep`` (a test, or a set of ids) lets in, in the order of the files.

    Works in ``workers`` processes; the order does not depend on them.
    """
    from concurrent.futures import ProcessPoolExecutor

    wanted = keep if callable(keep) else lambda page: page["id"] in keep
    tasks = ((page, views) for path in paths for page in read_pages(path) if wanted(page))
    documents = []
    with ProcessPoolExecutor(workers) as pool:
        while batch := list(islice(tasks, BATCH)):
            documents += [document for found in pool.map(_work, batch) for document in found]
    return documents
