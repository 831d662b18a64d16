"""Rules: the engine, packs of one's own, and the built-in packs."""

from __future__ import annotations

import pickle
import time
from collections import Counter
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sample_models import TOY

from cleaner import Cleaner, RuleError, tokens
from cleaner.document import LABELS
from cleaner.lines import STRETCH, split_lines
from cleaner.rules import Rule, RuleSet, built_in_packs, check_rule, make_rule
from cleaner.rules.pack import EDGE, TIME_LIMIT
from cleaner.rules.phrases import is_phrase, phrases_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

BUILT_IN = [rule for pack in built_in_packs() for rule in pack.rules]
PLAIN: dict[str, Any] = {
    "id": "mine.boat",
    "label": "ad",
    "pattern": r"^Boat \d+$",
    "first": ["boat"],
    "hits": ["Boat 1", "Boat 22"],
    "misses": ["Boats", "A boat 1"],
}


def rule_of(**changes: Any) -> Rule:
    """The plain rule, changed, without a look at its examples."""
    return make_rule({**PLAIN, **changes})


def hits(rules: Iterable[Rule], texts: Sequence[str]) -> list[tuple[int, str]]:
    """Line number (over all texts) and rule id of every hit."""
    rule_set, batch = RuleSet(rules), split_lines(texts)
    return [
        (int(line) + start, rule_set.ids[rule])
        for start, block in tokens.blocks(batch)
        for found in [rule_set.run(batch, start, block)]
        for line, rule in zip(found.line.tolist(), found.rule.tolist(), strict=True)
    ]


def lines_hit(text: str, **changes: Any) -> list[int]:
    """Numbers of the lines of a text that the changed rule hits."""
    return [line for line, _ in hits([rule_of(**changes)], [text])]


# What must be there before a pattern runs


@pytest.mark.parametrize(
    ("words", "line", "hit"),
    [
        ({"any": ["boat"]}, "A boat", True),
        ({"any": ["boat"]}, "A BOAT!", True),
        ({"any": ["boat"]}, "Boats", False),
        ({"any": ["boat"]}, "steamboat", False),
        ({"any": ["red boat"]}, "the Red  Boat", True),
        ({"any": ["red boat"]}, "red, boat", False),
        ({"any": ["red boat"]}, "boat red", False),
        ({"any": ["2024"]}, "in 1999", True),
        ({"any": ["2024"]}, "in 99", False),
        ({"any": ["©"]}, "(©)", True),
        ({"any": ["don't"]}, "I don’t", True),
        ({"any": ["über"]}, "ÜBER uns", True),
        ({"any": ["続き"]}, "この続きを読む", True),
        ({"first": ["boat"]}, "Boat", True),
        ({"first": ["boat"]}, "  boat", True),
        ({"first": ["boat"]}, "A boat", False),
        ({"first": ["boat"]}, "“Boat", False),
        ({"first": ["red boat"]}, "Red boat, old", True),
        ({"first": ["red boat"]}, "red", False),
        ({"first": ["red boat"]}, "A red boat", False),
        ({"first": ["boat"], "any": ["sail"]}, "to sail", True),
        ({"first": ["boat"], "any": ["sail"]}, "Boat", True),
    ],
)
def test_a_line_is_looked_at_for_its_words(words: dict[str, list[str]], line: str, hit: bool) -> None:
    """A pattern runs only on lines that hold, or begin with, a word of its rule: case and digits folded, whole."""
    changes = {"any": [], "first": [], **words}
    assert bool(lines_hit(f"x\n{line}\nx", pattern="", **changes)) is hit


