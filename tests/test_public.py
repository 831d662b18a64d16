"""The contract: what the package offers."""

from __future__ import annotations

import dataclasses
import doctest
import importlib
import inspect
import json
import pkgutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sample_models import TOY

import cleaner
from cleaner import Cleaner, Label, Line, ModelError, RuleError

NAMES = "Cleaner Label Line ModelError RuleError clean clean_html label label_html".split()
OPTIONS = {
    "Cleaner": ["keep", "rules", "packs", "disable", "model", "favor", "threshold", "page_model", "title"],
    "clean": ["text", "options"],
    "label": ["text", "options"],
    "clean_html": ["html", "url", "options"],
    "label_html": ["html", "url", "options"],
}
PAGE = "<html><body><article><h1>Ferry</h1><p>{}</p></article></body></html>".format("The boat has left the pier. " * 9)


def modules() -> list[str]:
    """All modules but those that need the extra for training."""
    found = [module.name for module in pkgutil.walk_packages(cleaner.__path__, "cleaner.")]
    return ["cleaner", *(name for name in found if not name.startswith("cleaner.training"))]


def test_names() -> None:
    """These names are public, and no others; each is there, with a docstring."""
    assert sorted(cleaner.__all__) == sorted(NAMES)
    assert set(NAMES) <= set(dir(cleaner))
    for name in NAMES:
        assert inspect.getdoc(getattr(cleaner, name)), name
    assert cleaner.__version__.count(".") == 2


def test_a_name_that_does_not_exist() -> None:
    """It is an AttributeError that names it."""
    with pytest.raises(AttributeError, match="'cleaner' has no attribute 'scrub'"):
        cleaner.scrub  # noqa: B018


@pytest.mark.parametrize("name", OPTIONS)
def test_signatures(name: str) -> None:
    """Parameters have these names, in this order."""
    assert list(inspect.signature(getattr(cleaner, name)).parameters) == OPTIONS[name]


def test_labels() -> None:
    """There are ten, in this order; each is the string that names it."""
    values = "heading body caption byline author_bio ad link_list navigation comment notice".split()
    assert [label.value for label in Label] == values
    assert [str(label) for label in Label] == values
    assert Label("ad") == "ad" == Label.AD
    assert json.dumps(Label.AD) == '"ad"'


def test_a_line() -> None:
    """A line has these fields, cannot be changed, and can be compared."""
    fields = [field.name for field in dataclasses.fields(Line)]
    assert fields == "text start end label probability reasons scores".split()
    one, other = (Cleaner(model=TOY, rules=[]).label("Advertisement")[0] for _ in range(2))
    assert one == other
    with pytest.raises(dataclasses.FrozenInstanceError):
        one.text = ""  # type: ignore[misc]
    types = {name: type(getattr(one, name)) for name in fields}
    assert types == dict(zip(fields, (str, int, int, Label, float, tuple, dict), strict=True))


def test_methods_and_functions_agree() -> None:
    """A function does what the method does with the same options."""
    text, options = (
        "Chapter\nA boat.\nGetty\n\nAdvertisement",
        {"model": TOY, "rules": [], "keep": ["heading", "caption"]},
    )
    one = Cleaner(**options)
    assert one.clean(text) == cleaner.clean(text, **options) == "Chapter\nGetty"
    assert one.label(text) == cleaner.label(text, **options)
    assert list(one.clean_many([text, "", text])) == ["Chapter\nGetty", "", "Chapter\nGetty"]
    assert list(one.label_many([text])) == [one.label(text)]


def test_pages() -> None:
    """A page goes the way of its text, given as text or as bytes."""
    one = Cleaner(model=TOY, rules=[])
    lines = one.label_html(PAGE)
    assert any("The boat has left the pier." in line.text for line in lines)
    assert one.clean_html(PAGE) == cleaner.clean_html(PAGE.encode(), "https://example.com/", model=TOY, rules=[])
    assert one.clean_html(PAGE) == "\n".join(line.text for line in lines)
    assert one.clean_html("") == ""
    assert cleaner.label_html("<p>", model=TOY, rules=[]) == []


@pytest.mark.parametrize("call", [cleaner.clean, cleaner.label, cleaner.clean_html, cleaner.label_html, Cleaner])
def test_options_that_do_not_exist(call: Any) -> None:
    """They are an error, not ignored."""
    with pytest.raises(TypeError, match="language"):
        call("text", model=TOY, language="en") if call is not Cleaner else call(model=TOY, language="en")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"keep": ["body", "sidebar"]}, "unknown label 'sidebar'; known are heading, body, caption"),
        ({"keep": "bodies"}, "unknown label 'bodies'"),
        ({"keep": ["Body"]}, "unknown label 'Body'"),
        ({"keep": [""]}, "unknown label ''"),
        ({"disable": ["caption.no-such-rule"]}, "unknown rule 'caption.no-such-rule'"),
        ({"disable": "caption"}, "unknown rule 'caption'"),
        ({"rules": [], "disable": ["mine.boat"]}, "unknown rule 'mine.boat'"),
    ],
)
def test_names_that_do_not_exist(options: dict[str, Any], message: str) -> None:
    """An unknown label or rule is an error that names it."""
    with pytest.raises(ValueError, match=message):
        Cleaner(**{"model": TOY, **options})


