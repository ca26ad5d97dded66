"""The inspector as people use it, over the demo's calls."""

from __future__ import annotations

import json
import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from ivr_fsm.demo.scenarios import SCENARIOS
from tests.playbook import Playbook

PATHS = (
    "/calls",
    "/calls?q=nobody-has-this",
    "/calls/{call}",
    "/calls/{call}?all=1&unfold=1&replay=1",
    "/flow",
)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.name)
def test_a_call_of_the_demo(page: Page, book: Playbook, scenario: object) -> None:
    name = scenario.name  # type: ignore[attr-defined]
    call = book.call(name)
    steps = book.reader.steps(call.key)
    page.goto(f"/calls/{call.call}")
    states = [step for step in steps if step.moved]
    numbered = page.locator("svg.chart .badge text").all_text_contents()
    assert sum(len(text.split(", ")) for text in numbered) >= min(len(states), 3)
    dialed = [c for step in steps for c in step.commands if c["is"] == "Dial"]
    assert page.locator("svg.lanes text.lane").count() == 1 + len(dialed)
    for step in states:
        expect(page.locator(f"#s{step.number}")).to_be_attached()
    rows = page.locator("table.steps tr.moved")
    assert rows.count() == len(states)
    judged = [judged for step in steps for judged in step.judged if step.moved]
    assert page.locator("table.steps tr.moved li").count() == len(judged)


def test_from_the_list_to_a_step(page: Page) -> None:
    page.goto("/calls")
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.type("a093e7a5")
    page.keyboard.press("Enter")
    expect(page.locator("table.history tr[data-key]")).to_have_count(1)
    page.locator("table.history td.who a").click()
    expect(page.locator("h1")).to_contain_text("+79161234567")
    bar = page.locator("svg.lanes a.bar.ringing").first
    address = bar.get_attribute("href")
    bar.click()
    expect(page).to_have_url(re.compile(f"{address}$"))
    raw = page.locator("table.steps details").first
    raw.locator("summary").click()
    assert json.loads(raw.locator("pre").first.inner_text())["number"] == 1
    page.get_by_text("Показать все шаги и таймеры").click()
    expect(page.get_by_text("Только главное")).to_be_visible()
    page.get_by_text("Развернуть паузы").click()
    expect(page.locator("svg.lanes rect.fold")).to_have_count(0)
    page.get_by_text("Проиграть заново").click()
    expect(page.get_by_text("Те же события в сегодняшней схеме дали те же команды")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_text("Скачать JSON").click()
    assert json.loads(download.value.path().read_text("utf-8"))["call"]["call"].startswith("a093e7a5")


def test_filters(page: Page) -> None:
    page.goto("/calls")
    page.get_by_label("Итог").select_option("unanswered")
    page.get_by_role("button", name="Найти").click()
    expect(page.locator("table.history .pill.bad")).to_have_count(3)
    expect(page).to_have_url(re.compile("outcome=unanswered"))
    page.get_by_role("link", name="Сбросить").click()
    expect(page.locator("table.history tr[data-key]")).to_have_count(38)


def test_language_and_theme_stay(page: Page) -> None:
    page.goto("/calls")
    page.get_by_role("button", name="English").click()
    expect(page.locator("h1")).to_contain_text("On the line now")
    page.get_by_role("button", name="Dark").click()
    page.get_by_role("link", name="The flow").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    for period in ("24 hours", "a week", "30 days", "all"):
        page.get_by_role("link", name=period, exact=True).click()
        expect(page.get_by_role("link", name=period, exact=True)).to_have_attribute("aria-current", "true")
    expect(page.get_by_text("Calls in this period: 38")).to_be_visible()


def test_the_recording_runs_along_the_lanes(page: Page, book: Playbook) -> None:
    page.goto(f"/calls/{book.call('call-centre').key}")
    audio = page.locator("audio")
    expect(audio).to_have_js_property("readyState", 4)
    audio.evaluate("audio => { audio.currentTime = 10 }")
    head = page.locator("svg.lanes .playhead")
    expect(head).to_have_attribute("visibility", "visible")
    first = float(head.get_attribute("x1") or 0)
    audio.evaluate("audio => { audio.currentTime = 19.5 }")
    expect(head).not_to_have_attribute("x1", f"{first:g}")
    talk = page.locator("svg.lanes a.bar.talking rect").first
    begin = float(talk.get_attribute("x") or 0)
    assert begin < first < begin + float(talk.get_attribute("width") or 0)
    assert page.locator("svg.lanes polygon.wave").count() == 2


def test_without_script_pages_say_all_they_know(browser: Browser, site: str, book: Playbook) -> None:
    context = browser.new_context(base_url=site, java_script_enabled=False)
    page = context.new_page()
    page.goto("/calls")
    expect(page.locator("table.history tr[data-key]")).to_have_count(38)
    page.goto(f"/calls/{book.call('nobody').key}")
    expect(page.locator("svg.lanes")).to_be_visible()
    expect(page.locator("table.steps tr").first).to_be_visible()
    context.close()


def test_with_the_keyboard_alone(page: Page) -> None:
    page.goto("/calls")
    page.keyboard.press("Tab")
    expect(page.locator("a.skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("look", ["ru.light", "ru.dark", "en.light", "en.dark"])
def test_everybody_can_read_them(browser: Browser, site: str, book: Playbook, width: int, look: str) -> None:
    context = browser.new_context(base_url=site, viewport={"width": width, "height": 900})
    context.add_cookies([{"name": "ivr_look", "value": look, "url": site}])
    page = context.new_page()
    found = {}
    for path in PATHS:
        page.goto(path.format(call=book.call("shop-drops").key))
        violations = Axe().run(page).response["violations"]
        grave = [each for each in violations if each["impact"] in ("serious", "critical")]
        found[path] = [(each["id"], [node["html"][:160] for node in each["nodes"][:3]]) for each in grave]
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, f"{path} is {wide} wide"
    context.close()
    assert {path: each for path, each in found.items() if each} == {}
