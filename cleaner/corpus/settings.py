"""What shapes the output of a run: it travels to the workers, and stands in the manifest."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from cleaner.corpus.kernel import Mode
    from cleaner.pipeline import Cleaner


@dataclass(frozen=True)
class Settings:
    """Options of the cleaner and of the kernel, and the format of the output (``None``: as the input)."""

    field: str = "text"
    mode: Mode = "rewrite"
    column: str | None = None
    max_removed: float | None = None
    to: str | None = None
    keep: tuple[str, ...] = ("heading", "body")
    packs: tuple[str, ...] = ()
    disable: tuple[str, ...] = ()
    model: str | None = None
    favor: Literal["precision", "balanced", "recall"] | None = None
    threshold: float | None = None
    time_limit: float = 30.0

    @property
    def added(self) -> str:
        """The name of the column that the kernel adds."""
        from cleaner.corpus.kernel import COLUMNS

        return self.column or COLUMNS[self.mode][0]

    def cleaner(self) -> Cleaner:
        """The cleaner with these options; raises ``ValueError`` and ``OSError``."""
        from cleaner.pipeline import Cleaner

        return Cleaner(
            keep=self.keep,
            packs=self.packs,
            disable=self.disable,
            model=self.model,
            favor=self.favor,
            threshold=self.threshold,
        )

    def head(self) -> dict[str, Any]:
        """All that two runs have in common if their output is the same."""
        from cleaner import __version__

        versions = self.cleaner().versions()
        options = asdict(self) | {"keep": sorted(self.keep), "disable": sorted(self.disable)}
        del options["packs"], options["model"]  # paths: what stands there is told by the versions
        return {
            "program": __version__,
            "model": versions["model"],
            "rules": [list(pack) for pack in versions["rules"]],
            "rules_digest": versions["rules_digest"],
            "options": options,
        }
