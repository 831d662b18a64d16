"""Rules and packs of rules: what they are, and reading them from TOML."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields, replace
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import regex

from cleaner.document import Label
from cleaner.rules.phrases import Phrases, is_phrase, opening, phrases_of

if TYPE_CHECKING:
    from collections.abc import Mapping

Scope = Literal["line", "first", "last", "opens"]
Strength = Literal["certain", "strong", "weak"]

EDGE = 12  # lines: how many count as the first, and as the last, of a document
TIME_LIMIT = 0.05  # seconds that one pattern may spend on one line
WATCHED = 256  # characters: built-in patterns, which tests hold to the limit, are timed on longer lines only
FEWEST_EXAMPLES = 2
LISTS = ("any", "first", "hits", "misses", "languages", "phrases")
PACKS = Path(__file__).parent / "packs"


class RuleError(ValueError):
    """A rule or a pack that cannot be used; the message says which, where and why."""


@dataclass(frozen=True)
class Rule:
    """Evidence that a line has a label.

    The pattern is searched in lines of at most ``max_chars`` characters that hold one of the words
    ``any`` or begin with one of the words ``first`` (each a word or two, case and digits folded:
    ``0000`` stands for any year); or such a line must be one of the ``phrases``. ``scope`` limits it
    to the first or the last lines of a document, or says that such a line opens a block of its label.
    ``certain`` rules decide, the others are weighed by the model.
    """

    id: str
    label: Label
    pattern: str
    hits: tuple[str, ...]
    misses: tuple[str, ...]
    any: tuple[str, ...] = ()
    first: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    scope: Scope = "line"
    strength: Strength = "strong"
    languages: tuple[str, ...] = ("en",)
    max_chars: int = 400
    built_in: bool = False

    @cached_property
    def compiled(self) -> regex.Pattern[str]:
        """The pattern, compiled when it is first needed: most rules never are."""
        return regex.compile(self.pattern, regex.VERSION1)

    @cached_property
    def ready(self) -> Phrases:
        """The phrases, made ready likewise."""
        return phrases_of(self.phrases)

    def matches(self, line: str) -> bool:
        """Whether the line is a phrase, or the pattern is found in it in time; too late counts as not found."""
        if self.phrases:
            return is_phrase(line, self.ready)
        if self.built_in and len(line) <= WATCHED:  # watching the clock costs ten times the search
            return self.compiled.search(line) is not None
        try:
            return self.compiled.search(line, timeout=TIME_LIMIT) is not None
        except TimeoutError:
            return False


@dataclass(frozen=True)
class Pack:
    """Rules that belong together, under a name and a version; ``source`` says in messages where they are from."""

    id: str
    version: str
    rules: tuple[Rule, ...]
    source: str


@cache
def built_in_packs() -> tuple[Pack, ...]:
    """The packs that come with the package, in the order of their names."""
    return tuple(load_pack(path, built_in=True) for path in sorted(PACKS.glob("*.toml")))


def load_pack(path: str | Path, *, built_in: bool = False) -> Pack:
    """Read a pack from a TOML file; raises ``RuleError`` that names file, rule and fault."""
    path = Path(path)
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RuleError(f"{path}: cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RuleError(f"{path}: not a TOML file: {error}") from error
    try:
        return make_pack(data, str(path), built_in=built_in)
    except RuleError as error:
        raise RuleError(f"{path}: {error}") from error


def make_pack(data: Mapping[str, Any], source: str, *, built_in: bool = False) -> Pack:
    """A pack from plain data: ``{"pack": {"id", "version"}, "rule": [...]}``."""
    head = data.get("pack")
    if not isinstance(head, dict) or not head.get("id") or not head.get("version"):
        raise RuleError("a pack begins with a table [pack] that has an id and a version")
    entries = data.get("rule", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise RuleError("`rule` is no list of tables: begin each rule with [[rule]]")
    rules = tuple(replace(make_rule(entry), built_in=built_in) for entry in entries)
    return Pack(str(head["id"]), str(head["version"]), rules, source)


def make_rule(data: Mapping[str, Any]) -> Rule:
    """A rule from plain data, checked but for its examples; raises ``RuleError``."""
    name = data.get("id")
    if not isinstance(name, str) or not name:
        raise RuleError("a rule without an id")
    if fault := fault_of(data):
        raise RuleError(f"rule {name}: {fault}")
    values: dict[str, Any] = {key: tuple(value) if key in LISTS else value for key, value in data.items()}
    if "phrases" in values:
        values |= {"pattern": "", "any": tuple(map(opening, values["phrases"]))}
    return Rule(**{**values, "label": Label(data["label"])})


def fault_of(data: Mapping[str, Any]) -> str | None:
    """What is wrong with the plain data of a rule, or None."""
    known = {field.name for field in fields(Rule)} - {"built_in"}
    choices = {"label": tuple(Label), "scope": get_args(Scope), "strength": get_args(Strength)}
    faults = [f"unknown key {key!r}; known are {', '.join(sorted(known))}" for key in sorted(set(data) - known)]
    faults += ["has no label"] if "label" not in data else []
    faults += ["has no pattern (and no phrases)"] if not {"pattern", "phrases"} & set(data) else []
    faults += [f"has both phrases and {key}" for key in ("pattern", "any", "first") if {"phrases", key} <= set(data)]
    for key, allowed in choices.items():
        if key in data and data[key] not in allowed:
            faults.append(f"unknown {key} {data[key]!r}; known are {', '.join(allowed)}")
    if not isinstance(data.get("pattern", ""), str):
        faults.append("pattern is a string")
    if not isinstance(data.get("max_chars", 1), int) or data.get("max_chars", 1) < 1:
        faults.append("max_chars is a whole number of at least 1")
    faults += [f"{key} is a list of strings that are not blank" for key in LISTS if not is_list(data.get(key, []))]
    for key, purpose in (("hits", "hit"), ("misses", "spare")):
        if is_list(data.get(key, [])) and len(data.get(key, [])) < FEWEST_EXAMPLES:
            faults.append(f"needs at least two {key}: lines that it must {purpose}")
    if is_list(phrases := data.get("phrases", [])):
        faults += [f"the phrase {phrase!r} does not begin with a word" for phrase in phrases if not opening(phrase)]
    if not (data.get("any") or data.get("first") or phrases):
        faults.append("needs words in `any` or `first`, one of which a line must hold to be looked at")
    return faults[0] if faults else None


def is_list(value: object) -> bool:
    """Whether it is a list of strings that are not blank."""
    return isinstance(value, (list, tuple)) and all(isinstance(entry, str) and entry.strip() for entry in value)
