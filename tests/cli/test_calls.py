"""``ivr-fsm calls``: the call is found."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from tests.cli.book import Book
from tests.cli.conftest import Run
from tests.flow.clock import NOBODY, NOON, ORDER, PARTNER
from typer.testing import CliRunner

from ivr_fsm.cli import app
from ivr_fsm.flow import events

DAY = ("--day", "2026-11-23", "--utc")


@pytest.fixture
def moscow(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Europe/Moscow")
        time.tzset()
        yield
    time.tzset()


@pytest.fixture
def several(book: Book) -> Book:
    """An answered call, one abandoned in the menu, a partner's, a live one, a refused one; minutes apart."""
    answered = book.begin("aaaa1111").identified(ORDER)
    answered.advance(8)
    answered.prompt_ends()
    answered.press("2")
    answered.advance(6)
    answered.answers("office")
    answered.bridged("office")
    answered.advance(70)
    answered.ends("office", cause="NORMAL_CLEARING")
    answered.hangs_up()
    menu = book.begin("bbbb2222", "+79990000000", NOON + timedelta(minutes=10)).identified(ORDER)
    menu.prompt_ends()
    menu.hangs_up()
    partner = book.begin("cccc3333", "+74951110001", NOON + timedelta(minutes=20)).identified(PARTNER)
    partner.hangs_up()
    book.begin("dddd4444", "", NOON + timedelta(minutes=30)).identified(NOBODY)
    book.refuse(NOON + timedelta(minutes=40))
    return book


def ids(output: str) -> list[str]:
    return [
        word
        for line in output.splitlines()
        for word in line.split()[1:2]
        if word in ("aaaa1111", "bbbb2222", "cccc3333", "dddd4444", "dead0000")
    ]


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ((), "dcba"),
        (("--live",), "d"),
        (("--outcome", "answered"), "a"),
        (("--outcome", "answered:office"), "a"),
        (("--outcome", "answered:shop"), ""),
        (("--outcome", "abandoned"), "b"),
        (("--outcome", "partner"), "c"),
        (("--abandoned-in", "menu"), "b"),
        (("--answered-by", "office"), "a"),
        (("--answered-by", "call-center"), ""),
        (("--answered-by", "+7 495 111-00-11"), "a"),
        (("--answered-by", "8 (495) 111-00-11"), "a"),
        (("--answered-by", "0011"), "a"),
        (("--answered-by", "0012"), ""),
        (("--phone", "8 916 123-45-67"), "a"),
        (("--phone", "+79161234567"), "a"),
        (("--phone", "45-67"), "a"),
        (("--phone", "000-0000"), "b"),
        (("--phone", "+7916123"), "a"),
        (("--day", "2026-11-22"), ""),
        (("--at", "09:11", "--day", "2026-11-23"), "b"),
        (("--at", "09:23", "--day", "2026-11-23"), ""),
        (("--at", "09:22", "--day", "2026-11-23"), "c"),
    ],
)
def test_filters(several: Book, run: Run, options: tuple[str, ...], found: str) -> None:
    result = run("calls", "--utc", *options)
    assert result.exit_code == 0, result.output
    assert "".join(each[0] for each in ids(result.stdout) if each != "dead0000") == found


def test_what_a_row_says(several: Book, run: Run) -> None:
    lines = run("calls", *DAY).stdout.splitlines()
    assert lines[0] == "Monday 2026-11-23 (UTC)"
    [answered] = [line for line in lines if "aaaa1111" in line]
    assert answered.split() == [
        *("09:00:00", "aaaa1111", "+79161234567", "Иван", "#10542"),
        *("answered:office", "74951110011", "0:14", "1:10"),
    ]
    said = {line.split()[1]: " ".join(line.split()[2:]) for line in lines[2:]}
    assert "abandoned:menu" in said["bbbb2222"]
    assert "shop Цветы partner" in said["cccc3333"]
    assert "hidden live: greeting" in said["dddd4444"]
    assert "REFUSED: too many calls" in said["dead0000"]


def test_days_and_times_are_those_of_the_machine(several: Book, run: Run, moscow: None) -> None:
    result = run("calls", "--at", "12:00", "--day", "2026-11-23")
    assert "Monday 2026-11-23 (MSK)" in result.stdout
    assert "12:00:00 aaaa1111" in result.stdout


def test_a_call_of_a_dead_instance_is_lost(several: Book, run: Run) -> None:
    several.lose()
    assert "LOST in greeting" in run("calls").stdout
    assert ids(run("calls", "--outcome", "lost").stdout) == ["dddd4444"]
    assert ids(run("calls", "--live").stdout) == []


def test_a_cut_list_says_how_many_there_are(several: Book, run: Run) -> None:
    result = run("calls", "--last", "2")
    assert ids(result.stdout) == ["dead0000", "dddd4444"]
    assert "2 of 5 calls; --last 5 shows them all" in result.stdout
    assert "of 5 calls" not in run("calls", "--last", "5").stdout


