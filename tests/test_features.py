"""Lines -> features."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sample_models import SAMPLE

from cleaner.document import LABELS
from cleaner.features import CONTEXT_FEATURES, GRID, LINE_FEATURES, MAX_RULES, SHORT, extract, rows_of_rules
from cleaner.lines import STRETCH, split_lines
from cleaner.model import BOUND
from cleaner.rules import RuleSet, built_in_packs, make_rule

if TYPE_CHECKING:
    from collections.abc import Sequence

BUILT_IN = RuleSet(rule for pack in built_in_packs() for rule in pack.rules)
NO_RULES = RuleSet([])
PROSE = "The river rose by almost two metres in a single night, and the ferry lay at the far bank until noon on Friday."
ODD = ["a", " ", "\t", "\n", "\r", "A", "7", ".", "…", "“", "漢", "\ud800", "\0", "\u3000", "By ", "Photo: ", PROSE]
TEXT = st.lists(st.sampled_from(ODD), max_size=25).map("".join)


def line_values(text: str, name: str, rules: RuleSet = NO_RULES) -> list[float]:
    """One feature of how each line looks."""
    return extract(split_lines([text]), rules).line[:, LINE_FEATURES.index(name)].tolist()


def context_values(text: str, name: str, rules: RuleSet = NO_RULES) -> list[float]:
    """One feature of where each line stands."""
    return extract(split_lines([text]), rules).context[:, CONTEXT_FEATURES.index(name)].tolist()


def of_each(texts: Sequence[str], rules: RuleSet) -> list[list[bytes]]:
    """All features of each text, worked on together, as bytes."""
    batch = split_lines(texts)
    found = extract(batch, rules)
    return [
        [
            part.tobytes()
            for part in (
                found.rows[found.row_start[a] : found.row_start[b]],
                np.diff(found.row_start[a : b + 1]),
                found.line[a:b],
                found.context[a:b],
            )
        ]
        for a, b in pairwise(batch.first_line)
    ]


# Together


@settings(deadline=None, derandomize=True, max_examples=60)
@given(st.lists(TEXT, max_size=5), st.randoms(use_true_random=False))
def test_features_do_not_depend_on_the_batch(texts: list[str], random: Any) -> None:
    """A document has the same features, to the bit, alone and in any company."""
    random.shuffle(texts)
    assert of_each([*texts, SAMPLE, *texts], BUILT_IN) == [
        *(of_each([text], BUILT_IN)[0] for text in [*texts, SAMPLE, *texts])
    ]


def test_nothing_crosses_the_end_of_a_document() -> None:
    """The last sign of a document makes no pair with the first word of the next."""
    text = f"{PROSE} 終\n次の行\n終"
    alone = of_each([text], NO_RULES)[0]
    assert of_each([text, "次の頁"], NO_RULES)[0] == alone
    assert of_each([text, "other"], NO_RULES)[0] == alone


@settings(deadline=None, derandomize=True, max_examples=60)
@given(TEXT)
def test_shapes_and_bounds(text: str) -> None:
    """Each line has its row of each kind, all are on the grid and small, and sums of rows have room in 16 bits."""
    batch = split_lines([text])
    found = extract(batch, BUILT_IN)
    assert found.line.shape == (len(batch), len(LINE_FEATURES))
    assert found.context.shape == (len(batch), len(CONTEXT_FEATURES))
    assert found.row_start.shape == (len(batch) + 1,)
    assert found.row_start[-1] == len(found.rows)
    counts = np.diff(found.row_start)
    assert np.all((counts >= 1) & (counts <= 256))
    for dense in (found.line, found.context):
        assert np.all(dense * GRID == np.round(dense * GRID))
        assert np.all((dense >= 0) & (dense <= BOUND))


def test_no_feature_is_too_large_for_exact_sums() -> None:
    """Neither the longest line nor the most frequent one makes a feature larger than the model bears."""
    found = extract(split_lines(["a" * 20_000_000, "a\n" * STRETCH + "b"]), NO_RULES)
    assert found.line.max() <= BOUND
    assert found.context.max() <= BOUND


def test_a_line_has_few_enough_rows() -> None:
    """Neither many words nor hundreds of rules make more rows than fit into a sum."""
    rules = RuleSet(
        make_rule(
            {
                "id": f"many.r{number}",
                "label": "ad",
                "pattern": "word",
                "any": ["word"],
                "hits": ["word", "words word"],
                "misses": ["no", "none"],
            }
        )
        for number in range(300)
    )
    batch = split_lines(["word and " * 40 + "\nword " + "\nother"])
    found = extract(batch, rules)
    assert np.bincount(found.evidence.line).tolist()[:2] == [300, 300]
    assert np.diff(found.row_start).max() <= 256
    own, _ = rows_of_rules(rules)
    seen = found.rows[found.row_start[1] : found.row_start[2]]
    assert np.isin(own, seen).sum() == MAX_RULES


def test_nothing_has_no_features() -> None:
    """Documents without lines are no trouble."""
    for texts in ([], [""], ["\n \n", ""]):
        found = extract(split_lines(texts), BUILT_IN)
        assert len(found.rows) == len(found.line) == len(found.context) == len(found.evidence.rule) == 0
        assert found.row_start.tolist() == [0]


@settings(deadline=None, derandomize=True, max_examples=40)
@given(st.lists(st.sampled_from([*ODD, "one", SAMPLE]), min_size=1, max_size=8), st.sampled_from([" ", "\t", "\u3000"]))
def test_trailing_blanks_are_no_feature(lines: list[str], blank: str) -> None:
    """However many blanks follow a line, its features stay."""
    texts = ["\n".join(lines)]
    for count in (1, 7, 3000):
        spread = "\n".join(line + blank * count for text in texts for line in text.split("\n"))
        assert of_each([spread], BUILT_IN) == of_each(texts, BUILT_IN)


# What a line says


def rows_of(line: str) -> set[int]:
    """The rows of a line that stands alone."""
    return set(extract(split_lines([line]), NO_RULES).rows.tolist())


@pytest.mark.parametrize(
    ("one", "other"), [("Sign up now", "SIGN UP NOW"), ("3 May 2021", "7 May 1999"), ("“Don’t”", '"Don\'t"')]
)
def test_lines_that_are_folded_alike_share_what_they_say(one: str, other: str) -> None:
    """Case, digits and quotes aside, equal lines share all rows but that of their shape."""
    assert len(rows_of(one) - rows_of(other)) <= 1


@pytest.mark.parametrize(
    ("one", "other"), [("one two", "two one"), ("a b c", "c b a"), ("Photo", "Photos"), ("3 May", "3 May.")]
)
def test_order_and_words_count(one: str, other: str) -> None:
    """Lines of other words, or of the same words in another order, have rows of their own."""
    assert len(rows_of(one) - rows_of(other)) >= 2


def test_a_short_line_has_a_row_of_its_own() -> None:
    """A whole short line counts as such; a long one counts by its words."""
    short, long = " ".join("abcdefgh"[:SHORT]), " ".join("abcdefghi"[: SHORT + 1])
    tokens = SHORT
    assert len(extract(split_lines([short]), NO_RULES).rows) == tokens + (tokens - 1) + 4 + 1 + 1
    assert len(extract(split_lines([long]), NO_RULES).rows) == (tokens + 1) + tokens + 4 + 1


def test_rules_that_hit_have_rows() -> None:
    """A line that a rule hits has the rule's row and that of its kind; others have not."""
    own, kind = rows_of_rules(BUILT_IN)
    found = extract(split_lines(["(Picture: EPA)\nNothing of the sort"]), BUILT_IN)
    rule = found.evidence.rule[0]
    assert BUILT_IN.rules[rule].label == "caption"
    hit, other = (set(found.rows[a:b].tolist()) for a, b in pairwise(found.row_start))
    assert {int(own[rule]), int(kind[rule])} <= hit
    assert not other & set(own.tolist())


