"""What holds for every text: promises of the contract, with any model."""

from __future__ import annotations

import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING, Any

import plain
import pytest
from fixtures_reading import documents as fixtures
from fixtures_reading import text_of
from hypothesis import given, settings
from hypothesis import strategies as st
from sample_models import random_model
from timing import is_linear

from cleaner import Cleaner, Label, Line
from cleaner.lines import STRETCH
from cleaner.model import load_model, make_model
from cleaner.pipeline import BATCH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

MODELS = ["default", "random 0", "random 1"]
promise = settings(deadline=None, derandomize=True, max_examples=60)

PIECES = """\
The ferry crossed for the last time on Friday, and some three hundred people came to see it go.
“Nobody asked us,” said Ana Lund, who has sold tickets here for 31 years. “We read it in the paper.”
Sie haben vierzig Jahre lang gewartet; am Ende kam die Brücke doch, sagte der Bürgermeister am Dienstag in Ahlen.
Read more about the theory that less is more, and you will want to read less.
The harbour at dawn (Picture: EPA)
Photo by Ana Lund/Getty Images
By Ana Lund
Published 3 May 2024, 09:30
4 min read
Advertisement
Sign up for our newsletter
Related Content
MORE: What the gauges say
Ana Lund is a reporter for the Ahlen Post. You can contact her at ana@example.com
About the writer
12 Comments
Great article!
Home > News > Ferries
Share this
Next page
© 2024 Example Ltd. All rights reserved.
We use cookies to give you the best experience.
Method
Step 2: let it rest
2 tbsp olive oil
  - a list item
    def ferry(bank): return not bank
| Day | Tide |
渡し船は金曜日に最後の運航を終えた。
إعلان
Ещё по теме
🎙️ Voice is AI-generated.
\u202eright to left\u202c and \u200b zero \ufeff width
e\u0301 ﬁ ǆ İı ß
___
""".splitlines()
TRAPS = [
    "\ud800",
    "\udfff\0",
    "\0",
    "\x1b[0m",
    "\u2028",
    "\x85",
    "\x0b",
    "\u3000 \u3000",
    "\u2066",
    "a" * 3000,
    "( " * 900,
]
ENDS = ["\n", "\n\n", "\n \t\n\n", "\r\n", "\r\n\r\n", "\r", "\n\r"]

any_text = st.text(st.characters(codec=None) | st.sampled_from("\n\r \t"), max_size=200)
line = st.sampled_from(PIECES + TRAPS) | st.sampled_from(PIECES) | st.text(st.characters(codec=None), max_size=30)
document = st.lists(st.tuples(line, st.sampled_from(ENDS)), max_size=40).map(lambda parts: "".join(map("".join, parts)))
texts = document | any_text


@cache
def cleaner_of(name: str, keep: frozenset[str] = frozenset(["heading", "body"])) -> Cleaner:
    """A cleaner with the built-in rules and the model of this name."""
    kind, _, seed = name.partition(" ")
    return Cleaner(keep=keep, model=load_model() if kind == "default" else make_model(random_model(int(seed))))


@pytest.fixture(params=MODELS, scope="module")
def cleaner(request: Any) -> Cleaner:
    """A cleaner with the model that comes with the package, or with one whose labels make no sense."""
    return cleaner_of(request.param)


# Lines


@promise
@given(text=texts)
def test_every_line_that_is_not_blank_is_labelled_once(cleaner: Cleaner, text: str) -> None:
    """Lines come in order, each with its own place in the text, a label and sound probabilities."""
    lines = cleaner.label(text)
    assert [(found.start, found.end) for found in lines] == plain.spans(text)
    for found in lines:
        assert text[found.start : found.end] == found.text
        assert isinstance(found.label, Label)
        assert list(found.scores) == list(Label)
        assert sum(found.scores.values()) == pytest.approx(1)
        assert all(0 <= share <= 1 for share in found.scores.values())
        assert found.scores[found.label] <= found.probability <= 1
        assert found.reasons


@promise
@given(text=texts)
def test_what_is_kept_stays_as_it_is(cleaner: Cleaner, text: str) -> None:
    """The output holds the kept lines in order and unchanged, with at most a blank line where others were removed."""
    lines, cleaned = cleaner.label(text), cleaner.clean(text)
    keep = [found.label in cleaner.keep for found in lines]
    assert plain.lines(cleaned) == [found.text for found, kept in zip(lines, keep, strict=True) if kept]
    assert cleaned == plain.joined(text, keep)
    if cleaned:
        first, last = (plain.BREAK.split(cleaned)[i] for i in (0, -1))
        assert first.strip()
        assert last.strip()


@promise
@given(text=texts)
@pytest.mark.parametrize("model", MODELS)
def test_keeping_all_labels_gives_the_text_back(model: str, text: str) -> None:
    """But for blank lines at both ends, to the character."""
    spans = plain.spans(text)
    whole = text[spans[0][0] : spans[-1][1]] if spans else ""
    assert cleaner_of(model, frozenset(Label)).clean(text) == whole


