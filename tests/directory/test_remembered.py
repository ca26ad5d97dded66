"""The outbox of a service without a journal."""

from __future__ import annotations

from datetime import timedelta

import pytest
from structlog.testing import capture_logs
from tests.flow.clock import CALL_ID, NOON, OFFICE, ORDER, PHONE, LiveCall, talking

from ivr_fsm.directory import remembered
from ivr_fsm.directory.port import AnsweredBy, CallRecord
from ivr_fsm.directory.remembered import Remembered
from ivr_fsm.flow import events


def watched(*lives: LiveCall) -> Remembered:
    """Let the outbox follow calls."""
    box = Remembered()
    for live in lives:
        for number, (at, step) in enumerate(zip(live.times, live.steps, strict=True), 1):
            box.stepped(CALL_ID, number, step, live.start + timedelta(seconds=at))
    return box


async def records(box: Remembered) -> list[CallRecord]:
    return [record for _, record in await box.after(0, 100)]


async def test_a_conversation() -> None:
    live = talking("office")
    answered = live.seconds
    live.advance(61.5)
    live.hangs_up()
    [record] = await records(watched(live))
    assert record == CallRecord(
        CALL_ID,
        PHONE,
        "10542",
        AnsweredBy("office", f"+{OFFICE[0]}"),
        "answered:office",
        NOON,
        answered,
        61.5,
    )


async def test_a_transferred_caller_has_two_conversations() -> None:
    live = talking("office")
    live.advance(20)
    live.send(events.LegEnded(live.leg("office"), "NORMAL_CLEARING", transferred=True))
    live.send(events.CallerReturned("74951110099", "74951110011"))
    live.advance(10)
    live.answers("transfer")
    live.bridged("transfer")
    live.advance(30)
    live.hangs_up()
    [record] = await records(watched(live))
    assert (record.outcome, record.talked_seconds) == ("answered:transfer", 50.0)


async def test_a_call_that_nobody_answered() -> None:
    live = LiveCall().identified(ORDER)
    live.advance(5)
    live.hangs_up()
    [record] = await records(watched(live))
    assert (record.answered_by, record.outcome) == (None, "abandoned:greeting")
    assert (record.waited_seconds, record.talked_seconds) == (live.seconds, 0.0)


async def test_records_go_in_order_and_only_once_they_are_done(monkeypatch: pytest.MonkeyPatch) -> None:
    lives = []
    for start in range(3):
        lives.append(LiveCall(start=NOON + timedelta(hours=start)).identified(ORDER))
        lives[-1].hangs_up()
    box = watched(*lives)
    [(first, one), (_, two)] = await box.after(0, 2)
    assert (one.started, two.started) == (lives[0].start, lives[1].start)
    assert one.key != two.key, "a caller leg may be a call twice"
    await box.done(first)
    assert await records(box) == [two, (await box.after(0, 3))[1][1]]
    monkeypatch.setattr(remembered, "MOST", 2)
    with capture_logs() as lines:
        box._put(one)
    assert lines[0]["calls"] == [CALL_ID]
    assert await records(box) != []
    with capture_logs() as lines:
        await box.close()
    assert lines[0]["event"] == "call_ended forgotten"
