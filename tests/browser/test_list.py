"""The list of calls: filters, search, paging, how pages look."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from ivr_fsm.cli.inspecting import beside
from ivr_fsm.journal.entries import CallEntry
from ivr_fsm.settings import Settings
from tests.browser.conftest import Opens
from tests.cli.book import Book
from tests.flow.clock import NOON
from tests.playbook import Playbook

ROWS = "table.history tr[data-key]"


def shown(page: Page) -> set[str]:
    return set(page.locator(ROWS).evaluate_all("rows => rows.map(row => row.dataset.key)"))


FILTERS: dict[str, tuple[str, Callable[[CallEntry], bool]]] = {
    "outcome": ("unanswered", lambda call: call.status == "unanswered"),
    "by": ("call_centre", lambda call: call.status == "answered:call_centre"),
    "in": ("menu", lambda call: call.status == "abandoned:menu"),
    "kind": ("partner", lambda call: call.kind == "partner"),
}


@pytest.mark.parametrize("name", FILTERS)
def test_each_filter(page: Page, book: Playbook, name: str) -> None:
    value, wanted = FILTERS[name]
    page.goto("/calls")
    everything = shown(page)
    page.locator(f"select[name={name}]").select_option(value)
    page.get_by_role("button", name="Найти").click()
    expect(page).to_have_url(re.compile(rf"[?&]{name}={value}"))
    expect(page.locator(f"select[name={name}]")).to_have_value(value)
    found = shown(page)
    assert found == {str(call.key) for call in book.calls if wanted(call)}
    assert found
    page.reload()
    assert shown(page) == found, "a view has an address"
    page.get_by_role("link", name="Сбросить").click()
    expect(page.locator(ROWS)).to_have_count(len(everything))


def test_days(page: Page) -> None:
    for since, until, count in (
        ("2026-06-01", "2026-06-01", 38),
        ("2026-06-02", "", 0),
        ("", "2026-05-31", 0),
    ):
        page.goto("/calls")
        page.get_by_label("С даты").fill(since)
        page.get_by_label("По дату").fill(until)
        page.get_by_role("button", name="Найти").click()
        expect(page.get_by_role("link", name="Сбросить")).to_be_visible()
        expect(page.locator(ROWS)).to_have_count(count)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a093e7a5", {"call-centre"}),
        ("999 000-00-00", {"unknown", "abandoned-unanswered"}),
        ("морозова", {"no-order"}),
        ("10544", {"bad-phones"}),
    ],
)
def test_a_search_from_the_keyboard(page: Page, book: Playbook, text: str, names: set[str]) -> None:
    page.goto("/calls")
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.type(text)
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Сбросить")).to_be_visible()
    expect(page.locator("#q")).to_have_value(text)
    assert shown(page) == {str(book.call(name).key) for name in names}


def test_nothing_is_found(page: Page) -> None:
    page.goto("/calls")
    page.keyboard.press("/")
    page.keyboard.type("nobody has / that")
    page.keyboard.press("Enter")
    expect(page.locator("#part-history")).to_contain_text("Таких звонков нет")


def test_language_and_theme_stay(page: Page) -> None:
    page.goto("/calls?outcome=unanswered")
    ground = page.locator("body")
    light = ground.evaluate("body => getComputedStyle(body).backgroundColor")
    page.get_by_role("button", name="English").click()
    expect(page.locator("h1")).to_contain_text("On the line now")
    expect(page).to_have_url(re.compile("outcome=unanswered"))
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert ground.evaluate("body => getComputedStyle(body).backgroundColor") != light
    page.locator("td.who a").first.click()
    expect(page.get_by_role("heading", name="How the call went")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.get_by_role("button", name="Light").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    page.get_by_role("button", name="Русский").click()
    expect(page.get_by_role("heading", name="Ход звонка")).to_be_visible()


def test_the_theme_is_the_browsers_until_one_is_chosen(opens: Opens, site: str) -> None:
    page = opens(site, look="").new_page()
    page.emulate_media(color_scheme="dark")
    page.goto("/calls")
    dark = page.locator("body").evaluate("body => getComputedStyle(body).backgroundColor")
    expect(page.get_by_role("button", name="Светлая")).to_be_visible()
    expect(page.get_by_role("button", name="Тёмная")).to_be_hidden()
    page.emulate_media(color_scheme="light")
    assert page.locator("body").evaluate("body => getComputedStyle(body).backgroundColor") != dark
    expect(page.get_by_role("button", name="Тёмная")).to_be_visible()


@pytest.fixture
def long_list(tmp_path: Path) -> Iterator[str]:
    """The pages of 120 calls."""
    book = Book(tmp_path)
    for index in range(120):
        book.begin(f"{index:08x}", f"+7916000{index:04}", NOON).hangs_up()
    book.close()
    with beside(Settings.model_construct(journal=book.url, recordings=None, web_port=0)) as address:
        yield address.removesuffix("/calls")


def test_paging(opens: Opens, long_list: str) -> None:
    page = opens(long_list).new_page()
    page.goto("/calls?outcome=abandoned")
    expect(page.locator("#part-count")).to_have_text("120")
    parts = [shown(page)]
    for count in (50, 20):
        page.get_by_role("link", name="Старше").click()
        expect(page.locator(ROWS)).to_have_count(count)
        page.wait_for_url(re.compile("before="))
        parts.append(shown(page))
    assert len(set.union(*parts)) == 120
    expect(page.get_by_role("link", name="Старше")).to_have_count(0)
    page.get_by_role("link", name="Новее").click()
    page.wait_for_url(re.compile("after=.*"))
    assert shown(page) == parts[1]
    page.get_by_role("link", name="К новым").click()
    expect(page.locator("nav.pages [rel=prev]")).to_have_count(0)
    assert shown(page) == parts[0]
    expect(page.get_by_label("Итог")).to_have_value("abandoned")