@promise
@given(text=document, labels=st.permutations(list(Label)), sizes=st.tuples(st.integers(0, 10), st.integers(0, 10)))
@pytest.mark.parametrize("model", MODELS)
def test_a_larger_keep_never_keeps_less(model: str, text: str, labels: list[Label], sizes: tuple[int, int]) -> None:
    """What is kept with some labels is kept with more of them, and what a label means depends on none."""
    fewer, more = (frozenset(labels[:size]) for size in sorted(sizes))
    small, large = (plain.lines(cleaner_of(model, keep).clean(text)) for keep in (fewer, more))
    rest = iter(large)
    assert all(kept in rest for kept in small)
    assert cleaner_of(model, fewer).label(text) == cleaner_of(model, more).label(text)


# What makes no difference


def verdicts(lines: Iterable[Line]) -> list[tuple[Any, ...]]:
    """All that is said of the lines, but for where they stand and what blanks follow them."""
    return [(found.text.rstrip(), found.label, found.probability, found.reasons, dict(found.scores)) for found in lines]


@promise
@given(
    parts=st.lists(
        st.tuples(st.sampled_from(PIECES + TRAPS), st.sampled_from(ENDS), st.sampled_from(ENDS), st.integers(0, 9)),
        max_size=30,
    ),
    blanks=st.sampled_from([" ", "\t", " \t ", "\u00a0", " " * 400, " " * 3000]),
    before=st.sampled_from(["", "\n", "\r\n \r\n"]),
    after=st.sampled_from(["", "\n", "\r", " ", "\n\n \t\n"]),
)
def test_line_endings_and_blanks_do_not_change_labels(
    cleaner: Cleaner, parts: list[tuple[str, str, str, int]], blanks: str, before: str, after: str
) -> None:
    """Other line breaks, blank lines anywhere, and blanks at the ends of lines: labels and probabilities stay."""
    one = "\n".join(piece for piece, *_ in parts)
    other = before + "".join(piece + blanks * (number > 6) + end for piece, _, end, number in parts) + after
    assert verdicts(cleaner.label(one)) == verdicts(cleaner.label(other))


@promise
@given(some=st.lists(texts, max_size=6), random=st.randoms(use_true_random=False))
def test_the_batch_does_not_matter(cleaner: Cleaner, some: list[str], random: Any) -> None:
    """A document is labelled alike, to the last bit of each probability, alone and in any company and order."""
    alone = {text: cleaner.label(text) for text in some}
    order = [*some, *some]
    random.shuffle(order)
    assert list(cleaner.label_many(order)) == [alone[text] for text in order]
    assert list(cleaner.clean_many(iter(order))) == [cleaner.clean(text) for text in order]


def sample(count: int) -> list[str]:
    """Documents of all sizes."""
    return ["\n".join((PIECES * 4)[i % 31 : i % 31 + 1 + i * i % 97]) for i in range(count)]