# How a line looks

LOOKS: list[tuple[str, dict[str, float]]] = [
    ("Share", {"one_token": 1, "two_tokens": 0, "starts_upper": 1, "digits": 0, "stops": 0, "prose": 0}),
    ("May 3", {"two_tokens": 1, "digits": 0.203125, "starts_digit": 0, "capitalised": 1}),
    ("lower case.", {"starts_lower": 1, "starts_upper": 0, "ends_stop": 1, "capitalised": 0, "stops": 0.25}),
    ("7 days", {"starts_digit": 1, "starts_lower": 0, "capitalised": 0}),
    ("  – item", {"indented": 0.5, "starts_symbol": 1}),
    ("Related:", {"ends_colon": 1, "ends_stop": 0}),
    ("And so on...", {"ends_ellipsis": 1}),
    ("And so on…", {"ends_ellipsis": 1}),
    ("And so on.", {"ends_ellipsis": 0, "ends_stop": 1}),
    ("“It is late.”", {"quotes": 1, "ends_stop": 1}),
    ("NASA", {"letters_upper": 0.796875}),
    ("東京です。", {"ideographs": 0.796875, "ends_stop": 1}),
    (PROSE, {"prose": 1, "long": 0.4375}),
    (PROSE[:90], {"prose": 0}),
    ("12 34 56 78 90. " * 12, {"prose": 0}),
    ("漢字の文。" * 12, {"prose": 1}),
]