def test_no_pattern_runs_without_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule whose words are absent costs nothing: its pattern is not even compiled."""
    looked_at = []
    monkeypatch.setattr(Rule, "matches", lambda _, line: looked_at.append(line) or False)
    assert lines_hit("One\nTwo boat\n  Boat 3 \nThree") == []
    assert looked_at == ["Boat 3"]


def test_patterns_are_searched_in_the_line_without_blanks_around_it() -> None:
    """Anchors hold at the first and the last letter, and no pattern sees another line."""
    assert lines_hit("Boat 1\n \t Boat 2 \t \r\nBoat\n3\rBoat 4") == [0, 1, 4]


def test_white_space_of_any_kind_is_a_space_to_patterns() -> None:
    """Pages are full of spaces that do not break, and of tabs."""
    lines = ["Boat\N{NO-BREAK SPACE}1", "Boat \t\t 2", "Boat\N{NO-BREAK SPACE} 3", "Boat\N{THIN SPACE}4", "Boat_5"]
    assert lines_hit("\n".join(lines)) == [0, 1, 2, 3]


# Phrases in place of a pattern


@pytest.mark.parametrize(
    ("phrase", "line", "hit"),
    [
        ("red boat", "Red boat", True),
        ("red boat", "RED  BOAT:", True),
        ("red boat", "» Red boat …", True),
        ("red boat", "– red\xa0boat –", True),
        ("red boat", "A red boat", False),
        ("red boat", "Red boats", False),
        ("red boat", "Red boat sails", False),
        ("red boat*", "Red boat sails", True),
        ("red boat*", "Red boats", False),
        ("red old boat*", "Red old boats", True),
        ("red boat*", "A red boat", False),
        ("boat of * sails", "Boat of Ida sails", True),
        ("boat of * sails", "Boat of sails", False),
        ("boat of * sails", "Boat of Ida", False),
        ("boat of *", "Boat of Ida Holm!", True),
        ("0 boats", "1 boats", True),
        ("0 boats", "(12 Boats)", True),
        ("0 boats", "No boats", False),
        ("boat 0 of 0", "Boat 3 of 14", True),
        ("boat's oar", "Boat’s oar", True),
        ("boat (red)?", "Boat (red)?", True),
        ("boat (red)?", "Boat red", False),
        ("ЛОДКА *", "лодка Иды", True),
        ("続きを読む", "続きを読む »", True),
    ],
)
def test_a_line_is_a_phrase(phrase: str, line: str, hit: bool) -> None:
    """But for case, spaces and the marks around it; `*` is a gap, `0` a number; its first two words are whole."""
    rule = {key: PLAIN[key] for key in ("id", "label", "hits", "misses")}
    assert bool(hits([make_rule({**rule, "phrases": [phrase, "other *"]})], [f"x\n{line}\nx"])) is hit


@given(
    gaps=st.tuples(*[st.text(alphabet="ab Ida3.,*éж", min_size=1, max_size=20).filter(str.strip)] * 2),
    marks=st.tuples(*[st.text(alphabet=" \t\xa0“”»→…:.-", max_size=8)] * 2),
)
@settings(deadline=None, derandomize=True)
def test_a_phrase_is_found_whatever_fills_its_gaps(gaps: tuple[str, str], marks: tuple[str, str]) -> None:
    """Any text that is not blank fills a gap, and marks around the line change nothing."""
    phrases = phrases_of(["boat of * sails * 0 times", "boat of * sinks *"])
    filled = [" ".join(gap.split()) for gap in gaps]
    assert is_phrase(f"{marks[0]}BOAT OF {filled[0]} sails {filled[1]} 12 Times{marks[1]}", phrases)
    assert is_phrase(f"{marks[0]}Boat of {filled[0]} sinks a{filled[1]}{marks[1]}", phrases)
    assert not is_phrase(f"{marks[0]}A boat of {filled[0]} sinks {filled[1]}{marks[1]}", phrases)


def test_all_built_in_phrases_are_found() -> None:
    """Each line made of a phrase, its gaps filled, is hit by the phrase's rule; no rule has a phrase twice."""
    phrases = [(rule.id, phrase) for rule in BUILT_IN for phrase in rule.phrases]
    assert len(phrases) > 2000
    assert len({(name, phrase.casefold()) for name, phrase in phrases}) == len(phrases)
    lines = [" ".join(phrase.replace("0", "12").replace("*", " Ida Holm ").split()) for _, phrase in phrases]
    found = set(hits(BUILT_IN, ["\n".join(lines)]))
    assert [lines[number] for number, (name, _) in enumerate(phrases) if (number, name) not in found] == []


