"""What is counted of many calls, and a call that is played again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, timedelta
from pathlib import Path

import pytest
from tests.cli.book import Book
from tests.flow.clock import NOON, ORDER, OTHER
from tests.playbook import playbook

from ivr_fsm.flow.plan import Plan
from ivr_fsm.journal.entries import StepEntry
from ivr_fsm.journal.reader import Wanted
from ivr_fsm.planfile import load_plan
from ivr_fsm.web.inspector import flowpage, statistics
from ivr_fsm.web.inspector.archive import Archive, Shelf
from ivr_fsm.web.inspector.look import Look
from ivr_fsm.web.inspector.replayed import Replayed, replayed
from ivr_fsm.web.inspector.showing import Showing
from ivr_fsm.web.inspector.words import LANGUAGES

HERE = Showing(Look(language="en"), UTC)


def spent(visits: int, median: float, ninth: float, total: float, abandoned: int = 0) -> statistics.Spent:
    median_, ninth_, total_ = (timedelta(seconds=each) for each in (median, ninth, total))
    return statistics.Spent(visits, median_, ninth_, total_, abandoned)


@pytest.fixture
def counted(tmp_path: Path) -> Book:
    """Three calls in the menu for 2, 4 and 9 s, the last goes on to the office; one is live, one refused."""
    book = Book(tmp_path)
    for index, seconds in enumerate((2, 4)):
        live = book.begin(f"0000000{index}", at=NOON + timedelta(hours=index))
        live.identified(ORDER)
        live.advance(3)
        live.prompt_ends()
        live.advance(seconds)
        live.hangs_up()
    office = book.begin("00000002", at=NOON + timedelta(hours=2))
    office.advance(1)
    office.identified(ORDER)
    office.advance(5)
    office.prompt_ends()
    office.advance(9)
    office.press("2")
    office.advance(3)
    office.hangs_up()
    for index in range(2):
        office.ends("office", index)
    book.begin("00000003", at=NOON + timedelta(hours=3)).identified(OTHER)
    book.refuse(NOON + timedelta(hours=4))
    return book


def test_figures_by_hand(counted: Book) -> None:
    found = statistics.statistics(counted.reader, None)
    assert (found.calls, found.counted) == (3, 3)
    assert found.states["menu"] == spent(3, 4, 9, 15, abandoned=2)
    assert found.states["greeting"] == spent(3, 3, 5, 11)
    assert found.states["identifying"] == spent(3, 0, 1, 1)
    assert found.states["dialing_office"] == spent(1, 3, 3, 3, abandoned=1)
    assert found.moves["greeting", "menu"] == 3
    assert found.moves["menu", "ended"] == 2
    assert found.moves["menu", "dialing_office"] == 1
    counted.close()


def test_only_those_of_the_period(counted: Book) -> None:
    found = statistics.statistics(counted.reader, NOON + timedelta(minutes=30))
    assert (found.calls, found.states["menu"]) == (2, spent(2, 6.5, 9, 13, abandoned=1))
    assert statistics.statistics(counted.reader, NOON + timedelta(days=1)) == statistics.Statistics(0, 0)
    counted.close()


def test_only_the_newest_are_looked_at_and_that_is_known(
    counted: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statistics, "MOST", 2)
    found = statistics.statistics(counted.reader, None)
    assert (found.calls, found.counted) == (3, 2)
    assert found.states["menu"].visits == 2
    counted.close()


def test_steps_that_are_missing_make_no_time(tmp_path: Path) -> None:
    book = Book(tmp_path)
    live = book.begin(without=(3,))
    live.identified(ORDER)
    live.advance(3)
    live.prompt_ends()
    live.advance(9)
    live.hangs_up()
    found = statistics.statistics(book.reader, None)
    assert "greeting" not in found.states, "it is not known when it was left"
    assert found.states["menu"] == statistics.Spent(abandoned=1)
    book.close()


# The page of the flow


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_plans_numbers_are_said(language: str) -> None:
    show, plan = Showing(Look(language=language), UTC), Plan()
    wanted = {
        "identifying": ["2"],
        "greeting": ["28", "FW1"],
        "menu": ["10", "FW3", "3"],
        "dialing_shop": ["32", "FW6", "FW8", "FW4"],
        "dialing_office": ["34", "10"],
        "dialing_call_centre": ["60", "FW8"],
        "announcing": ["9"],
        "transferring": ["30"],
        "partner_notice": ["FW2"],
        "unanswered": ["FW9"],
    }
    for state, numbers in wanted.items():
        said = " ".join(flowpage.numbers(show, plan, state))
        assert all(each in said for each in numbers), (state, said)


@pytest.mark.parametrize("name", ["default", "fast"])
def test_another_plan_says_other_numbers(name: str) -> None:
    plan = load_plan(Path("src/ivr_fsm/examples") / f"{name}.toml")
    said = " ".join(flowpage.numbers(HERE, plan, "dialing_shop"))
    assert f"{plan.dialing_shop.gives_up:g}" in said
    assert {"default": 32, "fast": 15}[name] == plan.dialing_shop.gives_up


def test_the_page_has_what_was_counted(counted: Book) -> None:
    archive = Archive(Shelf(counted.url, "Europe/Moscow"))
    page = flowpage.page(archive, Look(language="en"), {"period": "all"})
    assert 'href="calls?in=menu">2</a> <small>67 %</small>' in page
    for period in ("day", "week", "month", "all", "", "<script>"):
        assert "<script>" not in flowpage.page(archive, Look(), {"period": period})
    counted.close()


def test_old_calls_are_better_than_none(counted: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(flowpage.PERIODS, "week", timedelta(seconds=1))
    archive = Archive(Shelf(counted.url, "Europe/Moscow"))
    assert 'href="calls?in=menu">2</a>' in flowpage.page(archive, Look(), {})
    assert 'href="calls?in=menu' not in flowpage.page(archive, Look(), {"period": "week"})
    counted.close()


# Played again


def again(steps: list[StepEntry], name: str = "call-centre") -> Replayed:
    book = playbook()
    archive = Archive(Shelf(book.url, "Europe/Moscow"))
    return replayed(archive, HERE, book.call(name), steps)


def steps_of(name: str = "call-centre") -> list[StepEntry]:
    book = playbook()
    return book.reader.steps(book.call(name).key)


def test_every_call_of_the_demo_goes_as_it_went() -> None:
    book = playbook()
    archive = Archive(Shelf(book.url, "Europe/Moscow"))
    for call in book.reader.each(Wanted()):
        steps = book.reader.steps(call.key)
        came = replayed(archive, HERE, call, steps)
        assert came.same
        assert str(len(steps)) in came.text


def test_the_first_step_that_differs_is_told() -> None:
    steps = steps_of()
    [at] = [index for index, step in enumerate(steps) if step.after == "dialing_call_centre" and step.moved][
        :1
    ]
    steps[at] = replace(steps[at], after="unanswered")
    came = again(steps)
    assert not came.same
    assert str(steps[at].number) in came.text
    assert HERE.state("unanswered") in came.was[0]
    assert HERE.state("dialing_call_centre") in came.now[0]


def test_commands_that_differ_are_told() -> None:
    steps = steps_of()
    at = next(i for i, step in enumerate(steps) if any(each["is"] == "Dial" for each in step.commands))
    kept = [command for command in steps[at].commands if command["is"] != "Dial"]
    steps[at] = replace(steps[at], body={**steps[at].body, "commands": kept})
    came = again(steps)
    assert not came.same
    assert came.was != came.now


def test_a_replay_that_cannot_go_on_says_why() -> None:
    steps = steps_of()
    came = again([*steps[:3], *steps[4:]])
    assert not came.same
    assert "4" in came.text
    assert (came.was, came.now) == ([], [])
    unknown = replace(steps[2], body={**steps[2].body, "event": {"is": "<b>Unheard"}})
    assert not again([*steps[:2], unknown, *steps[3:]]).same
    assert not again([]).same
    assert again([]).text