def test_large_batches_do_not_matter(cleaner: Cleaner) -> None:
    """Nor do documents that fill batches, nor those that are worked on in stretches, nor how they come."""
    some = sample(80)
    some[7] = "\n".join(PIECES * (BATCH // len("\n".join(PIECES)) + 1))
    some[11] = "a\n" * (STRETCH + 9)
    alone = [cleaner.label(text) for text in some]
    assert list(cleaner.label_many(some)) == alone
    assert list(cleaner.label_many(reversed(some))) == alone[::-1]


def test_lines_alike_in_other_documents_do_not_matter(cleaner: Cleaner) -> None:
    """Nor do lines that have the shape of a line in the document before, but for what follows its eighth token."""
    some = ["\n".join(["One of the eight words here is red" + end] * 3) for end in ("", " and old.", "", " and old.")]
    alone = [cleaner.label(text) for text in some]
    assert list(cleaner.label_many(some)) == alone
    assert list(cleaner.label_many(reversed(some))) == alone[::-1]


def test_real_documents_do_not_matter_to_each_other(cleaner: Cleaner) -> None:
    """Nor do the fixtures."""
    some = [text_of(rows) for rows in fixtures().values()]
    assert list(cleaner.label_many(some)) == [cleaner.label(text) for text in some]


def test_history_does_not_matter(cleaner: Cleaner) -> None:
    """A document is labelled alike the hundredth time, and by a cleaner that has seen nothing else."""
    text = "\n".join(PIECES)
    first = cleaner.label(text)
    list(cleaner.label_many([text] * 50 + sample(20)))
    assert cleaner.label(text) == first
    assert Cleaner(model=cleaner.model).label(text) == first


def test_threads_do_not_matter(cleaner: Cleaner) -> None:
    """A cleaner can be shared by threads."""
    some = sample(40)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(cleaner.label, some * 2))
    assert found == [cleaner.label(text) for text in some * 2]


def label_all(model: str, some: Sequence[str]) -> list[list[Line]]:
    """The lines of all documents: the work of a process."""
    return list(cleaner_of(model).label_many(some))


@pytest.mark.parametrize("model", MODELS)
def test_processes_do_not_matter(model: str) -> None:
    """A process of its own finds the same, and lines can be sent from one to the other."""
    some = sample(20)
    expected = label_all(model, some)
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        assert pool.submit(label_all, model, some).result() == expected


def test_output_comes_before_the_input_ends(cleaner: Cleaner) -> None:
    """No more is read ahead than a batch, however long the stream."""
    read = 0

    def stream() -> Iterable[str]:
        nonlocal read
        for _ in range(1_000_000):
            read += 1
            yield PIECES[0] * 100

    cleaned = cleaner.clean_many(stream())
    assert next(iter(cleaned)) in (PIECES[0] * 100, "")
    assert read * len(PIECES[0]) * 100 <= BATCH + 2 * len(PIECES[0]) * 100


# Extremes

EXTREMES: dict[str, tuple[str, int]] = {
    "nothing": ("", 0),
    "a blank": (" ", 0),
    "10 MB of one letter": ("a" * 10_000_000, 1),
    "10 MB of one ideograph": ("漢" * 3_333_333, 1),
    "10 MB of brackets": ("(" * 10_000_000, 1),
    "10 MB of blanks": (" " * 10_000_000, 0),
    "a word among blanks": (" " * 5_000_000 + "word" + " " * 5_000_000, 1),
    "words among blanks": ("one" + " " * 5_000_000 + "two" + " " * 5_000_000 + "\nthree", 2),
    "100,000 empty lines": ("\n" * 100_000, 0),
    "100,000 empty lines around one": ("\r\n" * 50_000 + "word" + "\r" * 50_000, 1),
    "a line of 10 MB": ("words and more " * 700_000, 1),
    "20,000 short lines": ("short line\n" * 20_000, 20_000),
    "20,000 lines of one letter": ("a\r\n" * 20_000, 20_000),
    "NULs": ("\0\0\n\0" * 1000, 1001),
    "lone surrogates": ("\ud800\n\udfff\udbff\n" * 500, 1000),
    "marks of direction": ("\u202e\u2066\u2067\u200f\n" * 500, 500),
    "combining marks": ("a" + "\u0301" * 100_000, 1),
    "every character": ("".join(map(chr, range(0x110000))), 2),
    "a credit of 1 MB": ("Photo by " * 110_000, 1),
}


@pytest.mark.parametrize("extreme", EXTREMES)
def test_no_text_is_too_odd(cleaner: Cleaner, extreme: str) -> None:
    """Very long, very many and very strange lines are labelled like others, in seconds."""
    text, count = EXTREMES[extreme]
    begin = time.process_time()
    lines = cleaner.label(text)
    assert len(lines) == count
    assert [text[found.start : found.end] for found in lines] == [found.text for found in lines]
    cleaned = cleaner.clean(text)
    assert sum(found.label in cleaner.keep for found in lines) == len(plain.spans(cleaned))
    assert time.process_time() - begin < 20


# Time


def prose(size: int) -> str:
    """One document of long lines."""
    return cut("\n".join(" ".join(PIECES[:4]) for _ in range(size // 100)), size)


def short_lines(size: int) -> str:
    """One document of short lines, no two alike, but of one shape: so as many of them are in doubt in a longer one."""
    return cut("\n".join(f"item {i:06}" for i in range(size // 11)), size)


def boilerplate(size: int) -> str:
    """One document that many rules hit."""
    return cut("\n".join(PIECES * (size // 600)), size)


def one_line(size: int) -> str:
    """One line of words."""
    return cut("words and more, " * (size // 10), size)


def openers(size: int) -> str:
    """One document of lines that open blocks."""
    return cut("Related Content\nComments\nAbout the writer\n" * (size // 20), size)


def odd_signs(size: int) -> str:
    """One document of symbols and ideographs, each a token."""
    return cut("漢字|(—)*\n" * (size // 5), size)


def cut(text: str, size: int) -> str:
    """So many characters."""
    assert len(text) >= size
    return text[:size]


def documents(size: int) -> list[str]:
    """Many documents."""
    page = "\n".join(PIECES)
    return [page] * (size // len(page))


@pytest.mark.parametrize(
    ("method", "shape"),
    [
        *(("clean", shape) for shape in (prose, short_lines, boilerplate, one_line, openers, odd_signs)),
        ("label", boilerplate),
        ("label", openers),
    ],
)
def test_time_grows_linearly(method: str, shape: Callable[[int], str]) -> None:
    """Twice the text takes no more than about twice the time."""
    work = getattr(cleaner_of("random 0"), method)
    work(shape(400_000))
    assert is_linear(work, shape(200_000), shape(400_000))


def test_time_grows_linearly_with_documents() -> None:
    """Twice the documents take no more than about twice the time."""
    cleaner = cleaner_of("random 0")
    assert is_linear(lambda some: list(cleaner.clean_many(some)), documents(400_000), documents(800_000))


def test_the_ratio_tells_linear_from_quadratic() -> None:
    """The measure itself: a loop in a loop does not pass for linear."""
    assert is_linear(lambda size: sum(range(size)), 200_000, 400_000)
    assert not is_linear(lambda size: sum(sum(range(size)) for _ in range(size)), 500, 1000)
