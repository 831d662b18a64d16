"""Page -> lines with what their markup says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cleaner.html.walk import Tree


@dataclass(frozen=True, slots=True)
class Page:
    """The lines of a page: ``text`` is all of them, with line feeds between.

    Its head has a ``title``, and ``words`` that say of what kind it is.
    """

    text: str
    tree: Tree
    title: str
    words: tuple[str, ...]


def read_page(html: str | bytes, keep_parts: bool = False) -> Page:
    """The lines of a page; where it shows next to none, what it holds beside them is taken for shown.

    Bytes are decoded by ``cleaner.html.charset``. Nothing raises: what is no HTML is the text of a page, too.
    """
    from cleaner.html import fallback
    from cleaner.html.charset import decode

    text = html if isinstance(html, str) else decode(html)[0]
    page = parsed(text, keep_parts)
    for change in (fallback.uncovered, fallback.with_data):
        if not fallback.shows_little(page.tree):
            break
        changed = change(text)
        if changed != text:
            page = max(page, parsed(changed, keep_parts), key=lambda page: sum(page.tree.size))
    return page


def parsed(html: str, keep_parts: bool = False) -> Page:
    """The lines that a page shows."""
    from selectolax.lexbor import LexborHTMLParser

    from cleaner.html.walk import walk

    try:
        parser = LexborHTMLParser(html)
    except UnicodeEncodeError:  # halves of surrogate pairs
        parser = LexborHTMLParser(html.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace"))
    tree = walk(parser.root, keep_parts)
    text = "\n".join(["\n" * blank + line for line, blank in zip(tree.lines, tree.blank, strict=True)])
    head = parser.head or parser.root
    if head is None:
        return Page(text, tree, "", ())
    return Page(text, tree, title_of(head), page_words(head, html))


def title_of(head: Any) -> str:
    """The titles that the head of a page gives it."""
    title, other = head.css_first("title"), head.css_first('meta[property="og:title"]')
    titles = [title.text() if title is not None else "", (other.attributes.get("content") or "") if other else ""]
    return " ".join(" ".join(titles).split())


def page_words(head: Any, html: str) -> tuple[str, ...]:
    """What the head of a page, and its data, say of its kind."""
    from cleaner.html.tags import MOST_TYPES

    found = [f"type {name}" for name in dict.fromkeys(types_of(html))][:MOST_TYPES]
    for selector, name in (('meta[property="og:type"]', "og"), ('meta[name="generator"]', "generator")):
        node = head.css_first(selector)
        content = (node.attributes.get("content") or "").split() if node is not None else []
        if content:
            found.append(f"{name} {content[0].lower()}")
    return tuple(found)


def types_of(html: str) -> Iterator[str]:
    """What the data of a page say that they describe."""
    from cleaner.html.tags import TYPE

    at = html.find("@")  # one character is found much faster than several
    while at >= 0:
        if found := TYPE.match(html, at - 1):
            yield found[1]
        at = html.find("@", (found.end() if found else at) + 1)


def text_of(html: str | bytes) -> str:
    """All visible text of a page, a line a block: what spans of ``label_html`` index."""
    return read_page(html).text
