"""Takes the pictures of docs/: python -m tests.browser.screenshots FOLDER."""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from ivr_fsm.cli.inspecting import beside
from ivr_fsm.settings import Settings
from tests.browser.seen import launched
from tests.playbook import playbook

SHOTS = (
    ("call", "/calls/{call}", 1280, 1330, "ru.light"),
    ("flow", "/flow?period=all", 1280, 1060, "ru.light"),
    ("calls", "/calls", 1280, 760, "ru.light"),
    ("phone", "/calls/{call}", 390, 844, "en.dark"),
)


def main(folder: Path) -> None:
    """Write a PNG of each page into *folder*."""
    book = playbook()
    folder.mkdir(parents=True, exist_ok=True)
    settings = Settings.model_construct(journal=book.url, recordings=book.recordings, web_port=0)
    with beside(settings) as address, sync_playwright() as playwright:
        browser = launched(playwright)
        for name, path, width, height, look in SHOTS:
            at = address.removesuffix("/calls") + path.format(call=book.call("shop-drops").key)
            _shoot(browser, at, folder / f"{name}.png", (width, height), look)
        browser.close()


def _shoot(browser: Browser, address: str, file: Path, size: tuple[int, int], look: str) -> None:
    context = browser.new_context(viewport={"width": size[0], "height": size[1]})
    context.add_cookies([{"name": "ivr_look", "value": look, "url": address}])
    page = context.new_page()
    page.goto(address)
    page.wait_for_load_state("load")
    page.screenshot(path=file)
    context.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
