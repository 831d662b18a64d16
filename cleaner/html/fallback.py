"""Text that a page holds but does not show, for pages that show next to none."""

from __future__ import annotations

import json
import re
from html import escape
from typing import TYPE_CHECKING

from cleaner.html.walk import ARIA_HIDDEN, HIDDEN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cleaner.html.walk import Tree

LITTLE = 400  # characters: a page that shows fewer shows no content
COVERS = re.compile(r"<(/?)(?:noscript|template)\b[^>]*>", re.IGNORECASE)
DATA = re.compile(r"<script[^>]*application/ld\+json[^>]*>(.*?)</script", re.IGNORECASE | re.DOTALL)
FIELDS = ("articleBody", "text")  # that hold content; of a product, so does its description
DEEPEST = 40  # levels of data that are looked at


def shows_little(tree: Tree) -> bool:
    """Whether a page shows next to no text."""
    sizes = zip(tree.size, tree.state, strict=True)
    return sum(size for size, state in sizes if not state & (HIDDEN | ARIA_HIDDEN)) < LITTLE


def uncovered(html: str) -> str:
    """The page with what stands in ``noscript`` and ``template`` as blocks like others.

    >>> uncovered("<noscript><p>Text</noscript>")
    '<div><p>Text</div>'
    """
    return COVERS.sub(r"<\1div>", html)


def with_data(html: str) -> str:
    """The page, and after it the longest text of its JSON-LD; the page alone if there is none."""
    texts = [text for block in DATA.findall(html) for text in texts_in(block)]
    best = max(texts, key=len, default="")
    paragraphs = "".join(f"<p>{escape(line)}</p>" for line in best.splitlines() if line.strip())
    return f"{html}<article>{paragraphs}</article>" if paragraphs else html


def texts_in(block: str) -> Iterator[str]:
    """The texts of articles, posts and products that a block of JSON-LD holds, at any level."""
    try:
        waiting = [(json.loads(block.strip(), strict=False), 0)]
    except (ValueError, RecursionError):
        return
    while waiting:
        at, depth = waiting.pop()
        if depth > DEEPEST:
            continue
        if isinstance(at, dict):
            names = (*FIELDS, "description") if at.get("@type") == "Product" else FIELDS
            yield from (text for name in names if isinstance(text := at.get(name), str))
        if isinstance(at, dict | list):
            waiting += [(value, depth + 1) for value in (at.values() if isinstance(at, dict) else at)]
