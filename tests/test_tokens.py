"""Lines -> tokens with hashes."""

from __future__ import annotations

import unicodedata
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaner import tokens as tk
from cleaner.lines import split_lines

CHARS = st.sampled_from([*"aZéß09 \t.,!\"'’“—–-©|…漢語のアé😀אاก한İ", "\ufe0f", "\u200b", "\ud800", "\0"])
LINE = st.text(CHARS, max_size=25)


def tokens_of(text: str) -> tk.Tokens:
    """Tokens of a short text, which is one block."""
    batch = split_lines([text])
    return tk.tokenize(*tk.view(batch, 0, len(batch)))


def words_of(line: str) -> list[str]:
    """The tokens of one line, as text."""
    tokens = tokens_of(line)
    return [line[a:b] for a, b in zip(tokens.begin.tolist(), tokens.stop.tolist(), strict=True)]


def plain_words(line: str) -> list[str]:
    """The tokens of one line, found character by character."""
    table = tk.fold_table() >> tk.CLASS_SHIFT
    words, joined = [], False
    for char in line:
        kind = int(table[ord(char)])
        word = tk.LETTER <= kind <= tk.DIGIT
        if word and joined:
            words[-1] += char
        elif kind != tk.SPACE:
            words.append(char)
        joined = word
    return words


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("The ferry left at 9.30", ["The", "ferry", "left", "at", "9", ".", "30"]),
        ("don’t well-known", ["don", "’", "t", "well", "-", "known"]),
        ("(Picture: EPA)", ["(", "Picture", ":", "EPA", ")"]),
        ("© 2024 | ☕", ["©", "2024", "|", "☕"]),
        ("東京で会う", ["東", "京", "で", "会", "う"]),
        ("サイトのAI版2", ["サ", "イ", "ト", "の", "AI", "版", "2"]),
        ("Привет, мир", ["Привет", ",", "мир"]),
        ("한국어 문장", ["한국어", "문장"]),
        ("हिन्दी", ["हिन्दी"]),
        ("cafe\u0301", ["cafe\u0301"]),
        ("snake_case", ["snake", "_", "case"]),
    ],
)
def test_a_token_is_a_word_or_a_sign(line: str, words: list[str]) -> None:
    """A token is a run of letters and digits, one ideograph, or one symbol."""
    assert words_of(line) == words


@settings(deadline=None, derandomize=True)
@given(st.lists(LINE.filter(lambda line: line.strip()), min_size=1, max_size=6))
def test_tokens_are_those_found_one_by_one(lines: list[str]) -> None:
    """The tokens of each line of a block are those that a plain loop finds."""
    text = "\n".join(lines)
    tokens = tokens_of(text)
    found = [[text[x:y] for x, y in zip(tokens.begin[a:b], tokens.stop[a:b], strict=True)] for a, b in spans(tokens)]
    assert found == [plain_words(line) for line in lines]
    assert tokens.line.tolist() == [i for i, line in enumerate(lines) for _ in plain_words(line)]


@settings(deadline=None, derandomize=True)
@given(LINE.filter(lambda line: line.strip()), st.lists(LINE, max_size=4), st.integers(0, 3))
def test_hashes_do_not_depend_on_the_place(line: str, others: list[str], place: int) -> None:
    """A line has the same tokens, pairs and shapes wherever it stands."""
    alone = tokens_of(line)
    text = "\n".join([*others[:place], line, *others[place:]])
    batch = split_lines([text])
    number = [batch.line(i) for i in range(len(batch))].index(line)
    block = tk.tokenize(*tk.view(batch, 0, len(batch)))
    a, b = block.first[number], block.first[number + 1]
    assert block.hash[a:b].tolist() == alone.hash.tolist()
    assert block.pair[a : b - 1].tolist() == alone.pair[:-1].tolist()
    assert block.shape[a:b].tolist() == alone.shape.tolist()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Sign up", "SIGN up"),
        ("12 May 2024", "30 MAY 1999"),
        ("don’t", "don't"),
        ("“so” – and", '"SO" — and'),
        ("ÉCOLE", "école"),
        ("МИР", "мир"),
        ("٣", "7"),
    ],
)
def test_folding_makes_alike(one: str, other: str) -> None:
    """Case, digits, quotes and dashes make no difference."""
    assert tokens_of(one).hash.tolist() == tokens_of(other).hash.tolist()


@pytest.mark.parametrize(
    ("one", "other"), [("up", "pu"), ("a", "aa"), ("0", "00"), ("ecole", "école"), ("ab", "ba"), ("©", "®")]
)
def test_folding_keeps_apart(one: str, other: str) -> None:
    """Other words have other hashes."""
    assert tokens_of(one).hash[0] != tokens_of(other).hash[0]


def test_hashes_rarely_collide() -> None:
    """Near relatives all have hashes of their own, spread evenly over the upper bits."""
    letters, vowels = "bcdfghjklmnpqrstvwxyz", "aeiou"
    words = ["".join(parts) for parts in product(letters, vowels, letters, vowels)]
    hashes = tk.hash_phrases(words)
    assert len(np.unique(hashes)) == len(words)
    shares = np.bincount((hashes >> np.uint64(58)).astype(np.int64), minlength=64)
    assert shares.max() < 1.5 * shares.mean()
    assert shares.min() > 0.6 * shares.mean()


