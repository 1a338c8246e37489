"""What all tests share: a cache of their own, and repeatable Hypothesis runs."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from _pytest.terminal import TerminalReporter

collect_ignore_glob = ["schemas/*"]
"""Scenario files of older versions are data, not cases of their own."""

settings.register_profile(
    "repeatable", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))


@pytest.fixture(autouse=True, scope="session")
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep travel-time tables away from the user's cache."""
    patch = pytest.MonkeyPatch()
    patch.setenv("DISPATCH_CACHE", str(tmp_path_factory.mktemp("cache")))
    yield
    patch.undo()


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Print what tests tell about real data, also when they ran in other processes."""
    for report in terminalreporter.getreports("passed") + terminalreporter.getreports("failed"):
        for title, text in getattr(report, "user_properties", ()):
            terminalreporter.write_line(f"\n{title}:\n{text}")
