"""The manual page, in roff, made from the parser of the command line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator


def manual(parser: argparse.ArgumentParser, version: str) -> str:
    """The manual page of a command, for section 1: read it with ``man -l``."""
    name = parser.prog
    title, _, description = (parser.description or "").partition("\n\n")
    rows = [
        f'.TH "{name.upper()}" "1" "" "{name} {version}" "User Commands"',
        ".SH NAME",
        f"{escaped(name)} \\- {escaped(title)}",
        ".SH SYNOPSIS",
        escaped(parser.usage or name),
        ".SH DESCRIPTION",
        escaped(description),
        *options(parser),
        *sections(parser.epilog or ""),
    ]
    return "\n".join(rows) + "\n"


def options(parser: argparse.ArgumentParser) -> Iterator[str]:
    """A section for each group of arguments that has help texts."""
    for group in parser._action_groups:  # noqa: SLF001 (argparse has no public way to list its options)
        actions = [action for action in group._group_actions if action.help]  # noqa: SLF001
        if actions:
            yield f".SH {escaped((group.title or '').upper())}"
        for action in actions:
            value = action.metavar or ("|".join(action.choices) if action.choices else "")
            names = ", ".join(f"\\fB{escaped(option)}\\fR" for option in action.option_strings)
            yield from (".TP", f"{names} \\fI{escaped(str(value))}\\fR".strip())
            yield escaped((action.help or "").replace("%%", "%"))


def sections(epilog: str) -> Iterator[str]:
    """The paragraphs of the epilog, each with a title on its first line, as they are laid out there."""
    for paragraph in epilog.strip().split("\n\n"):
        title, _, text = paragraph.partition("\n")
        yield from (
            f".SH {escaped(title.rstrip(':').upper())}",
            ".nf",
            *map(escaped, text.splitlines()),
            ".fi",
        )


def escaped(text: str) -> str:
    """Plain text, kept from being read as roff."""
    text = re.sub(r"[\\'`~^-]", lambda match: ESCAPES[match[0]], text)
    return f"\\&{text}" if text.startswith(".") else text


ESCAPES = {"\\": "\\e", "-": "\\-", "'": "\\(aq", "`": "\\(ga", "~": "\\(ti", "^": "\\(ha"}
