from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give every test a cache folder of its own, empty at first."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("DISPATCH_CACHE", str(folder))
    return folder
