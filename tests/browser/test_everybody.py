"""Pages for everybody: screen readers, the keyboard alone, small screens, no script."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import Opens
from tests.browser.living import Living
from tests.playbook import Playbook

PATHS = (
    "/calls",
    "/calls?q=nobody-has-this&since=never",
    "/calls/{call}",
    "/calls/{call}?all=1&unfold=1&replay=1",
    "/flow?period=all",
)
# The bars of the lanes are for a pointer: the table of steps says the same.
REACHED = "a[href]:not([tabindex]), button, input, select, summary, audio, [tabindex='0']"
FOCUSED = """() => {
    const at = document.activeElement, box = at.getBoundingClientRect(), look = getComputedStyle(at);
    return {
        what: at.outerHTML,
        body: at === document.body,
        outlined: look.outlineStyle !== 'none' && parseFloat(look.outlineWidth) >= 2,
        seen: box.bottom > 0 && box.top < innerHeight && box.width > 0 && box.height > 0,
    };
}"""


def grave(page: Page) -> list[tuple[str, list[str]]]:
    """Return what is serious or critical on a page."""
    return [
        (each["id"], [node["html"][:160] for node in each["nodes"][:3]])
        for each in Axe().run(page).response["violations"]
        if each["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("look", ["ru.light", "en.dark", "ru.dark", "en.light"])
def test_everybody_can_read_them(opens: Opens, site: str, book: Playbook, width: int, look: str) -> None:
    page = opens(site, look, width).new_page()
    found = {}
    for path in PATHS:
        page.goto(path.format(call=book.call("shop-drops").key))
        found[path] = grave(page)
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, f"{path} is {wide} wide"
    assert {path: each for path, each in found.items() if each} == {}


@pytest.mark.parametrize("look", ["ru.light", "en.dark"])
def test_everybody_can_follow_a_live_call(opens: Opens, living: Living, look: str) -> None:
    page = opens(living.site, look, 390).new_page()
    page.goto("/calls")
    living.call("press 1 at 1s, hang up at 7s")
    row = page.locator("#live tbody td.who a")
    expect(row).to_be_visible()
    assert grave(page) == []
    row.click()
    expect(page.locator("#stopping")).to_be_visible()
    page.locator("#stopping summary").click()
    assert grave(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    expect(page.locator(".now")).to_have_count(0)


@pytest.mark.parametrize("path", ["/calls?outcome=unanswered", "/calls/{call}", "/flow?period=all"])
def test_the_keyboard_goes_through_all_of_it(page: Page, book: Playbook, path: str) -> None:
    page.goto(path.format(call=book.call("abandoned-menu").key))
    whole = page.locator(REACHED).locator("visible=true")
    expected, been = whole.count(), []
    while True:
        page.keyboard.press("Tab")
        at = page.evaluate(FOCUSED)
        if at["body"]:
            break
        been.append(at)
        assert at["outlined"], f"the focus cannot be seen: {at['what'][:90]}"
        assert at["seen"], f"the focus is off the screen: {at['what'][:90]}"
        assert len(been) < 3 * expected
    assert len({each["what"] for each in been}) >= expected
    assert "skip" in been[0]["what"]


def test_the_skip_link_leads_to_the_content(page: Page) -> None:
    page.goto("/calls")
    page.keyboard.press("Tab")
    skip = page.locator("a.skip")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")


def test_without_script_pages_say_all_they_know(opens: Opens, site: str) -> None:
    page = opens(site, script=False).new_page()
    page.goto("/calls?outcome=unanswered")
    expect(page.locator("table.history tr[data-key]")).to_have_count(3)
    page.locator("td.who a").first.click()
    expect(page.locator("svg.lanes")).to_be_visible()
    expect(page.locator("svg.chart")).to_be_visible()
    page.locator("#raw1 summary").click()
    expect(page.locator("#raw1 pre")).to_be_visible()
    page.get_by_role("link", name="Схема").click()
    expect(page.locator("svg.chart")).to_be_visible()


def test_without_script_a_live_call_has_its_times(opens: Opens, living: Living) -> None:
    watching = opens(living.site).new_page()
    watching.goto("/calls")
    living.call("press 1 at 1s, hang up at 8s")
    expect(watching.locator("#live tbody tr")).to_contain_text("Звоним в магазин")
    page = opens(living.site, script=False).new_page()
    page.goto("/calls")
    row = page.locator("#live tbody tr")
    expect(row.locator("[data-since]")).to_contain_text("с ")
    expect(row.locator("[data-due]")).to_contain_text("в ")
    row.locator("td.who a").click()
    expect(page.locator(".now")).to_contain_text("Звоним в магазин, с ")
    expect(watching.locator("#live tbody tr")).to_have_count(0)
