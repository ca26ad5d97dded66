"""A browser, and what it complains of."""

from __future__ import annotations

import os
import shutil

from playwright.sync_api import Browser, BrowserContext, Playwright

CHROMIUM = os.environ.get("IVR_TEST_CHROMIUM") or shutil.which("chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
]


def launched(playwright: Playwright) -> Browser:
    return playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)


def seen(
    browser: Browser, site: str, look: str = "ru.light", width: int = 1280, *, script: bool = True
) -> tuple[BrowserContext, list[str]]:
    """Return a window on *site*, and what is wrong in it: errors of the console, requests to other hosts.

    *look* is a language and a theme, ``en.dark``; empty: as it comes.
    """
    context = browser.new_context(
        base_url=site,
        viewport={"width": width, "height": 900},
        java_script_enabled=script,
        has_touch=width < 640,
        is_mobile=width < 640,
    )
    if look:
        context.add_cookies([{"name": "ivr_look", "value": look, "url": site}])
    faults: list[str] = []
    # What the policy of the pages forbids is an error in the console, too.
    context.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    context.on("weberror", lambda error: faults.append(str(error.error)))
    context.on(
        "request", lambda asked: None if asked.url.startswith(site + "/") else faults.append(asked.url)
    )
    return context, faults
