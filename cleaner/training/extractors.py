"""What text extractors make of a page: the views in which documents reach users.

Each extractor comes with the extra ``train`` and is imported where it is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

PAGE = "page"
MAX_HTML = 3_000_000
"""Characters of HTML above which the slow extractors give nothing."""


def _page(html: str) -> str:
    from cleaner.training.pages import visible_text

    return visible_text(html)


def _trafilatura(html: str) -> str:
    import trafilatura

    return trafilatura.extract(html) or ""


def _trafilatura_recall(html: str) -> str:
    import trafilatura

    return trafilatura.extract(html, favor_recall=True) or ""


def _resiliparse(html: str) -> str:
    from resiliparse.extract.html2text import extract_plain_text

    return str(extract_plain_text(html, main_content=True, alt_texts=False))


def _readability(html: str) -> str:
    from readability import Document

    from cleaner.training.pages import visible_text

    return visible_text(Document(html).summary()) if len(html) <= MAX_HTML else ""


def _boilerpy3(html: str) -> str:
    from boilerpy3 import extractors

    return str(extractors.ArticleExtractor().get_content(html)) if len(html) <= MAX_HTML else ""


def _justext(html: str) -> str:
    import justext

    paragraphs = justext.justext(html.encode(), justext.get_stoplist("English"))
    return "\n".join(paragraph.text for paragraph in paragraphs if not paragraph.is_boilerplate)


EXTRACTORS: dict[str, Callable[[str], str]] = {
    PAGE: _page,
    "trafilatura": _trafilatura,
    "trafilatura-recall": _trafilatura_recall,
    "resiliparse": _resiliparse,
    "readability": _readability,
    "boilerpy3": _boilerpy3,
    "justext": _justext,
}


def extract(name: str, html: str) -> str:
    """The text that the extractor ``name`` makes of a page; ``page`` is all its visible text.

    Raises ``KeyError`` for a name that is not in ``EXTRACTORS``, and whatever the extractor raises.
    """
    return EXTRACTORS[name](html)
