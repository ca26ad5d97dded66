"""``ivr-fsm show``: the reason is seen."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update
from tests.cli.book import Book, WrittenCall
from tests.cli.conftest import Run
from tests.flow.clock import NOON, ORDER, ORDER_OF_CLOSED

from ivr_fsm.flow.events import CallerHungUp, CallerReturned, DigitPressed, LegEnded, PromptFinished
from ivr_fsm.journal.tables import STEPS, micros
from ivr_fsm.recordings.ledger import Ledger
from ivr_fsm.recordings.verdict import Verdict


def at_call_centre(book: Book) -> WrittenCall:
    """Neither the shop nor the office has answered."""
    live = book.begin()
    live.identified(ORDER)
    live.advance(8)
    live.prompt_ends()
    live.advance(3)
    live.press("1")
    live.rings("shop")
    live.advance(32 + 10)
    assert live.state == "dialing_call_centre"
    return live


def lines(output: str) -> list[str]:
    return [" ".join(line.split()) for line in output.splitlines()]


def test_why_a_call_went_to_the_call_centre(book: Book, run: Run) -> None:
    live = at_call_centre(book)
    live.answers("call_centre")
    live.bridged("call_centre")
    live.advance(20)
    live.ends("call_centre", cause="NORMAL_CLEARING")
    live.hangs_up()
    shown = run("show", "0f7e", "--utc").stdout
    head = lines(shown)[:5]
    assert head[0] == "+79161234567 Иван, order 10542, shop Цветы"
    assert head[1] == "answered by the call centre (74951110021) · waited 0:53 · talked 0:20"
    assert head[2].startswith("Mon 2026-11-23 09:00:00 UTC · to 74950000000 · 0f7e1a52-5b1c")
    assert head[4].startswith("went identifying → greeting → menu → dialing_shop → dialing_office → ")
    told = lines(shown)
    for line in (
        "11.0 dialing_shop the caller pressed 1",
        "yes: that is the key for the shop (1); yes: the shop is open (s1)",
        "11.0 shop rings: 74951110001",
        "43.0 dialing_office the shop did not answer for 32 s",
        "yes: the office is open (Mon 09:00)",
        "53.0 dialing_call_centre the office did not answer for 10 s",
        "53.0 connected call centre 74951110021 answered",
        "53.0 the caller talks to call centre 74951110021",
        "73.0 releasing call centre 74951110021: hung up",
    ):
        assert line in told
    assert "timers:" not in shown
    timers = "timers: cancelled limit at 36.0; armed FW8 at 15.0, 25.0, FW4 at 35.0, limit at 43.0"
    assert timers in " ".join(lines(run("show", "0f7e", "--all").stdout)).replace("# ", "#")


def test_a_closed_shop_is_the_reason(book: Book, run: Run) -> None:
    live = book.begin().identified(ORDER_OF_CLOSED)
    live.prompt_ends()
    live.press("1")
    assert "no: the shop is open (s2)" in run("show", "last").stdout


def test_what_failed_is_told_at_its_place(book: Book, run: Run) -> None:
    live = book.begin().identified(ORDER)
    live.prompt_ends()
    live.send(PromptFinished("FW3-2", "missing"))
    live.ends("office", 0, "USER_BUSY")
    live.ends("office", 1, "CALL_REJECTED")
    told = lines(run("show", "last").stdout)
    assert "! Prompt FW3 is not heard: missing" in told
    assert "0.0 office 74951110011: busy" in told
    assert "0.0 dialing_call_centre office 74951110012: rejected" in told


def test_what_changed_nothing_is_folded_and_unfolded(book: Book, run: Run) -> None:
    live = at_call_centre(book)
    live.send(PromptFinished("FW6-3"))
    live.send(DigitPressed("7"))
    folded, whole = run("show", "last").stdout, run("show", "last", "--all").stdout
    assert "1 step that changed nothing" in folded
    assert "FW6 is over" not in folded
    assert "the caller pressed 7" in folded
    assert "FW6 is over" in whole
    for step in book.reader.steps(book.reader.call("0f7e")[0].key):
        assert f" #{step.number} " in whole


def test_released_phones_are_no_news(book: Book, run: Run) -> None:
    live = at_call_centre(book)
    live.answers("call_centre")
    live.ends("shop", 0, "LOSE_RACE")
    shown = run("show", "last").stdout
    assert "another phone was first" not in shown
    assert "1 step that changed nothing" in shown


def test_a_live_call_says_what_comes_next(book: Book, run: Run) -> None:
    at_call_centre(book)
    shown = run("show", "last", "--utc").stdout
    [last] = [line for line in lines(shown) if line.startswith("live: in dialing_call_centre for ")]
    assert last.endswith("; next: FW8 at 09:01:03, limit at 09:01:53")


@pytest.mark.parametrize(("ago", "dead"), [(timedelta(), False), (timedelta(hours=2), True)])
def test_a_call_whose_deadlines_passed_long_ago(book: Book, run: Run, ago: timedelta, dead: bool) -> None:
    book.begin(at=datetime.now(UTC) - ago).identified(ORDER)
    assert ("its instance may have died" in run("show", "last").stdout) is dead
    assert ("its instance may have died" in run("calls", "--live").stdout) is dead


def talks(book: Book) -> WrittenCall:
    live = book.begin()
    live.identified(ORDER)
    live.prompt_ends()
    live.press("2")
    live.advance(3)
    live.answers("office")
    live.bridged("office")
    return live


def test_who_answered_first_is_told_apart_from_who_did_in_the_end(book: Book, run: Run) -> None:
    live = talks(book)
    live.advance(5)
    live.send(LegEnded(live.leg("office"), "NORMAL_CLEARING", transferred=True))
    live.send(CallerReturned("74951110099"))
    live.advance(6)
    live.answers("transfer")
    live.bridged("transfer")
    live.advance(20)
    live.ends("transfer", cause="NORMAL_CLEARING")
    live.hangs_up()
    shown = " ".join(lines(run("show", "last").stdout))
    assert "(74951110099) · first answered after 0:03 by the office · talked 0:25 in all" in shown


def test_a_caller_who_hangs_up_after_an_answer_was_not_answered_by_that_phone(book: Book, run: Run) -> None:
    live = talks(book)
    live.advance(5)
    live.send(LegEnded(live.leg("office"), "NORMAL_CLEARING", transferred=True))
    live.send(CallerReturned("74951110099"))
    live.hangs_up()
    assert lines(run("show", "last").stdout)[1].startswith(
        "abandoned: the caller hung up in transferring · waited"
    )


def test_a_phone_that_we_release_has_not_hung_up(book: Book, run: Run) -> None:
    live = at_call_centre(book)
    live.hangs_up()
    for target, index in (("shop", 0), ("office", 0), ("office", 1), ("call_centre", 0)):
        live.ends(target, index, "NORMAL_CLEARING")
    told = lines(run("show", "last", "--all").stdout)
    assert any(line.endswith("call centre 74951110021 is released") for line in told)
    assert not any(line.endswith(": hung up") for line in told)


def test_a_second_phone_is_let_go_because_another_was_first(book: Book, run: Run) -> None:
    live = talks(book)
    live.answers("office", 1)
    live.advance(5)
    told = " ".join(lines(run("show", "last", "--all").stdout))
    assert "office 74951110012 answered, after another phone had release office 74951110012" in told


def test_a_forgotten_phone_is_whole(book: Book, run: Run) -> None:
    live = at_call_centre(book)
    live.hangs_up()
    for leg in list(live.call.legs):
        live.send(LegEnded(leg, "NORMAL_CLEARING"))
    assert run("forget", "74951110001", "--yes").exit_code == 0
    told = lines(run("show", "last").stdout)
    assert "11.0 shop rings: [number 1]" in told


def test_a_prompt_is_explained_where_it_is_first_played(book: Book, run: Run) -> None:
    at_call_centre(book)
    shown = " ".join(lines(run("show", "last").stdout))
    assert shown.count("play FW1 (greeting)") == 1
    assert shown.count("FW8 (please stay on the line)") == 1 < shown.count("FW8")


def test_a_caller_who_rings_off_before_the_answer_has_hung_up(book: Book, run: Run) -> None:
    live = book.begin()
    live.send(CallerHungUp("ORIGINATOR_CANCEL"))
    shown = run("show", "last").stdout
    assert "the caller hung up\n" in shown


def test_lines_end_without_blanks(book: Book, run: Run) -> None:
    at_call_centre(book)
    for command in (("show", "last"), ("calls",)):
        assert all(line == line.rstrip() for line in run(*command).stdout.splitlines())


def test_missing_steps_and_gaps_stand_at_their_place(book: Book, run: Run) -> None:
    live = book.begin(without=(3, 4))
    live.identified(ORDER)
    live.advance(8)
    live.prompt_ends()
    live.advance(3)
    live.press("2")
    live.advance(4)
    book.gap(9, 5, "database is locked")
    book.gap(9, 5, "another instance's", instance="ivr-2")
    told = run("show", "last", "--utc").stdout
    assert "steps 3 to 4 are missing from the journal" in told
    assert "gap of the journal until 09:00:14 (database is locked)" in told
    assert "another instance's" not in told
    assert told.index("greeting ") < told.index("gap of the journal") < told.index("steps 3 to 4")


def test_a_refused_call_and_a_lost_one(book: Book, run: Run) -> None:
    book.refuse()
    assert "refused: too many calls" in run("show", "dead").stdout
    book.begin("aaaa1111").identified(ORDER)
    book.lose()
    lost = run("show", "aaaa", "--utc").stdout
    assert "lost: its end is not known, only that it was in greeting" in lost
    assert "lost: noticed at 2026-11-23 10:00:00: its instance died, or it was exported" in lost


def test_which_call_is_meant(book: Book, run: Run) -> None:
    book.begin("0f7e1111")
    book.begin("0f7e2222", at=NOON + timedelta(minutes=1))
    unclear = run("show", "0f7e")
    assert unclear.exit_code == 2
    assert "0f7e1111" in unclear.stdout and "0f7e2222" in unclear.stdout
    assert "give more characters" in unclear.stderr
    assert "0f7e2222" in run("show", "last").stdout
    assert "0f7e1111" in run("show", "0F7E1").stdout
    assert "is too short" in run("show", "0f7").stderr
    assert "no call's id begins with 'ffff'" in run("show", "ffff").stderr
    assert "no call's id begins with '0f7e%'" in run("show", "0f7e%").stderr


def test_two_calls_of_one_leg_are_told_apart_by_their_keys(book: Book, run: Run) -> None:
    book.begin("0f7e1111")
    book.begin("0f7e1111", at=NOON + timedelta(minutes=1))
    assert "give a key" in run("show", "0f7e").stderr
    newest, oldest = book.reader.call("0f7e")
    assert str(oldest.key) in run("show", "0f7e").stdout
    assert "09:00:00 UTC" in run("show", str(oldest.key), "--utc").stdout
    assert "09:01:00 UTC" in run("show", str(newest.key), "--utc").stdout
    assert run("show", "9" * 40).exit_code == 2


def test_raw_steps(book: Book, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    live = at_call_centre(book)
    steps = [json.loads(line) for line in run("show", "last", "--raw").stdout.splitlines()]
    assert [step["number"] for step in steps] == list(range(1, len(live.steps) + 1))
    assert steps[0]["event"]["phone"] == "+79161234567"
    monkeypatch.setenv("IVR_MASK_PHONES", "true")
    masked = run("show", "last", "--raw").stdout
    assert "+791******67" in masked
    assert json.loads(masked.splitlines()[0])["event"]["call_id"] == live.id


def test_phones_in_the_timeline_are_masked_if_asked(
    book: Book, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_call_centre(book)
    monkeypatch.setenv("IVR_MASK_PHONES", "true")
    shown = run("show", "last", "--all").stdout
    assert "79161234567" not in shown and "74951110011" not in shown
    assert "+791******67" in shown


def test_a_step_of_another_version_is_shown_as_far_as_it_is_known(book: Book, run: Run) -> None:
    live = book.begin()
    live.send(LegEnded("nobody's", "USER_BUSY"))
    store = book.store.engine
    with store.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE steps SET event = 'Teleported', body = ? WHERE number = 2",
            ('{"event":{"is":"Teleported"},"commands":[{"is":"Fly","to":"[b]moon"}]}',),
        )
    assert "Teleported" in run("show", "last", "--all").stdout
    assert "fly" in run("show", "last").stdout


@pytest.mark.parametrize(
    ("verdict", "seconds", "line"),
    [
        ("ok", 83.2, "recording ok (1:23)"),
        ("too short: 1.0 s of 83.0 s", 1.0, "recording too short: 1.0 s of 83.0 s (0:01)"),
        ("missing", None, "recording missing"),
        ("removed", None, "recording removed"),
    ],
)
def test_what_became_of_the_recording(
    book: Book, run: Run, verdict: str, seconds: float | None, line: str
) -> None:
    live = at_call_centre(book)
    live.hangs_up()
    Ledger(book.store.engine, "").note(live.id, Verdict(verdict, seconds))
    assert line in lines(run("show", "0f7e").stdout)


def test_nothing_is_said_of_a_recording_that_nobody_wanted(book: Book, run: Run) -> None:
    live = at_call_centre(book)
    live.hangs_up()
    assert not [line for line in lines(run("show", "0f7e").stdout) if line.startswith("recording")]
    Ledger(book.store.engine, "").note(live.id, Verdict(""))
    assert not [line for line in lines(run("show", "0f7e").stdout) if line.startswith("recording")]


def test_a_clock_that_is_set_back_changes_no_second(book: Book, run: Run) -> None:
    live = at_call_centre(book)
    live.hangs_up()
    book.gap(5, 1, "full disk")
    before = run("show", "0f7e", "--utc", "--all").stdout
    assert "gap of the journal" in before
    with book.store.engine.begin() as connection:
        late = STEPS.c.at > micros(NOON + timedelta(seconds=9))
        connection.execute(update(STEPS).where(late).values(at=STEPS.c.at - 3_600_000_000))
    after = run("show", "0f7e", "--utc", "--all").stdout
    rows = [line for line in lines(before) if line[:1].isdigit() or line.startswith("timers:")]
    assert rows
    assert [line for line in lines(after) if line[:1].isdigit() or line.startswith("timers:")] == rows
