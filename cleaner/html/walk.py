"""Page -> lines: one walk over the tree, in linear time and without recursion.

A line is the text of a block: of what stands between two starts or ends of blocks, line breaks or lines
of preformatted text. The cells of a row of a table make one line, with tabs between them, unless a cell
holds blocks or breaks of its own. A button or label is a line of its own, unless it stands in the middle
of a sentence.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

BLOCK = frozenset(
    "address article aside blockquote body caption center dd details dialog dir div dl dt fieldset figcaption figure "
    "footer form frameset h1 h2 h3 h4 h5 h6 header hgroup hr legend li listing main menu nav ol optgroup option p "
    "plaintext pre search section select summary table tbody textarea tfoot thead tr ul xmp".split()
)
SKIPPED = frozenset(
    "applet audio base canvas datalist embed head iframe link meta noembed noframes noscript object param script "
    "source style svg template title track video annotation annotation-xml".split()
)
CELLS = frozenset(("td", "th"))
CONTROLS = frozenset(("button", "label"))
TEXT_KIND, SKIPPED_KIND, BLOCK_KIND, BREAK_KIND, CELL_KIND, LINK_KIND, CONTROL_KIND = range(1, 8)
KINDS: dict[str | None, int] = {
    **dict.fromkeys(SKIPPED | {None, "", "-comment", "!doctype", "-document", "-undef"}, SKIPPED_KIND),
    **dict.fromkeys(BLOCK, BLOCK_KIND),
    **dict.fromkeys(CELLS, CELL_KIND),
    **dict.fromkeys(CONTROLS, CONTROL_KIND),
    "a": LINK_KIND,
    "br": BREAK_KIND,
    "-text": TEXT_KIND,
}

# What holds for all text in an element: bits of a state that is handed down the tree.
HIDDEN, ARIA_HIDDEN, LINK, BOLD, ITALIC, CODE, PRE, LIST, ORDERED = (1 << bit for bit in range(9))
TABLE, HEADER_CELL, QUOTE, CONTROL, FORM, NAV, HEADER, FOOTER, ASIDE = (1 << bit for bit in range(9, 18))
MAIN, ARTICLE, FIGURE, CAPTION, PARAGRAPH, TERM, DEFINITION, TIME, H1 = (1 << bit for bit in range(18, 27))
H2, H3, H4, SUMMARY = (1 << bit for bit in range(27, 31))
HEADINGS = H1 | H2 | H3 | H4
STATES: dict[str, int] = {
    "a": LINK,
    "article": ARTICLE,
    "aside": ASIDE,
    "b": BOLD,
    "blockquote": QUOTE,
    "button": CONTROL,
    "caption": CAPTION,
    "code": CODE,
    "dd": DEFINITION,
    "dt": TERM,
    "em": ITALIC,
    "figcaption": CAPTION | FIGURE,
    "figure": FIGURE,
    "footer": FOOTER,
    "form": FORM,
    "h1": H1,
    "h2": H2,
    "h3": H3,
    "h4": H4,
    "h5": H4,
    "h6": H4,
    "header": HEADER,
    "i": ITALIC,
    "kbd": CODE,
    "label": CONTROL,
    "li": LIST,
    "listing": PRE | CODE,
    "main": MAIN,
    "nav": NAV,
    "ol": ORDERED,
    "option": CONTROL,
    "p": PARAGRAPH,
    "plaintext": PRE,
    "pre": PRE | CODE,
    "q": QUOTE,
    "samp": CODE,
    "select": CONTROL,
    "strong": BOLD,
    "summary": SUMMARY,
    "table": TABLE,
    "td": TABLE,
    "textarea": PRE | CONTROL,
    "th": TABLE | HEADER_CELL,
    "time": TIME,
    "tt": CODE,
    "xmp": PRE | CODE,
}
ROLES: dict[str, int] = {
    "article": ARTICLE,
    "banner": HEADER,
    "button": CONTROL,
    "complementary": ASIDE,
    "contentinfo": FOOTER,
    "dialog": 0,
    "main": MAIN,
    "navigation": NAV,
}
TELLING = frozenset(("aria-hidden", "hidden", "role", "style"))  # attributes that ``told_by`` looks at
Signature = tuple[str, str | None, str | None, str | None, str | None, str | None]
"""The tag of an element, and its class, id, role, itemprop and rel."""

TAB = "\t"


@dataclass(slots=True)
class Tree:
    """The elements of a page that may hold text, in order, and its lines.

    Element ``e`` has the parent ``parent[e]`` (-1: none), the signature ``signatures[signature[e]]`` and the
    lines from ``first_line[e]`` up to ``last_line[e]``. Line ``i`` is ``lines[i]``; most of its text stands in
    element ``element[i]`` with the state ``state[i]``. Of its ``size[i]`` characters ``linked[i]`` are in
    links, which are ``anchors[i]``, and ``bold[i]`` are bold. ``blank[i]`` blank lines stand before it, which
    occurs in preformatted text alone. ``parts[i]``, if they were asked for, are the pieces of its text with
    the elements they stand in.
    """

    parent: list[int] = field(default_factory=list)
    signature: list[int] = field(default_factory=list)
    signatures: list[Signature] = field(default_factory=list)
    first_line: list[int] = field(default_factory=list)
    last_line: list[int] = field(default_factory=list)
    href: dict[int, str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    blank: list[int] = field(default_factory=list)
    element: list[int] = field(default_factory=list)
    state: list[int] = field(default_factory=list)
    size: list[int] = field(default_factory=list)
    linked: list[int] = field(default_factory=list)
    bold: list[int] = field(default_factory=list)
    anchors: list[int] = field(default_factory=list)
    parts: list[list[tuple[str, int]]] | None = None


Piece = tuple[str, int, int]  # text, and the element that it stands in with its state


class Builder:
    """Collects the pieces of text between two boundaries, and makes lines of them."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.pieces: list[Piece] = []
        self.cells: list[int] = []  # pieces at which a cell of a row starts, but for the first
        self.controls: list[int] = []  # pieces at which controls start or end, in turn
        self.after_link = -1  # how many pieces there were when the last link ended

    def flush(self) -> None:
        """End a line inside of a block or cell: the cells before this one are a line of their own."""
        if self.cells:
            self.split_row()
        if self.pieces:
            self.end_line()

    def split_row(self) -> None:
        """Make a line of the cells before the one that is open."""
        at = self.cells[-1]
        rest = self.pieces[at + 1 :]
        controls = [control - at - 1 for control in self.controls if control > at]
        self.pieces, self.cells = self.pieces[:at], self.cells[:-1]
        self.end_line()
        self.pieces, self.controls = rest, [0, *controls] if len(controls) % 2 else controls

    def end_line(self) -> None:
        """Make a line of the pieces, or several where controls stand in a row."""
        pieces, controls, cells = self.pieces, self.controls, self.cells
        self.start()
        if cells:
            self.add(in_cells(pieces), pieces)
        elif controls:
            if len(controls) % 2:  # blocks in a control: it goes on
                self.controls.append(0)
            for a, b in parted(pieces, controls):
                self.add(in_words(pieces[a:b]), pieces[a:b])
        else:
            self.add(in_words(pieces), pieces)

    def start(self) -> None:
        """Start a line."""
        self.pieces, self.controls, self.cells = [], [], []
        self.after_link = -1

    def verbatim(self) -> None:
        """Add the lines of preformatted text as they stand."""
        pieces = self.pieces
        self.start()
        rows: list[list[Piece]] = [[]]
        for text, element, state in pieces:
            head, *others = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
            rows[-1].append((head, element, state))
            rows += [[(row, element, state)] for row in others]
        blank = 0
        filled = False
        for row in rows:
            text = "".join([piece[0] for piece in row]).rstrip()
            if text:
                self.add(text, row, blank if filled else 0)
                filled = True
                blank = 0
            else:
                blank += 1

    def add(self, text: str, pieces: list[Piece], blank: int = 0) -> None:
        """Add a line with what is known of it, if there is any text in it."""
        if not text:
            return
        tree = self.tree
        if len(pieces) == 1:
            _, element, state = pieces[0]
            size = len(text)
            linked, bold = (size if state & LINK else 0), (size if state & BOLD else 0)
            anchors = 1 if linked else 0
        else:
            most = linked = bold = size = 0
            element, state = pieces[0][1:]
            links = set()
            for piece, at, its in pieces:
                length = len(piece)
                if length > most and not piece.isspace():
                    most, element, state = length, at, its
                size += length
                if its & LINK:
                    linked += length
                    links.add(at)
                if its & BOLD:
                    bold += length
            anchors = len(links)
        tree.lines.append(text)
        tree.blank.append(blank)
        tree.element.append(element)
        tree.state.append(state)
        tree.size.append(size)
        tree.linked.append(linked)
        tree.bold.append(bold)
        tree.anchors.append(anchors)
        if tree.parts is not None:
            tree.parts.append([(piece, at) for piece, at, _ in pieces])


