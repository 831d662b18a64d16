r"""Takes web text apart line by line and gives back the body.

>>> import cleaner
>>> text = "The bridge reopens on Monday after two years of repairs, the city said.\nAdvertisement"
>>> cleaner.clean(text)
'The bridge reopens on Monday after two years of repairs, the city said.'
>>> [line.label.value for line in cleaner.label(text)]
['body', 'ad']
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cleaner.document import Label, Line
    from cleaner.model import ModelError
    from cleaner.pipeline import Cleaner, clean, clean_html, label, label_html
    from cleaner.rules import RuleError

__version__ = "0.1.0"
__all__ = [
    "Cleaner",
    "Label",
    "Line",
    "ModelError",
    "RuleError",
    "clean",
    "clean_html",
    "label",
    "label_html",
]

HOMES = {
    "cleaner.document": ("Label", "Line"),
    "cleaner.model": ("ModelError",),
    "cleaner.pipeline": ("Cleaner", "clean", "clean_html", "label", "label_html"),
    "cleaner.rules": ("RuleError",),
}


def __getattr__(name: str) -> object:
    """Import what is asked for when it is first asked for: `cleaner --help` needs none of it."""
    for module, names in HOMES.items():
        if name in names:
            return getattr(import_module(module), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """The public names."""
    return sorted([*globals(), *__all__])
