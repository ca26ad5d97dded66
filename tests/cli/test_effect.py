"""``ivr-fsm replay --since``: what another plan would have done to the recorded calls."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from tests.cli.book import Book, WrittenCall
from tests.cli.conftest import Run
from tests.flow.clock import NOON, ORDER, OTHER

from ivr_fsm.flow.events import LinkLost
from ivr_fsm.flow.guards import Guards

PLAN = """
targets.office.numbers = ["74951110011", "74951110012"]
targets.call_centre.numbers = ["74951110021"]
"""
SINCE = ("replay", "--since", "2026-01-01", "--plan")


def plan(folder: Path, text: str = "") -> str:
    file = folder / "new.toml"
    file.write_text(PLAN + text, "utf-8")
    return str(file)


def to_shop(book: Book, name: str, minute: int = 0) -> WrittenCall:
    live = book.begin(name, at=NOON + timedelta(minutes=minute)).identified(ORDER)
    live.advance(8)
    live.prompt_ends()
    live.press("1")
    return live


def end(live: WrittenCall, target: str) -> None:
    live.bridged(target)
    live.advance(20)
    live.ends(target, cause="NORMAL_CLEARING")
    live.hangs_up()


def shop_answers_late(book: Book, name: str, minute: int = 0) -> None:
    """After 20 s, and hears who calls; the office was never rung."""
    live = to_shop(book, name, minute)
    live.advance(20)
    live.answers("shop")
    live.advance(7)
    live.announced("shop")
    end(live, "shop")


def office_answers(book: Book, name: str, minute: int = 0) -> None:
    """The shop is silent, the office answers after 6 s."""
    live = to_shop(book, name, minute)
    live.advance(32 + 6)
    live.answers("office")
    end(live, "office")


def gives_up_on_shop(book: Book, name: str, minute: int = 0) -> None:
    live = to_shop(book, name, minute)
    live.advance(30)
    live.hangs_up()


def knows_nobody(book: Book, name: str, minute: int = 0) -> None:
    live = book.begin(name, at=NOON + timedelta(minutes=minute)).identified(OTHER)
    live.advance(8)
    live.prompt_ends()
    live.advance(3)
    live.answers("office")
    end(live, "office")


def loses_connection(book: Book, name: str, minute: int = 0) -> None:
    live = to_shop(book, name, minute)
    live.send(LinkLost("closed"))


CALLS = (shop_answers_late, office_answers, gives_up_on_shop, knows_nobody, loses_connection)


@pytest.fixture
def day(book: Book) -> Book:
    """A call of each kind, and one that is still on."""
    for minute, happens in enumerate(CALLS):
        happens(book, f"{minute + 1:08x}", minute)
    to_shop(book, "000000ff", 10)
    return book


def test_with_the_same_plan_nothing_changes(day: Book, run: Run, tmp_path: Path) -> None:
    said = run(*SINCE, plan(tmp_path)).stdout
    assert "5 calls since 2026-01-01 00:00, with " in said
    assert "of 4 calls: the same plan" in said
    assert "Elsewhere: 0 of 4 calls" in said
    assert "Not known" not in said
    assert "Not modelled: 1 call\n   1 the connection to the switch was lost: 00000005" in said
    assert row(said, "answered by the office") == ["2", "2"]


def row(said: str, name: str) -> list[str]:
    [line] = [line for line in said.splitlines() if line.startswith(name)]
    return line.removeprefix(name).split()


def test_a_shorter_patience_with_the_shop_sends_calls_elsewhere(day: Book, run: Run, tmp_path: Path) -> None:
    said = run(*SINCE, plan(tmp_path, "dialing_shop.gives_up = 26\n"), "--journal", day.url).stdout
    assert "\n     dialing_shop.gives_up: 32, now 26\n" in said
    assert "Elsewhere: 0 of 4 calls" in said
    assert "The same way, answered at another time\n   1 6.0 s sooner (median): 00000002" in said
    assert "1 a phone of the office is rung that was not rung then: 74951110011: 00000003" in said
    assert row(said, "abandoned") == ["1", "-1", "0"]
    assert row(said, "not known") == ["1"]
    assert "Answered in all: 3 then; now at least 3, at most 4." in said


def test_where_a_call_goes_elsewhere_is_said_with_why(day: Book, run: Run, tmp_path: Path) -> None:
    said = run(*SINCE, plan(tmp_path, "dialing_shop.gives_up = 60\ntargets.shop.announce = false\n")).stdout
    assert "dialing_shop leads to connected instead of announcing: not announcement needed" in said
    assert "1 answered by the shop as before, another way, 7.0 s sooner: 00000001" in said
    assert "1 the caller had waited for 46 s, and not longer; now they would have to: 00000002" in said


def test_a_plan_that_leads_all_to_the_call_centre(day: Book, run: Run, tmp_path: Path) -> None:
    said = run(*SINCE, plan(tmp_path, 'targets.office.hours = ["sun 10:00-10:01"]\n')).stdout
    assert "2 a phone of the call centre is rung that was not rung then: 74951110021:" in said


def test_calls_before_that_day_do_not_count(day: Book, run: Run, tmp_path: Path) -> None:
    said = run("replay", "--since", "2026-11-24", "--plan", plan(tmp_path)).stdout
    assert said.splitlines()[0].startswith("0 calls since 2026-11-24 00:00")
    assert "Elsewhere" not in said


@pytest.mark.parametrize("since", ["30d", "12h", "2w", "2026-11-01", "2026-11-01T12:00"])
def test_how_long_ago_may_be_said_in_hours_days_weeks_or_as_a_date(
    since: str, day: Book, run: Run, tmp_path: Path
) -> None:
    assert run("replay", "--since", since, "--plan", plan(tmp_path)).exit_code == 0


def test_a_plan_is_needed(day: Book, run: Run) -> None:
    result = run("replay", "--since", "30d")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "give its file with --plan or IVR_PLAN" in result.stderr


@pytest.mark.parametrize("since", ["soon", "30", "-3d", "3y", "٣d", "2026-13-01", "999999w", "\x1b[31m"])
def test_what_is_no_time_is_refused(since: str, day: Book, run: Run) -> None:
    result = run("replay", "--since", since)
    assert result.exit_code == 2
    assert "--since" in result.stderr
    assert "\x1b" not in result.stderr


def test_a_wrong_plan_is_named(day: Book, run: Run, tmp_path: Path) -> None:
    result = run(*SINCE, plan(tmp_path, "dialing_shop.gives_up = -1\n"))
    assert result.exit_code == 2
    assert "dialing_shop.gives_up" in result.stderr


def test_the_phones_of_people_are_hidden_when_that_is_wanted(
    day: Book, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IVR_MASK_PHONES", "true")
    said = run(*SINCE, plan(tmp_path, "dialing_shop.gives_up = 26\n")).stdout
    assert "is rung that was not rung then" in said
    assert "74951110011" not in said


def test_calls_of_an_older_flow_are_modelled_with_todays(
    day: Book, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ivr_fsm.journal.whatif.effect.flow_revision", lambda: "another")
    said = run(*SINCE, plan(tmp_path)).stdout
    assert "4 calls of an older version of the flow, modelled with today's" in said


def never_pressed(self: Guards) -> tuple[bool, object]:
    return False, "never"


def test_a_call_that_goes_otherwise_with_its_own_plan_is_not_compared(
    day: Book, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = Guards.pressed_shop.__wrapped__  # type: ignore[attr-defined]
    monkeypatch.setattr(inner, "__code__", never_pressed.__code__)
    said = run(*SINCE, plan(tmp_path)).stdout
    assert "Not modelled: 4 calls" in said
    assert "3 the model does not take it the way it went: 00000003 00000002 00000001" in said
    monkeypatch.setattr("ivr_fsm.journal.whatif.effect.flow_revision", lambda: "another")
    said = run(*SINCE, plan(tmp_path)).stdout
    assert "3 an older version recorded it, and today's does not take it the way it went" in said