@pytest.mark.parametrize(("line", "features"), LOOKS)
def test_how_a_line_looks(line: str, features: dict[str, float]) -> None:
    """Each feature says what its name says."""
    assert {name: line_values(line, name)[0] for name in features} == features


def test_longer_lines_are_longer() -> None:
    """Length grows with the line, also beyond what is read of it."""
    lengths = line_values("\n".join("ab " * n for n in (1, 3, 30, 300, 3000, 30_000)), "chars")
    assert lengths == sorted(set(lengths))


def test_repeated_lines_are_counted_in_their_document() -> None:
    """A line that stands several times is known as such, but not by what other documents say."""
    name = LINE_FEATURES.index("repeated")
    found = extract(split_lines(["Share\nOne\nSHARE\nShare", "Share\nTwo"]), NO_RULES).line[:, name]
    assert found[[1, 4, 5]].tolist() == [0, 0, 0]
    assert found[0] == found[2] == found[3] > 0


# Where a line stands


def test_place_in_the_document() -> None:
    """Lines are counted from the top and from the end of their document."""
    text = "\n".join("abcdefgh")
    top, end = context_values(text, "from_top"), context_values(text, "from_end")
    assert top == sorted(set(top))
    assert end == top[::-1]
    assert context_values(text, "place") == [i / 8 for i in range(8)]
    assert context_values("one", "from_top") == context_values("one", "from_end") == [0]


def test_place_between_prose() -> None:
    """It is known whether prose stands before or after a line, and how near."""
    text = f"a\n{PROSE}\nb\nc\n{PROSE}\nd"
    assert context_values(text, "before_prose") == [1, 1, 0, 0, 0, 0]
    assert context_values(text, "after_prose") == [0, 0, 0, 0, 1, 1]
    last, following = context_values(text, "last_prose"), context_values(text, "next_prose")
    assert last[2] == last[5] == 1
    assert last[3] == 0.859375
    assert last[0] == last[1] == 0
    assert following[0] == following[3] == 1
    assert following[4] == following[5] == 0
    assert context_values(text, "prose_share") == [0.328125] * 6


