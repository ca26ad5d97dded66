"""What people press while a call lives, and after it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from ivr_fsm.journal.database import open_engine
from ivr_fsm.journal.entries import CallEntry
from ivr_fsm.journal.reader import Reader
from tests.browser.conftest import Opens
from tests.browser.living import CUSTOMER, Living


@pytest.fixture
def page(opens: Opens, living: Living) -> Page:
    return opens(living.site).new_page()


def live_call(page: Page, living: Living, does: str) -> None:
    """Let the customer call, and open the call's page."""
    living.call(does)
    page.goto("/calls")
    page.locator("#live tbody td.who a").click()


def journalled(page: Page, living: Living) -> tuple[Reader, CallEntry]:
    reader = Reader(open_engine(living.journal))
    [call] = reader.call(page.url.partition("?")[0].rpartition("/")[2])
    return reader, call


def hang_up(page: Page) -> None:
    page.locator("summary", has_text="Завершить звонок").click()
    page.get_by_role("button", name="Завершить", exact=True).click()
    expect(page.locator("h1 + .pill")).not_to_have_text("на линии")
    expect(page.locator(".doing")).to_have_count(0)


def test_to_the_office_and_hung_up(page: Page, living: Living) -> None:
    live_call(page, living, "press 1 at 2s")
    expect(page.locator(".now")).to_contain_text("Звоним в магазин")
    page.get_by_role("button", name="В офис").click()
    expect(page.get_by_text("Принято. Что из этого вышло, видно ниже.")).to_be_visible()
    expect(page.locator(".now")).to_contain_text("Разговаривают")
    expect(page.locator(".now")).to_contain_text("офис 74951110011")
    expect(page.get_by_role("button", name="В офис")).to_have_count(0)
    ends = page.get_by_role("button", name="Завершить", exact=True)
    expect(ends).to_be_hidden()
    hang_up(page)
    expect(page.locator("h1 + .pill")).to_contain_text("ответил офис")
    steps = page.locator("table.steps")
    expect(steps).to_contain_text("Инспектор переводит звонок в офис")
    reader, call = journalled(page, living)
    said = [step.event for step in reader.steps(call.key)]
    assert said.count("SendWanted") == said.count("StopWanted") == 1


def test_to_the_call_centre(page: Page, living: Living) -> None:
    live_call(page, living, "press 1 at 2s, hang up 2s after bridge")
    expect(page.locator(".now")).to_contain_text("Звоним в магазин")
    page.get_by_role("button", name="В колл-центр").click()
    expect(page.locator(".now")).to_contain_text("колл-центр 74951110021")
    expect(page.locator("h1 + .pill")).to_contain_text("ответил колл-центр")
    expect(page.locator(".now")).to_have_count(0)


def test_hung_up_before_anybody_answers(page: Page, living: Living) -> None:
    live_call(page, living, "")
    hang_up(page)
    reader, call = journalled(page, living)
    assert call.status.startswith("stopped:")
    assert reader.steps(call.key)[-1].after == "ended"


def test_who_gave_up_is_called_back(page: Page, living: Living) -> None:
    living.call("hang up at 1s")
    page.goto("/calls")
    expect(page.locator("#part-history tr[data-key]").first).to_contain_text("надо перезвонить")
    page.locator("#part-history td.who a").first.click()
    page.get_by_role("button", name="Перезвонить").click()
    expect(page.get_by_text("Принято. Что из этого вышло, видно ниже.")).to_be_visible()
    expect(page.locator("#part-summary")).to_contain_text("Инспектор перезванивает")
    expect(page.get_by_role("button", name="Перезвонить")).to_have_count(0)
    page.goto("/calls")
    expect(page.locator("#live tbody tr")).to_contain_text("Разговаривают")
    page.locator("#live tbody td.who a").click()
    expect(page.locator("h1")).to_contain_text(CUSTOMER)
    hang_up(page)
    expect(page.locator("h1 + .pill")).to_contain_text("ответил клиент")
    page.locator("#part-summary p a").click()
    expect(page.locator("section[aria-labelledby=after-title]")).to_contain_text("ответил клиент")
    expect(page.get_by_role("button", name="Перезвонить")).to_have_count(0)


def test_nothing_is_left_to_do(page: Page, living: Living) -> None:
    living.call("hang up at 1s")
    page.goto("/calls")
    newest = page.locator("#part-history tr[data-key]").first
    expect(newest.locator(".todo")).to_be_visible()
    newest.locator("td.who a").click()
    page.get_by_role("button", name="Решено").click()
    expect(page.locator(".notice.good", has_text="Решено")).to_be_visible()
    expect(page.locator(".doing")).to_have_count(0)
    page.goto("/calls")
    expect(newest).to_be_visible()
    expect(newest.locator(".todo")).to_have_count(0)