# Scopes


def numbered(count: int) -> str:
    """A text of which every line is hit."""
    return "\n".join(f"Boat {i}" for i in range(count))


@pytest.mark.parametrize(
    ("scope", "count", "expected"),
    [
        ("line", 40, range(40)),
        ("opens", 40, range(40)),
        ("first", 40, range(EDGE)),
        ("last", 40, range(40 - EDGE, 40)),
        ("first", 5, range(5)),
        ("last", 5, range(5)),
        ("last", EDGE + 1, range(1, EDGE + 1)),
    ],
)
def test_scopes(scope: str, count: int, expected: range) -> None:
    """First and last lines are those of the document, whatever stands in blank lines and other documents."""
    assert lines_hit(numbered(count), scope=scope) == list(expected)
    spread = "\n\n" + numbered(count).replace("\n", "\n\n \n")
    assert lines_hit(spread, scope=scope) == list(expected)
    found = hits([rule_of(scope=scope)], ["other\n" * 30, numbered(count), "", "other\n" * 30])
    assert [line - 30 for line, _ in found] == list(expected)


def test_stretches_of_a_very_long_document_have_edges_of_their_own() -> None:
    """A very long document is worked on in stretches, each with its first and last lines."""
    count = STRETCH + 40
    expected = [*range(STRETCH - EDGE, STRETCH), *range(count - EDGE, count)]
    assert lines_hit(numbered(count), scope="last") == expected


@pytest.mark.parametrize(
    ("line", "hit"),
    [("Boat " + "1" * 15, True), ("Boat " + "1" * 16, False), ("Boat " + "1" * 15 + " " * 50, True)],
)
def test_longer_lines_are_not_looked_at(line: str, hit: bool) -> None:
    """A rule spares lines of more than its characters; blanks at the end do not count."""
    assert bool(lines_hit(line, max_chars=20)) is hit


# Time


def test_a_pattern_that_takes_too_long_counts_as_not_found() -> None:
    """A pattern of somebody's own that explodes on a line stops in time, and the rest of the work goes on."""
    slow = rule_of(id="mine.slow", pattern="(?:a+)+x", any=["aaa"], first=[], max_chars=LONG)
    line = "aaa " + "a" * 1500
    with pytest.raises(TimeoutError):
        slow.compiled.search(line, timeout=TIME_LIMIT)
    begin = time.perf_counter()
    assert hits([slow, rule_of()], [line + "\nBoat 1"]) == [(1, "mine.boat")]
    assert time.perf_counter() - begin < 20 * TIME_LIMIT


FORMER = {  # what rules that are phrases now had to hit, and to spare
    "phrases.about-author": (
        "Über den Autor|Zur Autorin|À propos de l’auteur|Over de auteur|Sobre el autor|Sull'autore|O autorze|Об авторе",
        (
            "Der Autor schwieg.|Über die Autobahn ging es heim|L'auteur est inconnu.|Over de auteurswet|L'autore tace|"
            "Sobre el autor no se sabe nada.|O autorze książki wiadomo mało.|Об авторе известно немногое"
        ),
    ),
    "phrases.comments-heading": ("Schreibe einen Kommentar", "Er schrieb einen Kommentar zur Wahl."),
    "phrases.comment-form": (
        "Deine E-Mail-Adresse wird nicht veröffentlicht. Erforderliche Felder sind mit * markiert",
        "Kommentare sind frei.",
    ),
    "phrases.share": ("Copiar link|Copier le lien", "Copiar links de outros|Copier le lien entre les deux"),
}


@pytest.mark.parametrize("name", FORMER)
def test_rules_that_became_phrases_hit_and_spare_what_they_did(name: str) -> None:
    """Their examples, by the rule that took their place."""
    rule = [rule for rule in BUILT_IN if rule.id == name]
    hit, spared = (lines.split("|") for lines in FORMER[name])
    assert hits(rule, ["\n".join(hit)]) == [(number, name) for number in range(len(hit))]
    assert hits(rule, ["\n".join(spared)]) == []


