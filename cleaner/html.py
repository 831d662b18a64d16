"""Page -> text, by trafilatura, for pages whose HTML is still there."""

from __future__ import annotations


def text_of(html: str | bytes, url: str | None = None) -> str:
    """What trafilatura extracts from the page, with recall preferred: what is too much goes later."""
    import trafilatura

    return trafilatura.extract(html, url=url, favor_recall=True) or ""