def test_nothing_found_says_what_to_leave_out(several: Book, run: Run) -> None:
    result = run("calls", "--phone", "4567", "--outcome", "partner")
    assert result.stdout == ""
    assert (
        result.stderr
        == "no call with --outcome partner --phone 4567; without --outcome 2, without --phone 1\n"
    )
    assert "the journal has 5 in all" in run("calls", "--live", "--day", "2020-01-01", "--phone", "1").stderr


def test_nothing_found_says_where_it_looked_and_when_the_newest_calls_are(several: Book, run: Run) -> None:
    said = run("calls", "--at", "12:00", "--day", "2026-06-01", "--zone", "Europe/Moscow").stderr
    assert "(2026-06-01 11:58 to 12:03 MSK); the newest is of 2026-11-23 12:40;" in said
    said = run("calls", "--day", "2026-06-01", "--utc").stderr
    assert "(2026-06-01 UTC); the newest is of 2026-11-23 09:40;" in said


def test_times_of_another_zone(several: Book, run: Run) -> None:
    found = run("calls", "--at", "12:00", "--day", "2026-11-23", "--zone", "Europe/Moscow").stdout
    assert ids(found) == ["aaaa1111"] and "(MSK)" in found
    assert "the office is open (Mon 12:00)" in run("show", "aaaa", "--zone", "Europe/Moscow").stdout


@pytest.mark.parametrize("columns", [40, 56, 60, 80, 99, 140])
def test_a_narrow_terminal_never_cuts_an_id(
    several: Book, run: Run, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    shown = CliRunner().invoke(app, ["calls"]).stdout
    assert ids(shown) == ["dead0000", "dddd4444", "cccc3333", "bbbb2222", "aaaa1111"]
    assert all(len(line) <= columns for line in shown.splitlines())
    assert "abandoned:menu" in shown
    assert ("Иван #10542" in shown) is (columns >= 56)


def test_the_journal_of_the_demo_is_pointed_at(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    missing = ("calls", "--journal", "sqlite:///none.db")
    assert "demo" not in run(*missing).stderr
    Path("var").mkdir()
    Path("var/demo.db").touch()
    assert run(*missing).stderr.endswith("; the demo's is there: --journal sqlite:///var/demo.db\n")


def test_an_empty_journal(book: Book, run: Run) -> None:
    assert run("calls").stderr == "the journal has no call yet\n"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--outcome", "anserwed"), "there is no outcome 'anserwed'; did you mean answered"),
        (("--abandoned-in", "office"), "there is no state 'office'; did you mean dialing_office"),
        (("--abandoned-in", "zzz"), "there is no state 'zzz'; there are identifying, greeting, menu"),
        (("--answered-by", "ofice"), "there is no target 'ofice'; did you mean office?"),
        (("--phone", "Maria"), "'Maria' is no phone number"),
        (("--phone", "\x1b[31m"), r"'\x1b[31m' is no phone number"),
        (("--day", "monday"), "--day 'monday' is no day; write today, yesterday"),
        (("--at", "noon"), "--at 'noon' is no time of day; write it like 14:32"),
        (("--journal", "sqlite:///none.db"), "there is no journal none.db"),
        (("--zone", "Moscow"), "there is no time zone 'Moscow'; write it like Europe/Moscow"),
        (("--zone", "../etc/passwd"), "there is no time zone"),
        (("--zone", "Europe"), "there is no time zone"),
        (("--zone", "Europe/Moscow", "--utc"), "give either --utc or --zone"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(
    several: Book, run: Run, options: tuple[str, ...], message: str
) -> None:
    result = run("calls", *options)
    assert result.exit_code == 2
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_json_has_all_that_is_known(several: Book, run: Run) -> None:
    lines = [
        json.loads(line)
        for line in run("calls", "--json", "--last", "2", "--answered-by", "office").stdout.splitlines()
    ]
    [call] = lines
    assert call["started"] == "2026-11-23T09:00:00.000+00:00"
    assert (call["status"], call["waited"], call["talked"]) == ("answered:office", 14, 70)
    assert call["phone"] == "+79161234567"


def test_phones_are_masked_if_asked(several: Book, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IVR_MASK_PHONES", "true")
    for shown in (run("calls").stdout, run("calls", "--json").stdout):
        assert "791612345" not in shown
        assert "749511100" not in shown
        assert "+791******67" in shown


def test_names_are_no_commands_for_the_terminal(book: Book, run: Run) -> None:
    live = book.begin("eeee5555")
    evil = "[red]\x1b]0;owned\x07\u202e\nИван"
    assert ORDER.order
    live.send(events.CallerIdentified(type(ORDER)(evil, ORDER.order)))
    output = run("calls").stdout + run("show", "eeee").stdout
    assert "[red]" in output
    assert "\x1b" not in output and "\x07" not in output and "\u202e" not in output