def test_phrases_take_no_longer_for_many_marks() -> None:
    """A line of nothing but marks between two words is no slower than others."""
    phrases = phrases_of(["boat *", "boat * sails * home"])
    begin = time.perf_counter()
    assert is_phrase("boat " + "- " * LONG + "sails", phrases)
    assert is_phrase("boat " + "sails " * LONG + "home", phrases)
    assert not is_phrase("." * LONG + "a" + "." * LONG, phrases)
    assert time.perf_counter() - begin < 20 * TIME_LIMIT


# Rules together


def test_hits_are_ordered_by_line() -> None:
    """Evidence comes line by line, in each in the order of the rules."""
    rules = [rule_of(id="mine.b"), rule_of(id="mine.a", pattern="2"), rule_of(id="mine.c", first=[], any=["boat"])]
    found = hits(rules, ["Boat 2\nx\nBoat 1"])
    assert found == [(0, "mine.b"), (0, "mine.a"), (0, "mine.c"), (2, "mine.b"), (2, "mine.c")]


def test_more_rules_do_not_disturb() -> None:
    """A rule hits the same lines alone and among all others."""
    lines = [line for rule in BUILT_IN for line in (rule.hits[0], rule.misses[0])]
    together = Counter(name for _, name in hits(BUILT_IN, ["\n".join(lines)]))
    for rule in BUILT_IN[::7]:
        assert len(hits([rule], ["\n".join(lines)])) == together[rule.id], rule.id


def test_no_rules() -> None:
    """Without rules there is no evidence."""
    assert hits([], ["Boat 1"]) == []


def test_a_digest_names_the_rules() -> None:
    """It stays while the rules stay, and changes with any of them."""
    digest = RuleSet([rule_of()]).digest()
    assert digest == RuleSet([rule_of()]).digest()
    others = [{"pattern": "^Boat"}, {"strength": "weak"}, {"max_chars": 9}, {"scope": "last"}, {"label": "notice"}]
    assert len({digest, *(RuleSet([rule_of(**change)]).digest() for change in others)}) == len(others) + 1


def test_rules_can_be_pickled() -> None:
    """A rule can be sent to another process, used before or not."""
    rule = rule_of()
    assert rule.matches("Boat 1")
    assert pickle.loads(pickle.dumps(rule)).matches("Boat 1")


# Packs of one's own

PACK = """\
[pack]
id = "mine"
version = "1"

[[rule]]
id = "mine.boat"
label = "ad"
strength = "certain"
pattern = '^Boat \\d+$'
first = ["boat"]
hits = ["Boat 1", "Boat 22"]
misses = ["Boats", "A boat 1"]
"""


def cleaner_with(tmp_path: Path, pack: str | bytes, **options: Any) -> Cleaner:
    """A cleaner with this pack alone."""
    path = tmp_path / "mine.toml"
    path.write_bytes(pack if isinstance(pack, bytes) else pack.encode())
    return Cleaner(model=TOY, packs=[path], **options)


def test_one_name_stands_for_a_list_of_it(tmp_path: Path) -> None:
    """A path or an id need not be put in brackets; its letters are never taken for names."""
    path = tmp_path / "own.toml"
    path.write_text(PACK, encoding="utf-8")
    for pack in (path, str(path)):
        assert Cleaner(model=TOY, rules=[], packs=pack).clean("Boat 1") == ""
        assert Cleaner(model=TOY, rules=[], packs=pack, disable="mine.boat").clean("Boat 1") == "Boat 1"


def test_a_pack_of_ones_own_is_used(tmp_path: Path) -> None:
    """Its certain rules decide, and are named as the reason."""
    boat, other = cleaner_with(tmp_path, PACK).label("Boat 7\nThe boat 7 was late.")
    assert (boat.label, boat.reasons) == ("ad", ("mine.boat",))
    assert boat.probability >= 0.995
    assert other.label == "body"


def test_a_pack_of_ones_own_is_in_the_versions(tmp_path: Path) -> None:
    """Its id and version are told, and the digest is another."""
    versions = cleaner_with(tmp_path, PACK).versions()
    assert versions["rules"][-1] == ("mine", "1")
    assert versions["rules_digest"] != Cleaner(model=TOY).versions()["rules_digest"]


