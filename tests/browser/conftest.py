"""Tests in a real browser: Debian's Chromium, or that of IVR_TEST_CHROMIUM. Without one they are skipped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from ivr_fsm.cli.inspecting import beside
from ivr_fsm.settings import Settings
from tests.browser.living import Living
from tests.browser.seen import CHROMIUM, launched, seen
from tests.playbook import Playbook, playbook

MISSING = "no Chromium: apt install chromium, or name one in IVR_TEST_CHROMIUM"
LONG = 30_000
"""Milliseconds after which what is expected is missing: calls are played in real time, on any machine."""

Opens = Callable[..., BrowserContext]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if not CHROMIUM:
        for item in items:
            if Path(__file__).parent in item.path.parents:
                item.add_marker(pytest.mark.skip(reason=MISSING))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not CHROMIUM:
        terminalreporter.write_line(f"tests/browser SKIPPED: {MISSING}", yellow=True)


@pytest.fixture(scope="session")
def book() -> Playbook:
    return playbook()


@pytest.fixture(scope="package")
def browser(book: Playbook) -> Iterator[Browser]:
    # Playwright keeps a loop running in this thread: nothing else that needs one may come meanwhile.
    expect.set_options(timeout=LONG)
    with sync_playwright() as playwright:
        found = launched(playwright)
        yield found
        found.close()


@pytest.fixture(scope="package")
def site(book: Playbook, browser: Browser) -> Iterator[str]:
    """Where the pages of the demo's calls are."""
    settings = Settings.model_construct(journal=book.url, recordings=book.recordings, web_port=0)
    with beside(settings) as address:
        yield address.removesuffix("/calls")


@pytest.fixture
def opens(browser: Browser) -> Iterator[Opens]:
    """Opens browser windows, in which the console may say nothing and no other host may be asked."""
    opened: list[tuple[BrowserContext, list[str], list[str]]] = []

    def open_at(
        site: str,
        look: str = "ru.light",
        width: int = 1280,
        bears: tuple[str, ...] = (),
        *,
        script: bool = True,
    ) -> BrowserContext:
        context, faults = seen(browser, site, look, width, script=script)
        context.set_default_timeout(LONG)
        opened.append((context, faults, list(bears)))
        return context

    yield open_at
    for context, faults, bears in opened:
        context.close()
        assert [fault for fault in faults if not any(each in fault for each in bears)] == []


@pytest.fixture
def page(opens: Opens, site: str) -> Page:
    return opens(site).new_page()


@pytest.fixture(scope="package")
def living(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Living]:
    """A running service, on which one test after the other makes calls."""
    found = Living(tmp_path_factory.mktemp("living"))
    yield found
    found.stop()
