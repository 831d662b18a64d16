"""Hand labels are kept as hashes of lines, and joined with the text again."""

from cleaner.training.documents import UNKNOWN, hashed, join_hashed

TEXT = "Share\nThe pier is open.\n\nIt was closed for a year.\nNobody knows why.\nShare"
LABELS = (7, 1, 1, 1, 8)


def test_a_text_gets_its_labels_back():
    """Also where the same line stands twice with two labels; and none of the text is in the record."""
    record = hashed("page-1", "page", TEXT, LABELS)
    joined = join_hashed(record, TEXT, "example.com")
    assert joined is not None
    assert joined.labels == LABELS
    assert "pier" not in str(record)


def test_a_text_that_has_changed_a_little_is_joined_line_by_line():
    """A line that was not there has no label; a text that is mostly another is not joined."""
    lines = [f"Line {number} of the log." for number in range(20)]
    record = hashed("page-1", "page", "\n".join(lines), (1,) * 20)
    joined = join_hashed(record, "\n".join([*lines, "A new one."]), "example.com")
    assert joined is not None
    assert joined.labels == (1,) * 20 + (UNKNOWN,)
    assert join_hashed(record, "\n".join([*lines[:5], *map(str, range(20))]), "example.com") is None
