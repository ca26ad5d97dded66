"""The page of a call: it agrees with the journal, opens, folds, replays, sounds."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Page, expect

from ivr_fsm.demo.scenarios import SCENARIOS
from ivr_fsm.journal.entries import CallEntry, StepEntry
from ivr_fsm.web.inspector.words import words_of
from tests.playbook import Playbook

WORDS = words_of("ru")


def name_of(state: str) -> str:
    return WORDS.either("states", state, state)


def agrees(page: Page, call: CallEntry, steps: list[StepEntry]) -> None:
    """Path, lanes and reasons of the page are those of the journal."""
    moves = [step for step in steps if step.moved]
    visits: dict[str, list[int]] = {}
    for number, step in enumerate(moves, 1):
        visits.setdefault(name_of(step.after), []).append(number)
    drawn = page.locator("svg.chart g.visited").evaluate_all(
        "nodes => nodes.map(node => [node.querySelector('title').textContent, "
        "node.querySelector('.badge text').textContent])"
    )
    assert dict(drawn) == {state: ", ".join(map(str, numbers)) for state, numbers in visits.items()}
    path = page.locator("#part-chart > p").inner_text().split(" → ")
    hidden = ("releasing", "ended")
    assert path == [name_of(step.after) for step in moves if step.after not in hidden]

    dialed = [command for step in steps for command in step.commands if command["is"] == "Dial"]
    lanes = page.locator("svg.lanes text.lane").all_text_contents()
    assert len(lanes) == 1 + len(dialed)
    assert [text for text in lanes[1:] if not any(str(each["phone"]) in text for each in dialed)] == []
    talked = any(command["is"] == "Record" for step in steps for command in step.commands)
    assert (page.locator("svg.lanes .bar.talking").count() > 0) == talked

    # Some guards are told the other way round: their answers are compared where they are put into words.
    said = page.locator("table.steps tr.moved").evaluate_all(
        "rows => rows.map(row => [row.querySelector('strong').innerText, row.querySelectorAll('li').length])"
    )
    assert said == [[name_of(step.after), len(step.judged)] for step in moves]
    for step in steps:
        if step.moved:
            expect(page.locator(f"#s{step.number}")).to_be_attached()
    assert call.call in page.locator("dl").inner_text()


def test_each_call_of_the_demo(page: Page, book: Playbook) -> None:
    calls = book.calls
    assert len(calls) >= len(SCENARIOS)
    for call in calls:
        page.goto(f"/calls/{call.key}")
        agrees(page, call, book.reader.steps(call.key))


@pytest.fixture
def opened(page: Page, book: Playbook) -> CallEntry:
    call = book.call("call-centre")
    page.goto(f"/calls/{call.call[:8]}")
    return call


def test_a_bar_leads_to_its_step(page: Page, opened: CallEntry) -> None:
    bar = page.locator("svg.lanes a.bar.ringing").first
    address = bar.get_attribute("href") or ""
    bar.click()
    expect(page).to_have_url(re.compile(f"{re.escape(address)}$"))
    expect(page.locator(f"table.steps {address}")).to_be_in_viewport()


def test_pauses_are_folded_and_unfolded(page: Page, opened: CallEntry) -> None:
    expect(page.locator("svg.lanes rect.fold")).to_have_count(2)
    page.get_by_role("link", name="Развернуть паузы").click()
    expect(page.locator("svg.lanes rect.fold")).to_have_count(0)
    page.get_by_role("link", name="Свернуть паузы").click()
    expect(page.locator("svg.lanes rect.fold")).to_have_count(2)


def test_every_step_and_only_what_matters(page: Page, opened: CallEntry, book: Playbook) -> None:
    rows = page.locator("table.steps tbody tr")
    few = rows.count()
    page.get_by_role("link", name="Показать все шаги").click()
    expect(rows).to_have_count(len(book.reader.steps(opened.key)))
    assert rows.count() > few
    page.get_by_role("link", name="Только главное").click()
    expect(rows).to_have_count(few)


def test_the_raw_record_of_a_step(page: Page, opened: CallEntry) -> None:
    raw = page.locator("#raw4")
    expect(raw.locator("pre")).to_be_hidden()
    raw.locator("summary").click()
    expect(raw.locator("pre")).to_be_visible()
    said = json.loads(raw.locator("pre").inner_text())
    assert (said["number"], said["after"]) == (4, "dialing_shop")


def test_it_is_replayed(page: Page, opened: CallEntry) -> None:
    page.get_by_role("link", name="Проиграть заново").click()
    expect(page.get_by_role("heading", name="Повтор")).to_be_in_viewport()
    expect(page.get_by_text("Те же события в сегодняшней схеме дали те же команды")).to_be_visible()


def test_it_is_downloaded(page: Page, opened: CallEntry, book: Playbook) -> None:
    with page.expect_download() as download:
        page.get_by_role("link", name="Скачать JSON").click()
    assert download.value.suggested_filename == f"call-{opened.call}.json"
    said = json.loads(download.value.path().read_text("utf-8"))
    assert said["call"]["call"] == opened.call
    assert len(said["steps"]) == len(book.reader.steps(opened.key))


def test_the_recording_runs_along_the_lanes(page: Page, opened: CallEntry) -> None:
    audio, head = page.locator("audio"), page.locator("svg.lanes .playhead")
    expect(audio).to_have_js_property("readyState", 4)
    expect(page.locator("svg.lanes polygon.wave")).to_have_count(2)
    expect(head).to_have_attribute("visibility", "hidden")
    places = []
    for second in (1, 10, 19):
        audio.evaluate("(audio, second) => { audio.currentTime = second }", second)
        expect(audio).to_have_js_property("currentTime", second)
        expect(head).to_have_attribute("visibility", "visible")
        places.append(float(head.get_attribute("x1") or 0))
        expect(head).not_to_have_attribute("x1", f"{places[-2]:g}" if places[1:] else "0")
        places[-1] = float(head.get_attribute("x1") or 0)
    assert places == sorted(places)
    talk = page.locator("svg.lanes a.bar.talking rect").first
    begin, width = (float(talk.get_attribute(name) or 0) for name in ("x", "width"))
    assert begin < places[0] < places[-1] < begin + width
    audio.evaluate("audio => audio.play()")
    expect(audio).to_have_js_property("ended", True)
    assert float(head.get_attribute("x1") or 0) > places[-1]


def test_the_recording_comes_in_parts(page: Page, opened: CallEntry) -> None:
    part = page.request.get(f"/recordings/{opened.call}.wav", headers={"Range": "bytes=1000-1999"})
    assert (part.status, len(part.body())) == (206, 1000)


def test_a_click_between_the_bars_seeks(page: Page, opened: CallEntry) -> None:
    expect(page.locator("audio")).to_have_js_property("readyState", 4)
    wave = page.locator("svg.lanes polygon.wave").last
    wave.click()
    assert page.locator("audio").evaluate("audio => audio.currentTime") > 1


def test_a_call_that_is_not_there(opens: object, page: Page, site: str) -> None:
    window = opens(site, bears=("404",))  # type: ignore[operator]
    page = window.new_page()
    answer = page.goto("/calls/ffffffff")
    assert answer and answer.status == 404
    expect(page.locator("h1")).to_have_text("Такого звонка нет")
    page.get_by_role("main").get_by_role("link", name="Звонки").click()
    expect(page.locator("#live-title")).to_be_visible()
