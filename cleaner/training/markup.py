"""What a page's own markup says about the lines in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from cleaner.document import Label

if TYPE_CHECKING:
    from collections.abc import Sequence


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Whole tokens of class and id names; a hyphen joins two that stand together in one name.
# Blocks: everything in them is of their kind, whatever stands inside (LABELS.md, rule 1). First match wins.
CAPTIONS = _set("""
    caption captions credit credits figcaption imagecredit photocredit wp-caption photo-caption
    image-caption photo-credit image-credit img-credit media-credit picture-credit
""")
NOTICES = _set("""
    cookie cookies cookiebar cookiebot cookieconsent cookielaw cookienotice cybot didomi gdpr onetrust
    usercentrics consent-banner consent-popup consent-modal privacy-modal privacy-box
""")
COMMENTS = _set("""
    comment comments commenting commentlist respond coral disqus fb-comments livefyre openweb spotim
    viafoura comentari comentario comentarios commentaire commentaires komentarze kommentar kommentare
    kommentarer
""")
LINK_LISTS = _set("""
    related relatedposts relatedarticles recommend recommended recommendation recommendations similar
    trending most-read mostread most-popular mostpopular popular-post popular-posts recent-post
    recent-posts latest-posts latest-news more-from morefrom more-stories morestories more-news
    read-next readnext up-next also-read also-like see-also further-reading recirc recirculation
    crosslinks yarpp jp-relatedposts taboola outbrain next-post prev-post previous-post post-navigation
    nav-previous nav-next keywords tags taglist tagcloud tag-list tag-links article-tags post-tags
    entry-tags
""")
ADS = _set("""
    ads adslot ad-slot ad-unit ad-wrapper ad-container dfp gpt-ad advert advertisement advertisements
    advertising newsletter newsletters nlsignup mailchimp mc-embed subscribe subscription signup sign-up
    optin opt-in donate donation
""")
BLOCKS = (
    (Label.CAPTION, CAPTIONS),
    (Label.NOTICE, NOTICES),
    (Label.COMMENT, COMMENTS),
    (Label.LINK_LIST, LINK_LISTS),
    (Label.AD, ADS),
)
BLOCK_TAGS = {"figcaption": Label.CAPTION, "video": Label.CAPTION, "audio": Label.CAPTION}
AUTHOR = _set("author authors contributor byline bio")
BIOGRAPHY = _set("about bio biography box card desc description details profile")
BIOGRAPHY_BLOCKS = _set("about-author authorbio authorbox author-bio author-box author-card bio biography saboxplugin")
REVIEWS = _set("review reviews ratings testimonials bewertungen avis")
OFFERS = _set("product collection listing")  # page types that subscribe, tag and caption their own goods
SURE = _set("newsletter newsletters related recommended recommendations figcaption taboola outbrain")  # there too
NO_AD = _set("links modal login")  # a form among other things
# Marks: the innermost decides.
NAVIGATION = _set("""
    nav navbar navigation menu menus submenu megamenu hamburger dropdown tablist toolbar topbar
    breadcrumb breadcrumbs pagination pager share sharing sharebar sharedaddy addtoany social socials
    skip skip-link search searchform filter filters sort sorting login toc tableofcontents
    table-of-contents
""")
LEGAL = _set("copyright copyrights legal disclaimer disclaimers")
BYLINES = _set("""
    author authors byline bylines date dates dateline published publish-date pubdate post-date
    entry-date article-date timestamp updated posted-on post-meta entry-meta article-meta reading-time
    read-time readtime
""")
MARKS = ((Label.NAVIGATION, NAVIGATION), (Label.NOTICE, LEGAL), (Label.BYLINE, BYLINES))
MARK_TAGS = {
    "time": Label.BYLINE,
    "figure": Label.CAPTION,
    "button": Label.NAVIGATION,
    "select": Label.NAVIGATION,
    "option": Label.NAVIGATION,
}
MARK_ROLES = _set("search menubar menu menuitem toolbar tablist button")
BYLINE_PROPERTIES = _set("author datePublished dateModified dateCreated")
RESULTS = _set("result results")
STRUCTURE = _set("html body main")  # their classes speak of the page, not of a block in it
HEADINGS = _set("h1 h2 h3 h4 h5 h6 title")
BOLD = _set("b strong")
FOOTERS = _set("footer colophon")
HEADERS = _set("header masthead topbar")

PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_A-Za-z]+")
HASHED = re.compile(r"[a-z]\d+[a-z]", re.IGNORECASE)  # a name made by a program: nothing in it is a word
LONG = 1500  # characters of prose: no promotion is so long
BIO_CHARACTERS = 100  # an author's block with more text than a name, a role and a date


@dataclass(slots=True)
class Node:
    """An element on the way to visible text; ``parent`` and ``link``, its anchor, are node numbers or -1."""

    parent: int
    tag: str
    tokens: frozenset[str]
    role: str
    itemprop: str
    rel: str
    skipped: bool
    hidden: bool
    link: int
    heading: bool
    bold: bool


@dataclass(slots=True)
class Stock:
    """Characters in a node: all, those of main content, in links, in unlinked lines as long as a sentence."""

    total: int = 0
    body: int = 0
    link: int = 0
    prose: int = 0

    def add(self, other: Stock) -> None:
        """Count another's characters in."""
        self.total += other.total
        self.body += other.body
        self.link += other.link
        self.prose += other.prose