def test_rules_can_be_switched_off(tmp_path: Path) -> None:
    """By id, built-in ones and one's own."""
    assert cleaner_with(tmp_path, PACK, disable=["mine.boat"]).label("Boat 7")[0].label == "body"
    on = Cleaner(model=TOY).label("(Picture: EPA)")[0]
    off = Cleaner(model=TOY, disable=[name for name in on.reasons if name != "model"]).label("(Picture: EPA)")[0]
    assert (on.label, off.label) == ("caption", "body")


def test_rules_as_plain_data_replace_the_built_in_ones() -> None:
    """They are checked like those of packs, and are the only ones."""
    one = Cleaner(model=TOY, rules=[{**PLAIN, "strength": "certain"}])
    assert [line.label.value for line in one.label("Boat 1\n(Picture: EPA)")] == ["ad", "body"]
    assert Cleaner(model=TOY, rules=[rule_of()]).versions()["rules"] == [("own", "0")]
    with pytest.raises(RuleError, match=r"mine\.boat.*'Ship 1'"):
        Cleaner(model=TOY, rules=[{**PLAIN, "hits": ["Boat 1", "Ship 1"]}])


def test_where_certain_rules_differ_the_model_chooses() -> None:
    """Of two certain labels the one that the model prefers stands; without a preference it is the last."""
    model = {"words": {"7": {"notice": 60}, "aaa": {"ad": 60}}, "bias": {"body": 50}}
    certain = {**PLAIN, "strength": "certain", "pattern": "Boat", "misses": ["Ship", "Tug"]}
    rules = [{**certain, "id": f"mine.{label}", "label": label} for label in ("ad", "notice")]
    for order in (rules, rules[::-1]):
        lines = Cleaner(model=model, rules=order).label("Boat 7\nBoat aaa")
        assert [line.label.value for line in lines] == ["notice", "ad"]


