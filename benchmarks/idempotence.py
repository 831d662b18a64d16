"""How often ``clean(clean(x)) == clean(x)``, over a folder of labelled documents (``label TAB line``)."""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

from cleaner import Cleaner

GOLD = Path(__file__).parent.parent.parent / "shared" / "gold"


def text_of(path: Path) -> str:
    """The text of a document: what stands after the first tab of each row."""
    rows = path.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    return "\n".join(row.partition("\t")[2] for row in rows)


def lost(once: str, twice: str) -> list[str]:
    """The lines that the second time takes out of what the first time kept."""
    return [line for line in (Counter(once.split("\n")) - Counter(twice.split("\n"))).elements() if line.strip()]


def main() -> None:
    """Print the share, and the documents that lose most."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=GOLD, help="folder of .tsv documents")
    parser.add_argument("--worst", type=int, default=5, metavar="N", help="documents to show (default: 5)")
    typed = parser.parse_args()
    paths = sorted(typed.folder.glob("*.tsv"))
    if not paths:
        parser.error(f"{typed.folder}: holds no .tsv files")

    cleaner = Cleaner()
    once = list(cleaner.clean_many(map(text_of, paths)))
    twice = list(cleaner.clean_many(once))
    changed = [(lost(a, b), path, a) for path, a, b in zip(paths, once, twice, strict=True) if a != b]
    lines = sum(bool(line.strip()) for text in once for line in text.splitlines())
    gone = sum(len(some) for some, _, _ in changed)
    same = len(paths) - len(changed)
    print(f"documents that stay the same: {same} of {len(paths)} ({same / len(paths):.1%})")
    print(f"kept lines that the second time drops: {gone} of {lines} ({gone / max(lines, 1):.2%})")
    for some, path, _ in sorted(changed, key=lambda each: (-len(each[0]), each[1]))[: typed.worst]:
        print(f"\n{path.name}: {len(some)} lines lost")
        for line in some[:3]:
            print(f"  {line[:100]}")


if __name__ == "__main__":
    main()
