from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep travel tables of tests out of the user's cache."""
    monkeypatch.setenv("DISPATCH_CACHE", str(tmp_path / "cache"))
