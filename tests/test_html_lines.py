"""Pages become lines: no word is lost, none is glued to another, and what belongs together stays together."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from timing import is_linear

from cleaner.html import read_page, text_of, types_of
from cleaner.html.decide import batch_of
from cleaner.html.markdown import markdown
from cleaner.html.tags import PART, TAG_FEATURES, describe, markup_of, tokens_of
from cleaner.html.walk import HIDDEN, LINK, TABLE
from cleaner.lines import split_lines

CASES = [
    # what is tested, the page, its lines
    ("blocks part lines", "<p>One<p>Two<div>Three<div>Four</div>Five</div>", "One|Two|Three|Four|Five"),
    ("breaks part lines", "<p>One<br>Two<br/>Three<hr>Four", "One|Two|Three|Four"),
    ("white space is one space", "<p>  One\n\t two&nbsp;three </p>", "One two three"),
    ("inline elements glue nothing", "<p>f<b>oo</b> <i>b</i>ar <span>x</span>y</p>", "foo bar xy"),
    ("words in a sentence stay", "<p>in <time>2020</time> and <output>it</output> passed</p>", "in 2020 and it passed"),
    ("ruby", "<p><ruby>漢<rt>kan</rt></ruby>字</p>", "漢kan字"),
    ("a button in a sentence", "<p>Press <button>Go</button> and wait.</p>", "Press Go and wait."),
    ("a label in a sentence", "<p>the <label>name</label> field</p>", "the name field"),
    ("buttons in a row", "<div><button>Share</button><button>Print</button></div>", "Share|Print"),
    ("a button after text", "<div>Price 3 <button>Buy</button></div>", "Price 3|Buy"),
    ("a block in a button", "<button><div>Share</div></button><button>Print</button>", "Share|Print"),
    ("links side by side", "<div><a>Home</a><a>News</a> f<a>oo</a></div>", "Home News foo"),
    ("links after a break", "<div><a>Home</a><br>f<a>oo</a></div>", "Home|foo"),
    ("lists", "<ul><li>One<ul><li>Two</ul><li>Three</ul>Four", "One|Two|Three|Four"),
    ("definitions", "<dl><dt>One<dd>Two<dt>Three<dd>Four</dl>", "One|Two|Three|Four"),
    ("rows", "<table><tr><th>a<th>b<tr><td>1<td><b>2</b> x</table>", "a\tb|1\t2 x"),
    ("empty cells", "<table><tr><td>1<td><td>3<tr><td><td>2<td></table>", "1\t\t3|2"),
    ("cells with blocks", "<table><tr><td>1<td><p>2<p>3<td>4<td>5</table>", "1|2|3|4\t5"),
    ("cells with breaks", "<table><tr><td>1<td>2<br>3<td>4</table>", "1|2|3|4"),
    ("lists in cells", "<table><tr><td>1<td><ul><li>2<li>3</ul><td>4</table>", "1|2|3|4"),
    ("a table in a cell", "<table><tr><td>1<td><table><tr><td>2<td>3</table><td>4</table>", "1|2\t3|4"),
    ("equal tables", "<table><tr><td>1<td>2</table>" * 2, "1\t2|1\t2"),
    ("code", "<pre>\n\n  def f():\n      <b>return</b> 1\n\n  f()</pre>", "  def f():|      return 1|  f()"),
    ("code in blocks", "<pre><div>a\n b</div><div>c</div></pre>", "a| b|c"),
    ("breaks in code", "<pre>a<br> b</pre>", "a| b"),
    ("what is not shown", "<script>a</script><style>b</style><svg><text>c</text></svg><p>d<!-- e -->f</p>", "df"),
    ("head", "<head><title>a</title></head><p>b", "b"),
    ("hidden lines are lines", "<p hidden>a<p style='display: none'>b<p>c", "a|b|c"),
    ("options", "<select><option>a<option>b</select>", "a|b"),
    ("entities", "<p>a &lt;b&gt; &amp; c&#8217;s", "a <b> & c’s"),
    ("unclosed", "<div><p>One <b>two<div>three", "One two|three"),
    ("truncated", "<div><p>One</p><p class='a", "One"),
    ("no HTML", "Just text\nand more", "Just text and more"),
    ("empty", "", ""),
    ("nothing but space", " \n ", ""),
    (
        "noscript, where else there is text",
        "<div>" + "word " * 100 + "<noscript><p>a</noscript>",
        "word " * 99 + "word",
    ),
]


@pytest.mark.parametrize(("html", "lines"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_lines(html: str, lines: str) -> None:
    """A page becomes these lines."""
    assert read_page(html).tree.lines == [line for line in lines.split("|") if line]


def test_blank_lines_of_code_stay() -> None:
    """Blank lines in preformatted text stand in the text of the page; there are no others."""
    assert text_of("<p>a<p>b<pre>c\n\n\nd</pre><p>e") == "a\nb\nc\n\n\nd\ne"


def test_what_is_known_of_lines() -> None:
    """Lines know the state they stand in, their links, and the elements around them."""
    tree = read_page("<div><p>ab <a href=/x>cd</a></p><p hidden>e</p><table><tr><td>f</table></div>").tree
    assert tree.lines == ["ab cd", "e", "f"]
    assert [tree.size[0], tree.linked[0], tree.anchors[0]] == [5, 2, 1]
    assert [bool(state & HIDDEN) for state in tree.state] == [False, True, False]
    assert [bool(state & TABLE) for state in tree.state] == [False, False, True]
    assert list(tree.href.values()) == ["/x"]
    (div,) = (e for e, number in enumerate(tree.signature) if tree.signatures[number][0] == "div")
    assert (tree.first_line[div], tree.last_line[div]) == (0, 3)


def test_the_largest_part_of_a_line_speaks_for_it() -> None:
    """A line whose text stands mostly in a link has that state."""
    mostly, partly = read_page("<p>a <a href=x>long link text</a><p>long plain text <a href=x>b</a>").tree.state
    assert mostly & LINK
    assert not partly & LINK


def test_depth() -> None:
    """Text in the depth is text."""
    html = "<div>" * 5000 + "deep" + "</div>" * 5000 + "end"
    assert read_page(html).tree.lines == ["deep", "end"]


PART_OF_PAGE = "<div><ul><li>One <b>two</b></li></ul><p>Three <a href=x>four</a></p></div>"


def test_time_is_linear() -> None:
    """Twice the page takes about twice the time."""

    def described(html: str) -> object:
        page = read_page(html)
        return markup_of(page.tree, page.words)

    assert is_linear(described, PART_OF_PAGE * 4000, PART_OF_PAGE * 8000)


@pytest.mark.parametrize("shape", [PART_OF_PAGE, "<b>x", "<ul><li>x", "<table><tr><td>x"])
def test_time_of_markdown_is_linear(shape: str) -> None:
    """So does Markdown, also where tags are never closed."""
    one, two = (read_page(shape * count, keep_parts=True).tree for count in (2000, 4000))
    assert is_linear(lambda tree: markdown(tree, [True] * len(tree.lines), links=True), one, two)


# Text that is not shown


def test_noscript_where_nothing_else_is() -> None:
    """A page that shows nothing is what it holds for those without scripts."""
    html = "<body><noscript><p>" + "A post on boats. " * 30 + "<p>Another.</noscript><script>app()</script>"
    assert read_page(html).tree.lines[1:] == ["Another."]
    assert read_page(html.replace("noscript", "template")).tree.lines[1:] == ["Another."]


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        ('{"@type": "NewsArticle", "articleBody": "%s\\nTwo <b>"}', 2),
        ('[{"@graph": [{"@type": "Product", "description": "%s"}]}]', 1),
        ('{"@type": "WebSite", "description": "%s"}', 0),
        ('{"articleBody": "%s"', 0),
        ("[" * 100_000 + "%s", 0),
    ],
)
def test_data_where_nothing_else_is(data: str, lines: int) -> None:
    """A page that shows nothing is what its JSON-LD says of its article or product."""
    script = data % ("The boat leaves. " * 30)
    found = read_page(f'<script type="application/ld+json">{script}</script><div id=app></div>').tree.lines
    assert len(found) == lines
    if lines == 2:
        assert found[1] == "Two <b>"


# What the markup says


def test_tokens() -> None:
    """Names are taken as whole tokens."""
    assert tokens_of("relatedPosts") == ["related", "posts", "related-posts"]
    assert tokens_of("site-nav__item") == ["site", "nav", "item", "site-nav", "nav-item"]
    assert tokens_of("css-1x2y3z") == []
    assert "nav" not in tokens_of("navigation")


@given(st.text("abyz-_:09é", max_size=12))
def test_names_in_lower_case_are_split_like_others(name: str) -> None:
    """The short way for plain names finds what the general pattern finds."""
    parts = PART.findall(name)
    assert tokens_of(name)[: len(parts)] in (parts, [])


def test_features_have_names() -> None:
    """There is a column for each name, and a page without lines has none of them."""
    page = read_page("<ul><li><a href=/tag/x>One</a><li><a href='#'>Two</a></ul>" + "<p>Three")
    markup = markup_of(page.tree, page.words)
    import numpy as np

    tags = describe(markup, np.zeros(3, bool))
    assert tags.dense.shape == (3, len(TAG_FEATURES))
    linked = tags.dense[:, TAG_FEATURES.index("linked")]
    assert linked.tolist() == [1, 1, 0]
    assert tags.dense[0, TAG_FEATURES.index("siblings")] > tags.dense[2, TAG_FEATURES.index("siblings")]
    assert tags.target[0] != tags.target[1]
    assert tags.target[2] == 0
    assert (tags.spans[:, 0] <= np.arange(3)).all()
    assert (tags.spans[:, 1] > np.arange(3)).all()


@pytest.mark.parametrize(
    ("html", "types"),
    [
        ('{"@type": "Article", "author": {"@type" : "Person"}}', ["Article", "Person"]),
        ('"@type":"A"@type":"B" "@type":"C""@type":"D"', ["A", "C", "D"]),
        ('@type": "A" "@type": ["A"] @media "@type":"B@"', []),
        ("", []),
    ],
)
def test_types(html: str, types: list[str]) -> None:
    """The types of things that the data of a page describes are found, each once for each place."""
    assert list(types_of(html)) == types


# Properties

BLOCKS, SECTIONS = ("div", "section", "article", "main"), ("p", "blockquote", "center", "dialog")
INLINE = ("span", "em", "b", "time", "u", "x-y")
WORDS = st.lists(st.text("abcdefgh", min_size=1, max_size=6), min_size=1, max_size=4).map(" ".join)
LEAVES = st.tuples(st.just("text"), st.just(0), WORDS)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.tuples(st.just("inline"), st.integers(0, 5), st.lists(inner.filter(lambda t: t[0] != "block"), max_size=4)),
        st.tuples(st.just("block"), st.integers(0, 3), st.lists(inner, max_size=4)),
    ),
    max_leaves=25,
)


def written(tree: tuple, shift: int = 0) -> str:
    """A tree as HTML; ``shift`` chooses other tags of the same kind. Inline neighbours have spaces between."""
    kind, number, inner = tree
    if kind == "text":
        return inner
    names = INLINE if kind == "inline" else BLOCKS
    name = names[(number + shift) % len(names)]
    parts = "".join(f" {written(part, shift)} " if part[0] != "block" else written(part, shift) for part in inner)
    return f"<{name}>{parts}</{name}>"


def words(tree: tuple) -> list[str]:
    """All words of a tree, in order."""
    return tree[2].split() if tree[0] == "text" else [word for part in tree[2] for word in words(part)]


@settings(max_examples=200, deadline=None)
@given(TREES)
def test_no_word_is_lost_or_glued(tree: tuple) -> None:
    """The words of a page are those of its lines, in order."""
    assert " ".join(read_page(written(tree)).tree.lines).split() == words(tree)


@settings(max_examples=100, deadline=None)
@given(TREES, st.integers(1, 3))
def test_other_markup_same_lines(tree: tuple, shift: int) -> None:
    """The same text in other elements of the same kind makes the same lines."""
    assert read_page(written(tree)).tree.lines == read_page(written(tree, shift)).tree.lines


PIECES = st.sampled_from(
    "<div> </div> <p> </p> <b> </b> <table> <tr> <td> <th> </td> </table> <ul> <li> </ul> <button> </button> "
    "<label> <pre> </pre> <a> </a> <a\u00a0href=x> <br> <select> <option> <template> <noscript> </noscript> "
    "<script> </script> <style> <svg> </svg> <!-- --> <textarea> </textarea> <plaintext> word &amp; &#0; "
    "\x00 \ud800 <".split()
)


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=40).map("".join))
def test_nothing_crashes(html: str) -> None:
    """Whatever is called a page becomes lines, none of them blank, all of them in the text of the page."""
    page = read_page(html)
    assert all(line.strip() for line in page.tree.lines)
    assert [line for line in page.text.split("\n") if line.strip()] == page.tree.lines
    columns = (page.tree.element, page.tree.state, page.tree.size, page.tree.linked, page.tree.bold, page.tree.blank)
    assert {len(column) for column in columns} == {len(page.tree.lines)}


@settings(max_examples=200, deadline=None)
@given(st.lists(PIECES | st.sampled_from(["\n\n", "\r", " \n ", "\u2028", "\x0b", "\x85 "]), max_size=40).map("".join))
def test_lines_stand_where_the_text_has_them(html: str) -> None:
    """What the walk knows of the places of lines is what is found when the text is split."""
    page = read_page("<pre>" + html)
    known, found = batch_of(page), split_lines([page.text])
    for name in ("offsets", "starts", "ends", "stops", "first_line", "stretch_line"):
        assert getattr(known, name).tolist() == getattr(found, name).tolist()


@given(st.binary(max_size=300))
def test_bytes_never_crash(data: bytes) -> None:
    """Any bytes become lines."""
    assert isinstance(text_of(data), str)