@pytest.mark.parametrize("error", [ModelError, RuleError])
def test_what_cannot_be_loaded_is_a_wrong_value(error: type[Exception]) -> None:
    """Who catches ValueError catches these as well."""
    assert issubclass(error, ValueError)


@pytest.mark.parametrize("text", [None, b"bytes", 5, ["a"]])
def test_what_is_no_text(text: Any) -> None:
    """It is a TypeError, not a guess."""
    with pytest.raises(TypeError):
        Cleaner(model=TOY).clean(text)


def test_keep() -> None:
    """Headings and body are kept unless other labels are named; one label can be named as such."""
    assert Cleaner(model=TOY).keep == {Label.HEADING, Label.BODY}
    assert Cleaner(model=TOY, keep="ad").keep == {Label.AD}
    assert Cleaner(model=TOY, keep=[Label.AD, "notice"]).keep == {Label.AD, Label.NOTICE}
    assert Cleaner(model=TOY, keep=()).clean("A boat.") == ""


def test_two_cleaners_do_not_disturb_each_other() -> None:
    """Options belong to the cleaner that was made with them."""
    one, other = Cleaner(model=TOY, rules=[]), Cleaner(model=TOY, rules=[], keep=["ad"])
    assert one.clean("A boat.\nAdvertisement") == "A boat."
    assert other.clean("A boat.\nAdvertisement") == "Advertisement"
    assert one.clean("A boat.\nAdvertisement") == "A boat."


def test_versions(cleaner: Cleaner) -> None:
    """Model, packs and rules are named, as plain data."""
    versions = cleaner.versions()
    assert versions["model"]
    assert len(versions["rules"]) >= 8
    assert all(name and version for name, version in versions["rules"])
    assert versions["rules_digest"] == Cleaner().versions()["rules_digest"]
    json.dumps(versions)


def test_the_model_names_the_rules_that_it_was_trained_with(cleaner: Cleaner) -> None:
    """Rules are features of the model: a digest tells whether they have changed since."""
    assert len(cleaner.model.rules) == len(cleaner.versions()["rules_digest"])


def run(code: str) -> str:
    """What a fresh interpreter prints."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.mark.parametrize("code", ["import cleaner", "import cleaner; dir(cleaner)", "from cleaner import Label, Line"])
def test_importing_is_cheap(code: str) -> None:
    """Nothing heavy is imported before it is needed."""
    heavy = "numpy regex lxml trafilatura tomllib json".split()
    assert run(f"{code}; import sys; print([name for name in {heavy} if name in sys.modules])") == "[]"


def test_help_is_cheap() -> None:
    """The command says how it is used without importing anything heavy."""
    heavy = "numpy regex lxml trafilatura shtab".split()
    code = f"""
import sys
from cleaner.cli import main
try:
    main(["--help"])
except SystemExit:
    pass
print([name for name in {heavy} if name in sys.modules])
"""
    assert run(code).endswith("[]")


def test_training_is_never_imported_by_inference() -> None:
    """Labelling needs no module of training, nor what that is built on."""
    code = """
import sys
from cleaner import Cleaner
Cleaner(model={"words": {}}).label("text")
print([name for name in sys.modules if name.startswith(("cleaner.training", "torch"))])
"""
    assert run(code) == "[]"


def test_nothing_is_downloaded_or_written(cleaner: Cleaner) -> None:
    """Labelling opens no connection and no file: what it needs has been read before."""
    code = f"""
import sys
from cleaner import Cleaner
one = Cleaner(model={TOY!r})
one.label("Photo: nobody")
seen = []
sys.addaudithook(lambda event, args: seen.append(event) if event.startswith(("socket.", "open", "os.mkdir")) else None)
one.label("By Ana Lund\\nAdvertisement\\nThe boat has left the pier.")
print(seen)
"""
    assert run(code) == "[]"


@pytest.mark.parametrize("module", modules())
def test_examples_in_docstrings(module: str) -> None:
    """What documentation shows is what happens."""
    try:
        found = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if str(error.name).startswith("cleaner"):
            raise
        pytest.skip(f"{error.name} is missing: it comes with an extra")
    assert doctest.testmod(found, optionflags=doctest.NORMALIZE_WHITESPACE).failed == 0


def test_there_are_examples_in_docstrings() -> None:
    """The module that a reader opens first shows how it is used."""
    assert doctest.testmod(cleaner).attempted >= 3


def test_types_are_shipped() -> None:
    """Type checkers find the annotations."""
    assert (Path(cleaner.__file__).parent / "py.typed").exists()
