"""A browser without a network that keeps what it is asked for and what it complains about."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext, Dialog, Page

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@dataclass
class Opened:
    """A page that was opened from a file, and what happened in it."""

    page: Page
    requests: list[str] = field(default_factory=list)
    """Addresses that it asked for, other than the file itself."""
    complaints: list[str] = field(default_factory=list)
    """Errors and warnings of the console, uncaught errors, and dialogs."""

    def js(self, code: str, argument: object = None) -> Any:
        """Return what some code gives in the page."""
        return self.page.evaluate(code, argument)

    def until(self, condition: str) -> None:
        """Wait until a condition holds, at most ten seconds; the page's policy forbids to wait inside it."""
        for _ in range(200):
            if self.js(condition):
                return
            self.page.wait_for_timeout(50)
        pytest.fail(f"never: {condition}")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start an installed Chromium."""
    pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    from playwright.sync_api import sync_playwright

    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("no Chromium on the path")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Browser, tmp_path: Path) -> Iterator[Callable[..., Opened]]:
    """Return a function that writes a page and opens it from its file, with the network off."""
    contexts: list[BrowserContext] = []

    def opened(html: str | Path, *, width: int = 1280, height: int = 900, **options: Any) -> Opened:
        path = html if not isinstance(html, str) else tmp_path / f"page-{len(contexts)}.html"
        if isinstance(html, str):
            path.write_text(html, encoding="utf-8")
        context = browser.new_context(
            offline=True,
            viewport={"width": width, "height": height},
            timezone_id="America/New_York",
            **options,
        )
        context.set_default_timeout(10_000)
        contexts.append(context)
        found = Opened(context.new_page())
        address = path.resolve().as_uri()
        page = found.page

        def refuse(dialog: Dialog) -> None:
            found.complaints.append(f"dialog {dialog.message}")
            dialog.dismiss()

        page.on("request", lambda r: None if r.url.split("#")[0] == address else found.requests.append(r.url))
        page.on(
            "console", lambda m: found.complaints.append(m.text) if m.type in ("error", "warning") else None
        )
        page.on("pageerror", lambda error: found.complaints.append(str(error)))
        page.on("dialog", refuse)
        page.goto(address)
        page.evaluate("window.dispatchReport && window.dispatchReport.ready")
        return found

    yield opened
    for context in contexts:
        context.close()
