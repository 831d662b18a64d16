"""What tests share."""

from __future__ import annotations

import pytest

from cleaner import Cleaner


@pytest.fixture(scope="session")
def cleaner() -> Cleaner:
    """A cleaner with nothing but defaults."""
    return Cleaner()
