"""Takes the pictures of docs/: ``python -m tests.browser.screenshots FOLDER``."""

from __future__ import annotations

import re
import shutil
import sqlite3
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from tests.browser.living import Living
from tests.browser.seen import launched, seen
from tests.playbook import Playbook, playbook

SHOTS = (
    ("call", "/calls/{call}", 1280, 1080, "en.light"),
    ("flow", "/flow?period=all", 1280, 1060, "en.light"),
    ("phone", "/calls/{call}", 390, 844, "en.dark"),
    ("calls", "/calls", 1280, 800, "en.light"),
)


def main(target: Path) -> None:
    """Write a PNG of each page into *target*: of the demo's calls, and of two that are on the line."""
    book = playbook()
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        _copy(book, Path(folder))
        living, browser = Living(Path(folder)), launched(playwright)
        for name, path, width, height, look in SHOTS:
            page = seen(browser, living.site, look, width)[0].new_page()
            page.set_viewport_size({"width": width, "height": height})
            page.goto(path.format(call=book.call("call-centre").key))
            if name == "calls":
                _two_calls(page, living)
            elif name != "flow":
                expect(page.locator("audio")).to_have_js_property("readyState", 4)
            page.screenshot(path=target / f"{name}.png", animations="disabled")
        browser.close()
        living.stop()


def _copy(book: Playbook, folder: Path) -> None:
    """Give a service that is to begin in *folder* the demo's calls and recordings."""
    shutil.copytree(book.recordings, folder, dirs_exist_ok=True)
    played, new = book.url.removeprefix("sqlite:///"), folder / "journal.db"
    with closing(sqlite3.connect(played)) as source, closing(sqlite3.connect(new)) as copied:
        source.backup(copied)


def _two_calls(page: Page, living: Living) -> None:
    living.call("press 1 at 1s, hang up at 60s")
    living.call("hang up at 60s", "79161234569")
    rows = page.locator("#live tbody tr")
    expect(rows).to_have_count(2)
    rings = rows.filter(has_text="Ringing the shop")
    expect(rings.locator(".due")).to_have_text(re.compile(r"0:2\d"), timeout=20_000)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
