"""``ivr-fsm show``: the reason is seen."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from tests.cli.book import Book, WrittenCall
from tests.cli.conftest import Run
from tests.flow.clock import NOON, ORDER, ORDER_OF_CLOSED

from ivr_fsm.cli.wording import GUARDS
from ivr_fsm.flow.events import DigitPressed, LegEnded, PromptFinished
from ivr_fsm.flow.guards import Guards


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
    assert "timers: cancelled limit at 36.0; armed FW8 at 15.0, 25.0, FW4 at 35.0, limit at 43.0" in " ".join(
        told
    )


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
    last = lines(run("show", "last", "--utc").stdout)[-1]
    assert last.startswith("live: in dialing_call_centre for ")
    assert last.endswith("; next: FW8 at 09:01:03, limit at 09:01:53")


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
    assert "lost: the instance died while the call was in greeting" in lost
    assert "lost: noticed at 2026-11-23 10:00:00" in lost


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


def test_every_guard_has_words() -> None:
    asked = {name for name, value in vars(Guards).items() if not name.startswith("_") and callable(value)}
    assert set(GUARDS) == asked