def test_pairs_tell_order() -> None:
    """A pair is two words in order, and is none of its words."""
    pairs = tk.hash_phrases(["sign up", "up sign", "sign", "up"])
    assert len(set(pairs.tolist())) == 4


@pytest.mark.parametrize(
    ("phrase", "same_as"),
    [("sign up now", "Sign Up"), ("  sign  up ", "sign up"), ("don't", "don ’"), ("2024", "1999"), ("©", " ©")],
)
def test_a_phrase_is_its_first_two_tokens(phrase: str, same_as: str) -> None:
    """What a rule names is folded like text, and no more than two tokens of it count."""
    one, other = tk.hash_phrases([phrase, same_as]).tolist()
    assert one == other != 0


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("cat", "dog", True),
        ("cat", "Cat", False),
        ("cat", "horse", False),
        ("1", "9", True),
        ("1", "a", False),
        ("漢", "字", True),
        ("-", "–", True),
        ("-", "|", False),
        (".", "!", False),
    ],
)
def test_shapes(one: str, other: str, alike: bool) -> None:
    """Words are alike in shape by their first letter's case and their length; symbols only when they are the same."""
    assert (tokens_of(one).shape[0] == tokens_of(other).shape[0]) == alike


def test_a_phrase_without_tokens_has_no_hash() -> None:
    """Blanks are no word, and disturb no other."""
    assert tk.hash_phrases(["a", "  ", "b"]).tolist()[1] == 0
    assert tk.hash_phrases(["a", "  ", "b"]).tolist()[::2] == tk.hash_phrases(["a", "b"]).tolist()


def test_of_long_lines_head_and_tail_are_seen() -> None:
    """What stands in the middle of a very long line makes no difference, and costs nothing."""
    head, tail = "word " * (tk.HEAD // 5 + 1), " end" * (tk.TAIL // 4 + 1)
    one, other = (split_lines([f"a\n{head}{middle}{tail}\nb"]) for middle in ("x" * 50_000, "yy " * 70))
    seen = [tk.tokenize(*tk.view(batch, 0, 3)) for batch in (one, other)]
    assert seen[0].hash.tolist() == seen[1].hash.tolist()
    assert len(tk.shown(one, 1)) == tk.HEAD + tk.TAIL
    assert tk.shown(one, 1).startswith("word word")
    assert tk.shown(one, 1).endswith("end end")
    assert tk.shown(split_lines(["a" * 9000]), 0)[tk.HEAD] == " "


@pytest.mark.parametrize("size", [1, tk.HEAD + tk.TAIL - 1, tk.HEAD + tk.TAIL])
def test_lines_are_seen_whole_up_to_the_limit(size: int) -> None:
    """A line that is not too long is seen as it is."""
    line = ("abc " * size)[:size].strip().ljust(size, "z")
    assert tk.shown(split_lines([line]), 0) == line


def test_blocks_hold_all_lines_once() -> None:
    """Blocks follow one another and part no line, however long lines are and however many."""
    lines = ["short"] * 30_000 + ["x" * 400_000, "end"] + ["word " * 300] * 800
    batch = split_lines(["\n".join(lines)])
    found = [(start, len(tokens.starts)) for start, tokens in tk.blocks(batch)]
    assert found[0][0] == 0
    assert [start + count for start, count in found] == [*(start for start, _ in found[1:]), len(lines)]
    assert len(found) > 3


@pytest.mark.parametrize("seen", ["text", "  text", "\ttext", "\u3000text", " " * (2 * tk.HEAD) + "text"])
def test_trailing_blanks_are_not_seen(seen: str) -> None:
    """However many blanks follow a line, it is seen as if there were none."""
    for blanks in (" ", "\t", " " * (tk.HEAD + tk.TAIL), "\u3000\t " * 4000):
        assert tk.shown(split_lines([seen + blanks]), 0).strip() == "text"
        tokens = tokens_of("one\n" + seen + blanks + "\ntwo")
        assert tokens.hash.tolist() == tokens_of("one\n" + seen + "\ntwo").hash.tolist()


@settings(deadline=None, derandomize=True)
@given(st.characters())
def test_every_character_that_is_not_blank_is_a_token(char: str) -> None:
    """So that every line which is not blank has one; and what is blank parts tokens."""
    assert len(tokens_of(f"a\n{char}\nb").hash) == (2 if char.isspace() else 3)


def test_classes_of_characters() -> None:
    """Letters, capitals, digits and ideographs of all alphabets are known as such."""
    table = tk.fold_table() >> tk.CLASS_SHIFT
    for char, kind in {
        "a": tk.LETTER, "ж": tk.LETTER, "א": tk.LETTER, "한": tk.LETTER, "A": tk.UPPER, "Ж": tk.UPPER, "5": tk.DIGIT,
        "٣": tk.DIGIT, "漢": tk.IDEOGRAPH, "の": tk.IDEOGRAPH, ".": tk.STOP, "。": tk.STOP, "!": tk.STOP, "“": tk.QUOTE,
        "'": tk.QUOTE, "-": tk.SYMBOL, "©": tk.SYMBOL, "😀": tk.SYMBOL, "\u3000": tk.SPACE, "\n": tk.SPACE,
    }.items():  # fmt: skip
        assert table[ord(char)] == kind, unicodedata.name(char, repr(char))


def spans(tokens: tk.Tokens) -> list[tuple[int, int]]:
    """First and last token of each line."""
    return list(pairwise(tokens.first.tolist()))
