from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="package", autouse=True)
def _no_cache() -> Iterator[None]:
    """Keep thousands of tiny networks out of the cache of whoever runs the tests."""
    before = os.environ.get("DISPATCH_CACHE")
    os.environ["DISPATCH_CACHE"] = "off"
    yield
    if before is None:
        del os.environ["DISPATCH_CACHE"]
    else:
        os.environ["DISPATCH_CACHE"] = before