@dataclass(frozen=True, slots=True)
class Kind:
    """What markup says: a label or None, by which evidence, whether of all inside, and the page's zone."""

    label: Label | None = None
    why: str = ""
    block: bool = False
    zone: str = ""


def tokens_of(names: str) -> frozenset[str]:
    """Whole tokens of class or id names, and neighbouring ones joined by a hyphen.

    >>> sorted(tokens_of("relatedPosts_2 nav"))
    ['nav', 'posts', 'related', 'related-posts']
    """
    tokens: set[str] = set()
    for name in names.split():
        if not HASHED.search(name):
            parts = [part.lower() for part in PART.findall(name)]
            tokens.update(parts)
            tokens.update(f"{a}-{b}" for a, b in pairwise(parts))
    return frozenset(tokens)


def kinds(nodes: Sequence[Node], stocks: Sequence[Stock], page_type: str) -> list[Kind]:
    """The kind of each node: its outermost block's, or else its innermost mark's.

    Markup that holds much of the main content does not speak of boilerplate.
    """
    found: list[Kind] = []
    for node, stock in zip(nodes, stocks, strict=True):
        above = found[node.parent] if node.parent >= 0 else Kind()
        if above.block or node.tag in STRUCTURE or stock.body > 0.3 * stock.total:
            found.append(above)
        else:
            found.append(_kind(node, stock, above, page_type))
    return found


def _kind(node: Node, stock: Stock, above: Kind, page_type: str) -> Kind:
    zone = _zone(node) or above.zone
    if node.tag in ("pre", "code"):
        return Kind(None, "code", True, zone)
    label, why = _block(node, stock, above, page_type)
    if label:
        return Kind(label, why, True, zone)
    if node.tag == "nav" or node.role == "navigation":
        return Kind(Label.NAVIGATION, "nav", True, zone)
    label, why = _mark(node, stock)
    return Kind(label, why, False, zone) if label else Kind(above.label, above.why, False, zone)


def _zone(node: Node) -> str:
    if node.tag == "footer" or node.tokens & FOOTERS:
        return "footer"
    if node.tag == "header" or node.tokens & HEADERS:
        return "header"
    return "aside" if node.tag == "aside" or node.role == "complementary" else ""


def _block(node: Node, stock: Stock, above: Kind, page_type: str) -> tuple[Label | None, str]:
    """The label of a block that this node opens, and the tag or token that says so."""
    if node.tag in BLOCK_TAGS:
        return BLOCK_TAGS[node.tag], node.tag
    if node.tokens & BIOGRAPHY_BLOCKS or (node.tokens & AUTHOR and node.tokens & BIOGRAPHY):
        biography = stock.total >= BIO_CHARACTERS and page_type == "article"
        return (Label.AUTHOR_BIO, "author block") if biography else (None, "")
    if page_type == "product" and node.tokens & REVIEWS:
        return Label.COMMENT, "reviews"
    for label, tokens in BLOCKS:
        if node.tokens & tokens and not _means_other(label, node, stock, above, page_type):
            return label, min(tokens & node.tokens)
    return None, ""


def _means_other(label: Label, node: Node, stock: Stock, above: Kind, page_type: str) -> bool:
    """Whether the name of a block means something else where it stands."""
    if page_type in OFFERS and label in (Label.AD, Label.LINK_LIST, Label.CAPTION) and not SURE & node.tokens:
        return True
    if label is Label.CAPTION:
        return node.tag == "button" or above.label is Label.NAVIGATION
    if label is Label.COMMENT:
        return page_type == "forum"
    if label is Label.LINK_LIST:
        return stock.prose > LONG or above.zone in ("footer", "header")
    if label is Label.AD:
        column_of_links = stock.link > 0.4 * stock.total and stock.total > 200
        in_menu = above.label is Label.NAVIGATION
        return stock.prose > LONG or column_of_links or in_menu or bool(NO_AD & node.tokens)
    return False


def _mark(node: Node, stock: Stock) -> tuple[Label | None, str]:
    """The label that this node marks what stands right in it with, and the tag or token that says so."""
    if node.tag in MARK_TAGS:
        return MARK_TAGS[node.tag], node.tag
    if node.itemprop in BYLINE_PROPERTIES or node.rel == "author":
        return Label.BYLINE, "author or date property"
    if stock.prose > 0.2 * stock.total:
        return None, ""
    if node.role in MARK_ROLES:
        return Label.NAVIGATION, "role"
    if node.tokens & RESULTS:  # what was searched for, not the search box
        return None, ""
    return next(((label, min(tokens & node.tokens)) for label, tokens in MARKS if tokens & node.tokens), (None, ""))