def test_blocks_are_opened() -> None:
    """After a line that opens a block the block is open, less so with each line of prose, and none is before it."""
    opener = make_rule(
        {
            "id": "t.open",
            "label": "link_list",
            "pattern": "^Related$",
            "first": ["related"],
            "scope": "opens",
            "hits": ["Related", "Related"],
            "misses": ["Related to", "related"],
        }
    )
    text = f"a\nRelated\nb\nc\n{PROSE}\nd\n{PROSE}\ne"
    rules = RuleSet([opener])
    opened, open_ = (context_values(text, f"{name}_link_list", rules) for name in ("opened", "open"))
    assert opened[:3] == [0, 0, 1]
    assert opened[2] > opened[3] > opened[7] > 0
    assert open_ == [0, 0, 1, 1, 0.5, 0.5, 0.328125, 0.328125]
    for label in LABELS:
        if label != "link_list":
            assert set(context_values(text, f"open_{label}", rules)) == {0}


def test_a_block_ends_with_its_document() -> None:
    """What one document opens is not open in the next, nor in the next stretch of a very long one."""
    rules = BUILT_IN
    column = CONTEXT_FEATURES.index("opened_link_list")
    batch = split_lines(["a\nRelated Content", "b\nc", "Related Content\n" + "x\n" * STRETCH])
    found = extract(batch, rules).context[:, column]
    assert found[:4].tolist() == [0, 0, 0, 0]
    assert found[5] == 1
    assert found[batch.stretch_line[-2] :].tolist() == [0]


def test_neither_document_nor_stretch_sees_another_prose() -> None:
    """Prose before and after counts within the document."""
    batch = split_lines([PROSE, "a\nb", PROSE])
    found = extract(batch, NO_RULES).context
    for name in ("before_prose", "after_prose"):
        assert found[1:3, CONTEXT_FEATURES.index(name)].tolist() == [1, 1]
    for name in ("last_prose", "next_prose", "prose_share"):
        assert found[1:3, CONTEXT_FEATURES.index(name)].tolist() == [0, 0]


# Lines that are alike

ROWS = "Boats, 1 of 4\nShips, 2 of 4\nA heading\nBoats, 1 of 4\nHomes, 3 of 4 left\nBoats only\nHouse, 5 of 4"
ALIKE = [
    ("same_shape", [2, 3, 0, 2, 0, 0, 3]),
    ("same_first", [1, 0, 0, 1, 0, 2, 0]),
    ("same_last", [2, 3, 0, 2, 0, 0, 3]),
]
NEAR = [("shape_back", [0, 1, 0, 0.5, 0, 0, 0.328125]), ("shape_ahead", [1, 0.5, 0, 0.328125, 0, 0, 0])]


@pytest.mark.parametrize(("name", "others"), ALIKE)
def test_lines_that_are_alike_are_counted(name: str, others: list[int]) -> None:
    """Other lines of the same shape, first or last word count in the document, those that say just the same do not."""
    for text in (ROWS, ROWS.lower().upper().title()):
        assert np.rint(np.expm1(context_values(text, name))).tolist() == others
    column = CONTEXT_FEATURES.index(name)
    assert not extract(split_lines(ROWS.split("\n")), NO_RULES).context[:, column].any()


@pytest.mark.parametrize(("name", "near"), NEAR)
def test_nearness_of_lines_of_the_same_shape(name: str, near: list[float]) -> None:
    """The nearer the last and the next line of the same shape are, the larger the value; 0 where there is none."""
    assert context_values(ROWS, name) == near


def test_words_shared_with_neighbours() -> None:
    """Which share of its words a line has in common with the one before, and with the one after."""
    text = "Guards at the border\nAbove, border guards carry missiles near the border\nGuards again\nmissiles"
    assert context_values(text, "shared_back") == [0, 0.25, 0.328125, 0]
    assert context_values(text, "shared_ahead") == [0.671875, 0.125, 0, 0]
    column = CONTEXT_FEATURES.index("shared_back")
    assert not extract(split_lines(text.split("\n")), NO_RULES).context[:, column].any()