def in_words(pieces: list[Piece]) -> str:
    """The text of a line, with one space for white space of any kind."""
    return " ".join("".join([piece[0] for piece in pieces]).split())


def in_cells(pieces: list[Piece]) -> str:
    """The text of a row: cells with tabs between them; those that are empty at either end are left out."""
    cells: list[list[str]] = [[]]
    for text, element, _ in pieces:
        if element < 0:
            cells.append([])
        else:
            cells[-1].append(text)
    return TAB.join([" ".join("".join(cell).split()) for cell in cells]).strip(TAB)


def parted(pieces: list[Piece], controls: list[int]) -> list[tuple[int, int]]:
    """Where the lines of some pieces start and end, if controls part them.

    A control with text before and after it, outside of other controls, is part of a sentence.
    """
    bounds = [0, *controls, len(pieces)]
    filled = [a < b and any(not piece[0].isspace() for piece in pieces[a:b]) for a, b in pairwise(bounds)]
    cuts = [0]
    for number in range(1, len(filled), 2):  # each control
        before = filled[number - 1]
        after = filled[number + 1] if number + 1 < len(filled) else False
        if not (before and after):
            cuts += [bounds[number], bounds[number + 1]]
    cuts.append(len(pieces))
    return [(a, b) for a, b in pairwise(cuts) if a < b]


