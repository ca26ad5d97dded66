"""Pages while calls move, and while the service goes and comes."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import Opens
from tests.browser.living import Living

COUNTS = re.compile(r"^0:[0-5]\d$")
GONE = ("net::ERR_", "502")
"""What a browser may say of a service that is away."""


@pytest.fixture
def window(opens: Opens, living: Living) -> BrowserContext:
    return opens(living.site)


@pytest.fixture
def page(window: BrowserContext) -> Page:
    return window.new_page()


def test_a_call_appears_moves_and_goes_into_the_history(page: Page, living: Living) -> None:
    page.goto("/calls")
    expect(page.locator("#nobody")).to_be_visible()
    before = int(page.locator("#part-count").inner_text())
    living.call("press 1 at 2s, hang up at 7s")
    row = page.locator("#live tbody tr")
    expect(row).to_contain_text("Слушает приветствие")
    expect(page.locator("#live-count")).to_have_text("1")
    expect(row).to_contain_text("Мария Соколова №10542")
    expect(row).to_contain_text("Звоним в магазин")
    expect(row).to_contain_text("магазин 74951110001, магазин 74951110002")
    due, since = row.locator("[data-due]"), row.locator("[data-since]")
    expect(due).to_have_text(COUNTS)
    expect(since).to_have_text(COUNTS)
    was = due.inner_text(), since.inner_text()
    expect(due).not_to_have_text(was[0])
    expect(since).not_to_have_text(was[1])
    assert due.inner_text() < was[0]
    assert since.inner_text() > was[1]
    expect(row).to_have_count(0)
    expect(page.locator("#nobody")).to_be_visible()
    expect(page.locator("#part-count")).to_have_text(str(before + 1))
    newest = page.locator("table.history tr[data-key]").first
    expect(newest).to_contain_text("клиент положил трубку (звонили в магазин)")


def test_a_call_that_is_over_before_anybody_looks_comes_into_the_history(page: Page, living: Living) -> None:
    page.goto("/calls")
    before = int(page.locator("#part-count").inner_text())
    living.call("hang up at 0.1s")
    expect(page.locator("#part-count")).to_have_text(str(before + 1))


def test_who_reads_a_row_keeps_it(page: Page, living: Living) -> None:
    page.goto("/calls")
    living.call("press 1 at 3s, hang up at 6s")
    link = page.locator("#live tbody td.who a")
    link.focus()
    row = page.locator("#live tbody tr")
    expect(row).to_contain_text("Звоним в магазин")
    expect(link).to_be_focused()
    expect(row).to_have_count(0)


def test_a_calls_page_moves_and_what_is_open_stays_open(page: Page, living: Living) -> None:
    living.call("press 1 at 3s, hang up at 6s")
    page.goto("/calls")
    page.locator("#live tbody td.who a").click()
    now = page.locator(".now")
    expect(now).to_contain_text("Слушает приветствие, уже 0:0")
    expect(page.locator("svg.chart .present title")).to_have_text("Слушает приветствие")
    raw = page.locator("details#raw1")
    raw.locator("summary").click()
    expect(raw).to_have_attribute("open", "")
    expect(raw.locator("summary")).to_be_focused()
    expect(now).to_contain_text("Звоним в магазин")
    expect(page.locator("svg.chart .present title")).to_have_text("Звоним в магазин")
    expect(now.locator(".due")).to_have_text(COUNTS)
    expect(raw).to_have_attribute("open", "")
    expect(raw.locator("summary")).to_be_focused()
    bars = page.locator("svg.lanes .bar.ringing")
    expect(bars).to_have_count(2)
    expect(page.locator("h1 + .pill")).to_contain_text("клиент положил трубку")
    expect(now).to_have_count(0)
    expect(raw).to_have_attribute("open", "")
    expect(page.get_by_role("button", name="Перезвонить")).to_be_visible()
    expect(page.locator(".offline")).to_be_hidden()


def test_a_service_that_goes_and_comes_is_told(opens: Opens, living: Living) -> None:
    page = opens(living.site, bears=GONE).new_page()
    page.goto("/calls")
    expect(page.locator(".offline")).to_be_hidden()
    living.stop()
    expect(page.locator(".offline")).to_be_visible()
    expect(page.locator(".offline")).to_contain_text("Связь с сервисом потеряна")
    living.start()
    expect(page.locator(".offline")).to_be_hidden()
    living.call("hang up at 4s")
    expect(page.locator("#live tbody tr")).to_have_count(1)
    expect(page.locator("#live tbody tr")).to_have_count(0)


def test_a_proxy_that_answers_for_a_service_that_is_away(opens: Opens, living: Living) -> None:
    page = opens(living.site, bears=GONE).new_page()
    page.route("**/live", lambda route: route.fulfill(status=502, body="Bad Gateway"))
    page.goto("/calls")
    expect(page.locator(".offline")).to_be_visible()
    page.unroute("**/live")
    expect(page.locator(".offline")).to_be_hidden()
