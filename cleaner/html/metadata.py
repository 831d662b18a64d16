"""What a page says of itself: title, authors, date, language and name of the site, by trafilatura."""

from __future__ import annotations

import re
from typing import Any

LANGUAGE = re.compile(r"<html\b[^>]*?\slang\s*=\s*[\"']?([A-Za-z]{2,3}(?:-[A-Za-z0-9]+)*)", re.IGNORECASE)


def metadata(html: str, url: str | None = None) -> dict[str, Any]:
    """What is known of ``title``, ``authors``, ``date`` (year, month, day), ``language``, ``site_name`` and ``url``.

    >>> metadata("<html lang=en><title>The ferry</title>")
    {'title': 'The ferry', 'language': 'en'}
    """
    from trafilatura.metadata import extract_metadata

    found: dict[str, Any] = {}
    try:
        told = extract_metadata(html, default_url=url)
    except Exception:  # noqa: BLE001 (whatever it trips over, the text of the page is worth more)
        told = None
    if told is not None:
        found["title"] = told.title
        found["authors"] = [name for name in re.split(r"\s*;\s*", told.author or "") if name]
        found["date"] = told.date
        found["site_name"] = told.sitename
        found["url"] = url or told.url
    if match := LANGUAGE.search(html[:10_000]):
        found["language"] = match[1]
    order = ("title", "authors", "date", "language", "site_name", "url")
    return {name: found[name] for name in order if found.get(name)}
