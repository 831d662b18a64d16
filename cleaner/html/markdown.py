"""The kept lines of a page -> Markdown: headings, lists, tables, code, quotes, emphasis and, if wanted, links."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from cleaner.html.walk import TAB

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cleaner.html.walk import Tree

DEEPEST = 100  # elements around a line that are looked at: tags that are never closed nest without end
LEVELS = {f"h{level}": level for level in range(1, 7)}
LISTS = frozenset(("ul", "ol", "menu", "dir"))
CODE = frozenset(("pre", "listing", "plaintext", "xmp"))
EMPHASIS = {"b": "**", "strong": "**", "em": "*", "i": "*", "code": "`", "kbd": "`", "samp": "`", "tt": "`"}
SPECIAL = re.compile(r"([\\`*\[\]]|(?<!\w)_|_(?!\w)|<(?=[a-zA-Z/!]))")
OPENS = re.compile(r"(?=[#>+-](?:\s|$))|(?<=\d)(?=[.)]\s)")  # what would open a block at the start of a line
OPENING = re.compile(r"\d{1,9}[.)]\s|#{1,6}\s|[>+-]\s")


@dataclass(frozen=True, slots=True)
class Block:
    """A line in Markdown: ``kind`` and ``group`` say which lines stand together without a blank line between."""

    kind: str
    group: int
    text: str


def markdown(tree: Tree, keep: Sequence[bool], links: bool = False) -> str:
    """The lines of ``tree``, walked with ``keep_parts``, for which ``keep`` is true, as Markdown."""
    blocks = list(blocks_of(tree, keep, links))
    return "\n\n".join(joined(list(run)) for _, run in groupby(blocks, lambda block: (block.kind, block.group)))


def joined(blocks: list[Block]) -> str:
    """Blocks of one kind and group."""
    lines = [block.text for block in blocks]
    if blocks[0].kind == "code":
        fence = "`" * max(3, 1 + max(map(len, re.findall(r"`+", "\n".join(lines))), default=0))
        return "\n".join([fence, *lines, fence])
    if blocks[0].kind == "table":
        columns = max(line.count(TAB) for line in lines) + 1
        rows = [line.split(TAB) + [""] * (columns - 1 - line.count(TAB)) for line in lines]
        head, *others = [f"| {' | '.join(cells)} |" for cells in rows]
        return "\n".join([head, f"|{' --- |' * columns}", *others])
    return "\n".join(lines)


def blocks_of(tree: Tree, keep: Sequence[bool], links: bool) -> Iterator[Block]:
    """The kept lines, each in Markdown."""
    numbers = item_numbers(tree)
    begun: set[int] = set()  # items of which a line has been shown
    for line, (text, kept) in enumerate(zip(tree.lines, keep, strict=True)):
        above = list(tags_above(tree, tree.element[line]))
        items = [element for tag, element in above if tag == "li"]
        if not kept:
            continue
        code = next((element for tag, element in above if tag in CODE), None)
        table = next((element for tag, element in above if tag == "table"), None)
        level = next((LEVELS[tag] for tag, _ in above if tag in LEVELS), 0)
        quote = "> " * sum(tag == "blockquote" for tag, _ in above)
        if code is not None:
            for row in [*[""] * tree.blank[line], text]:
                yield Block("code", code, row)
            continue
        shown = inline(tree, line, links)
        if table is not None and TAB in shown:
            yield Block("table", table, shown.replace("|", "\\|"))
        elif level:
            yield Block("heading", line, f"{quote}{'#' * level} {shown}")
        elif items:
            lists = [element for tag, element in above if tag in LISTS] or items
            indent = "".join(" " * (len(numbers.get(item, "-")) + 1) for item in items[1:])
            mark = numbers.get(items[0], "-")
            if items[0] in begun:
                mark = " " * len(mark)
            begun.add(items[0])
            yield Block("list", lists[-1], f"{quote}{indent}{mark} {shown}")
        else:
            yield Block("text", line, quote + escaped_start(shown))


def item_numbers(tree: Tree) -> dict[int, str]:
    """The marks of the items of ordered lists."""
    count: dict[int, int] = {}
    marks = {}
    for element, (parent, number) in enumerate(zip(tree.parent, tree.signature, strict=True)):
        if tree.signatures[number][0] == "li" and parent >= 0 and tag_of(tree, parent) == "ol":
            count[parent] = count.get(parent, 0) + 1
            marks[element] = f"{count[parent]}."
    return marks


def tag_of(tree: Tree, element: int) -> str:
    """The tag of an element."""
    return tree.signatures[tree.signature[element]][0]


def tags_above(tree: Tree, element: int) -> Iterator[tuple[str, int]]:
    """The tags of an element and of the nearest around it, innermost first, with their numbers."""
    for _ in range(DEEPEST):
        if element < 0:
            return
        yield tag_of(tree, element), element
        element = tree.parent[element]


def inline(tree: Tree, line: int, links: bool) -> str:
    """The text of a line with its emphasis and, if wanted, its links."""
    pieces = (tree.parts or [])[line]
    runs = [(() if element < 0 else marks_of(tree, element, links), text) for text, element in pieces]
    shown = nested(runs, 0)
    if TAB not in tree.lines[line]:
        return " ".join(shown.split())
    return TAB.join(" ".join(cell.split()) for cell in shown.split(TAB)).strip(TAB)


def nested(runs: Sequence[tuple[tuple[str, ...], str]], depth: int) -> str:
    """Pieces of text, each with its marks from the outermost in, of which ``depth`` have been seen to."""
    shown = []
    for mark, some in groupby(runs, lambda run: run[0][depth] if len(run[0]) > depth else ""):
        inner = list(some)
        if mark == "`":
            shown.append(marked("".join(text for _, text in inner), mark))
        elif mark:
            shown.append(marked(nested(inner, depth + 1), mark))
        else:
            shown += [SPECIAL.sub(r"\\\1", text) for _, text in inner]
    return "".join(shown)


def marks_of(tree: Tree, element: int, links: bool) -> tuple[str, ...]:
    """The emphasis of what stands in an element, and the target of its link, outermost first."""
    marks: list[str] = []
    for tag, number in tags_above(tree, element):
        if tag in EMPHASIS and EMPHASIS[tag] not in marks:
            marks.append(EMPHASIS[tag])
        elif tag in LEVELS:
            marks = [mark for mark in marks if mark != "**"]  # a heading is bold as it is
        if links and tag == "a" and number in tree.href:
            marks.append(tree.href[number])
        if tag in ("p", "li", "td", "th", "div"):
            break
    return tuple(marks[::-1])


def marked(text: str, mark: str) -> str:
    """Text within a mark; white space stays outside of it."""
    core = text.strip()
    if not core:
        return text
    before, after = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
    if mark == "`" and "`" in core:
        shown = f"`` {core} ``"
    elif mark in ("**", "*", "`"):
        shown = f"{mark}{core}{mark}"
    else:
        shown = f"[{core}](<{mark.strip()}>)" if re.search(r"[\s()<>]", mark) else f"[{core}]({mark})"
    return before + shown + after


def escaped_start(line: str) -> str:
    """A paragraph that does not start like a block of another kind."""
    return OPENS.sub(r"\\", line, count=1) if OPENING.match(line) else line
