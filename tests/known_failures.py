"""Write down which lines of the fixtures the model that comes with the package labels wrong."""

import json

from fixtures_reading import KNOWN_FAILURES, cases, documents, failures

from cleaner import Cleaner


def main() -> None:
    """Rewrite the file and print the counts."""
    found = failures(Cleaner())
    KNOWN_FAILURES.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    wrong = sum(map(len, found["documents"].values()))
    lines = sum(bool(row.line.strip()) for rows in documents().values() for row in rows)
    print(f"documents: {wrong} of {lines} lines wrong, in {len(found['documents'])} of {len(documents())} documents")
    print(f"single lines: {len(found['lines'])} of {len(cases())} wrong")
    print(f"written to {KNOWN_FAILURES}")


if __name__ == "__main__":
    main()
