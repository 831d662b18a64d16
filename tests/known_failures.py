"""Write down which lines of the fixtures, and which variations of the seeds, the model gets wrong."""

import json

from fixtures_reading import KNOWN_FAILURES, cases, documents, failures
from test_seeds import SEEDS, variations, wrong_labels, wrong_text

from cleaner import Cleaner


def main() -> None:
    """Rewrite the file and print the counts."""
    cleaner = Cleaner()
    found = failures(cleaner)
    names = [(seed, name) for seed in SEEDS for name in variations(seed)]
    found["seed labels"] = [f"{seed}: {name}" for seed, name in names if wrong_labels(cleaner, seed, name)]
    found["seed texts"] = [f"{seed}: {name}" for seed, name in names if wrong_text(cleaner, seed, name)]
    KNOWN_FAILURES.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    wrong = sum(map(len, found["documents"].values()))
    lines = sum(bool(row.line.strip()) for rows in documents().values() for row in rows)
    print(f"documents: {wrong} of {lines} lines wrong, in {len(found['documents'])} of {len(documents())} documents")
    print(f"single lines: {len(found['lines'])} of {len(cases())} wrong")
    print(f"seeds: labels {len(found['seed labels'])}, texts {len(found['seed texts'])} of {len(names)} wrong")
    print(f"written to {KNOWN_FAILURES}")


if __name__ == "__main__":
    main()