class Walker:
    """Knows the elements that are open, and what holds in them."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.builder = Builder(tree)
        self.signature_of: dict[Signature, int] = {}
        self.open: list[tuple[Any, str, int, int, int]] = []  # node, tag and kind, and element and state around it
        self.at = -1
        self.state = 0

    def bound(self, kind: int) -> None:
        """Something starts that parts text, or may part it."""
        builder, pieces, state = self.builder, self.builder.pieces, self.state
        if kind <= BREAK_KIND:
            if state & PRE:
                self.bound_verbatim(kind)
            elif pieces:
                builder.flush()
        elif kind == CELL_KIND:
            if pieces:
                builder.cells.append(len(pieces))
                pieces.append((TAB, -1, 0))
        elif kind == LINK_KIND:
            if pieces and builder.after_link == len(pieces):  # two links side by side
                pieces.append((" ", pieces[-1][1], 0))
        elif not state & CONTROL:
            builder.controls.append(len(pieces))

    def bound_verbatim(self, kind: int) -> None:
        """A block starts, or a line is broken, in preformatted text."""
        if kind == BLOCK_KIND:
            self.builder.verbatim()
        else:
            self.builder.pieces.append(("\n", self.at, self.state))

    def text(self, node: Any) -> None:
        """A piece of text."""
        text, pieces = node.text_content, self.builder.pieces
        if not text.isspace() or self.state & PRE:
            pieces.append((text, self.at, self.state))
        elif pieces:
            pieces.append((" ", self.at, self.state))

    def enter(self, node: Any, tag: str, kind: int) -> None:
        """An element starts."""
        tree, parent, state = self.tree, self.at, self.state
        self.open.append((node, tag, kind, parent, state))
        self.at = at = len(tree.parent)
        attributes = node.attributes
        if attributes:
            get = attributes.get
            signature: Signature = (tag, get("class"), get("id"), get("role"), get("itemprop"), get("rel"))
            if not TELLING.isdisjoint(attributes):
                state |= told_by(attributes)
            if kind == LINK_KIND and (target := get("href")):
                tree.href[at] = target
        else:
            signature = (tag, None, None, None, None, None)
        number = self.signature_of.get(signature)
        if number is None:
            number = self.signature_of[signature] = len(tree.signatures)
            tree.signatures.append(signature)
        self.state = state | STATES.get(tag, 0)
        tree.parent.append(parent)
        tree.signature.append(number)
        tree.first_line.append(len(tree.lines))
        tree.last_line.append(0)

    def leave(self) -> Any:
        """The innermost open element ends; its node."""
        node, tag, kind, around, state = self.open.pop()
        builder, tree, at = self.builder, self.tree, self.at
        if kind:
            pieces = builder.pieces
            if kind == BLOCK_KIND:
                if self.state & PRE:
                    builder.verbatim()
                elif pieces:
                    builder.end_line() if tag == "tr" else builder.flush()
            elif kind == CELL_KIND:
                if pieces and tree.first_line[at] < len(tree.lines):  # it has blocks or breaks: it stands alone
                    builder.flush()
            elif kind == LINK_KIND:
                builder.after_link = len(pieces)
            elif not state & CONTROL:
                builder.controls.append(len(pieces))
        self.at, self.state = around, state
        tree.last_line[at] = len(tree.lines)
        return node


def walk(root: Any, keep_parts: bool = False) -> Tree:
    """The lines below a node of lexbor's tree, and the elements around them."""
    walker = Walker(Tree(parts=[] if keep_parts else None))
    builder, kind_of = walker.builder, KINDS.get
    node = root
    while node is not None:
        tag = node.tag
        kind = kind_of(tag, 0)
        if kind == TEXT_KIND:
            walker.text(node)
        elif kind != SKIPPED_KIND:
            if kind:
                walker.bound(kind)
            child = node.first_child
            if child is not None:
                walker.enter(node, tag, kind)
                node = child
                continue
            if kind == CONTROL_KIND and not walker.state & CONTROL:
                builder.controls.append(len(builder.pieces))
        following = node.next
        while following is None and walker.open:
            following = walker.leave().next
        node = following
    if builder.pieces:
        builder.flush()
    return walker.tree


def told_by(attributes: dict[str, str | None]) -> int:
    """What the attributes of an element say of the text in it."""
    found = 0
    if "hidden" in attributes:
        found |= HIDDEN
    if attributes.get("aria-hidden") == "true":
        found |= ARIA_HIDDEN
    style = attributes.get("style")
    if style and ("none" in style or "hidden" in style):
        squeezed = style.replace(" ", "").lower()
        if "display:none" in squeezed or "visibility:hidden" in squeezed:
            found |= HIDDEN
    role = attributes.get("role")
    if role in ROLES:
        found |= ROLES[role]
    return found