FAULTS: dict[str, tuple[str | bytes, str, tuple[str, ...]]] = {
    # fault: what stands in the pack, what stands there instead, parts of the message
    "not TOML": ("[[rule]]", "[[rule", ("not a TOML file", "line")),
    "not text": ("Boats", "Boats \udcff", ("not a TOML file",)),
    "no pack": ("[pack]", "[packs]", ("[pack]",)),
    "pack without version": ('version = "1"', "", ("version",)),
    "pack without id": ('id = "mine"\n', "", ("id",)),
    "rule is a table": ("[[rule]]", "[rule]", ("rule",)),
    "rules are no tables": (PACK[PACK.index("[[rule]]") :], "", ("rule",)),
    "no id": ('id = "mine.boat"\n', "", ("without an id",)),
    "id is a number": ('id = "mine.boat"', "id = 3", ("without an id",)),
    "no label": ('label = "ad"\n', "", ("mine.boat", "no label")),
    "unknown label": ('label = "ad"', 'label = "advert"', ("mine.boat", "'advert'", ", ".join(LABELS))),
    "no pattern": ("pattern = '^Boat \\d+$'\n", "", ("mine.boat", "no pattern")),
    "pattern is a number": ("pattern = '^Boat \\d+$'", "pattern = 7", ("mine.boat", "pattern")),
    "pattern does not compile": ("'^Boat \\d+$'", "'^Boat (\\d+$'", ("mine.boat", "does not compile", "missing )")),
    "unknown key": ('label = "ad"', 'label = "ad"\nlabels = "ad"', ("mine.boat", "unknown key 'labels'", "max_chars")),
    "unknown scope": ('label = "ad"', 'label = "ad"\nscope = "top"', ("mine.boat", "scope", "'top'", "first")),
    "unknown strength": ('"certain"', '"sure"', ("mine.boat", "strength", "'sure'", "certain, strong, weak")),
    "one hit": ('["Boat 1", "Boat 22"]', '["Boat 1"]', ("mine.boat", "two hits")),
    "no misses": ('misses = ["Boats", "A boat 1"]', "", ("mine.boat", "two misses")),
    "hits is a string": ('["Boat 1", "Boat 22"]', '"Boat 1"', ("mine.boat", "hits", "list")),
    "hits hold a number": ('["Boat 1", "Boat 22"]', '["Boat 1", 22]', ("mine.boat", "hits")),
    "words is a string": ('first = ["boat"]', 'first = "boat"', ("mine.boat", "first", "list")),
    "words is a number": ('first = ["boat"]', "first = 5", ("mine.boat", "first")),
    "a word is blank": ('first = ["boat"]', 'first = [" "]', ("mine.boat", "first")),
    "no words": ('first = ["boat"]\n', "", ("mine.boat", "any", "first")),
    "max_chars is a string": ('label = "ad"', 'label = "ad"\nmax_chars = "9"', ("mine.boat", "max_chars")),
    "max_chars is nothing": ('label = "ad"', 'label = "ad"\nmax_chars = 0', ("mine.boat", "max_chars")),
    "hit not hit": ('"Boat 22"', '"Boat 22b"', ("mine.boat", "'Boat 22b'", "not hit")),
    "hit without its words": ('"Boat 22"', '"My Boat 22"', ("mine.boat", "'My Boat 22'", "not hit")),
    "hit too long": ('label = "ad"', 'label = "ad"\nmax_chars = 6', ("mine.boat", "'Boat 22'", "not hit")),
    "miss hit": ('"A boat 1"', '"Boat 1"', ("mine.boat", "'Boat 1'", "spare")),
    "phrases and a pattern": (
        'label = "ad"',
        'label = "ad"\nphrases = ["boat"]',
        ("mine.boat", "both phrases and pattern"),
    ),
    "phrases is a string": (
        "pattern = '^Boat \\d+$'\nfirst = [\"boat\"]",
        'phrases = "boat"',
        ("mine.boat", "phrases", "list"),
    ),
    "a phrase is a gap": (
        "pattern = '^Boat \\d+$'\nfirst = [\"boat\"]",
        'phrases = ["boat", "* boat"]',
        ("mine.boat", "'* boat'", "does not begin with a word"),
    ),
    "id used twice": (PACK[-1:], "\n" + PACK[PACK.index("[[rule]]") :], ("mine.boat", "twice")),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_broken_pack_is_told_what_is_wrong(tmp_path: Path, fault: str) -> None:
    """The message names the file, the rule, the fault, and the example that failed."""
    good, bad, parts = FAULTS[fault]
    head, found, tail = PACK.partition(str(good)) if fault != "id used twice" else (PACK, "\n", "")
    assert found
    pack = head + bad + tail
    if fault == "rules are no tables":
        pack = 'rule = ["a"]\n' + pack
    with pytest.raises(RuleError) as caught:
        cleaner_with(tmp_path, pack.encode("utf-8", "surrogateescape"))
    message = str(caught.value)
    assert message.startswith(str(tmp_path / "mine.toml"))
    assert [part for part in parts if part not in message] == []


def test_a_rule_may_not_take_a_built_in_id(tmp_path: Path) -> None:
    """It would not be clear which one is meant: the message names file and rule."""
    with pytest.raises(RuleError) as caught:
        cleaner_with(tmp_path, PACK.replace("mine.boat", BUILT_IN[0].id))
    assert BUILT_IN[0].id in str(caught.value)
    assert "mine.toml" in str(caught.value)


@pytest.mark.parametrize("name", ["missing.toml", "."])
def test_a_pack_that_cannot_be_read(tmp_path: Path, name: str) -> None:
    """The message names the file and the reason."""
    with pytest.raises(RuleError, match="cannot be read: ") as caught:
        Cleaner(model=TOY, packs=[tmp_path / name])
    assert str(caught.value).startswith(str(tmp_path / name))


# The built-in packs

FILLER = [
    "The river rose by almost two metres in a single night.",
    "Nobody in the village had seen such a flood since the spring when the old bridge went.",
    "By noon the water stood at the third step of the mill.",
    "Wagons waited on the hill, and the miller counted sacks with his brother until it was dark.",
]


@cache
def hits_of_examples() -> set[tuple[str, str, int, int]]:
    """Rule, document and line of each hit in documents that hold the examples of all rules."""
    documents = [(rule.id, example, at) for rule in BUILT_IN for example in rule.hits + rule.misses for at in PLACES]
    batch = split_lines([document(example, at) for _, example, at in documents])
    rules = RuleSet(BUILT_IN)
    found = set()
    for start, block in tokens.blocks(batch):
        evidence = rules.run(batch, start, block)
        for line, rule in zip(evidence.line.tolist(), evidence.rule.tolist(), strict=True):
            number = int(batch.first_line.searchsorted(line + start, "right")) - 1
            name, example, at = documents[number]
            if rules.ids[rule] == name:
                found.add((name, example, at, line + start - int(batch.first_line[number])))
    return found


LENGTH = 3 * EDGE
PLACES = (0, 1, EDGE - 1, EDGE, LENGTH - EDGE - 1, LENGTH - EDGE, LENGTH - 1)  # of the example among the lines


def document(example: str, at: int) -> str:
    """Lines of prose with the example among them."""
    lines = [FILLER[i % len(FILLER)] for i in range(LENGTH)]
    lines[at] = f"{example} \t"
    return "\n\n".join(lines)


def in_scope(rule: Rule, at: int) -> bool:
    """Whether the rule may look at this line of the document."""
    return {"first": at < EDGE, "last": at >= LENGTH - EDGE}.get(rule.scope, True)


def test_there_are_rules_for_every_kind_of_boilerplate() -> None:
    """Each label that is dropped has rules, in several languages."""
    for label in LABELS[2:]:
        rules = [rule for rule in BUILT_IN if rule.label == label]
        assert len({language for rule in rules for language in rule.languages}) >= 3, label
    languages = {language for rule in BUILT_IN for language in rule.languages}
    assert languages >= set("en de fr es it pt nl pl".split())


def test_ids_are_unique_and_name_their_pack() -> None:
    """A rule is called by its pack and its name, and by no other's."""
    ids = [rule.id for rule in BUILT_IN]
    assert [name for name, count in Counter(ids).items() if count > 1] == []
    for pack in built_in_packs():
        assert [rule.id for rule in pack.rules if not rule.id.startswith(f"{pack.id}.")] == []
        assert pack.version


@pytest.mark.parametrize("rule", BUILT_IN, ids=lambda rule: rule.id)
def test_examples(rule: Rule) -> None:
    """A rule hits its hits and spares its misses alone, and wherever they stand in a document."""
    check_rule(rule)
    found = {(example, at): line for name, example, at, line in hits_of_examples() if name == rule.id}
    expected = {(example, at): at for example in rule.hits for at in PLACES if in_scope(rule, at)}
    assert found == expected
    assert len(set(rule.hits)) == len(rule.hits)
    assert len(set(rule.misses)) == len(rule.misses)


LONG = 10_000
RUNS = "a|A|1|é| |\t|.|,|-|(|[|[a|:|/|'|’|a |1 |A. |Aa Aa |a, |a: |@a.|a-".split("|")


def adversarial(rule: Rule) -> Iterable[str]:
    """Long lines that a careless pattern takes long to search: runs, and examples, half and repeated."""
    for run in RUNS:
        whole = (run * LONG)[:LONG]
        yield whole
        yield rule.hits[0][: len(rule.hits[0]) // 2] + whole
        yield rule.hits[0] + whole + "\x00"
    for example in rule.hits + rule.misses:
        for glue in ("", " ", "\x00"):
            yield ((example + glue) * LONG)[:LONG]


@pytest.mark.parametrize("rule", BUILT_IN, ids=lambda rule: rule.id)
def test_no_pattern_runs_past_its_limit(rule: Rule) -> None:
    """However hostile the text, a pattern is done with ten thousand characters in time."""
    for text in adversarial(rule):
        try:
            rule.compiled.search(text, timeout=TIME_LIMIT)
        except TimeoutError:
            pytest.fail(f"{rule.id} takes too long on {text[:60]!r}…")
