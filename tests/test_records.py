"""From the journal to the directory: what is told of a call."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from ivr_fsm.directory.port import AnsweredBy, CallRecord
from ivr_fsm.journal.entries import CallEntry
from ivr_fsm.records import record_of
from tests.flow.clock import NOON, OFFICE, ORDER, PHONE, LiveCall
from tests.journal.recorded import exported

SECOND = timedelta(seconds=1)


@pytest.fixture
def call() -> CallEntry:
    """A call that is in the menu."""
    return exported(LiveCall().identified(ORDER)).call


def test_a_conversation(call: CallEntry) -> None:
    talked = replace(
        call,
        answered_by="office",
        answered_phone=OFFICE[0],
        answered=NOON + 12 * SECOND,
        talk=60_500_000,
        outcome="answered:office",
        ended=NOON + 72.5 * SECOND,
    )
    assert record_of(talked, "RU", "https://ivr.example/1") == CallRecord(
        call.call,
        PHONE,
        "10542",
        AnsweredBy("office", f"+{OFFICE[0]}"),
        "answered:office",
        NOON,
        12.0,
        60.5,
        "https://ivr.example/1",
    )


def test_a_call_that_nobody_answered(call: CallEntry) -> None:
    over = replace(call, order_id="", outcome="abandoned:menu", ended=NOON + 9 * SECOND)
    record = record_of(over, "RU", None)
    assert (record.order_id, record.answered_by, record.recording) == (None, None, None)
    assert (record.waited_seconds, record.talked_seconds) == (9.0, 0.0)


def test_a_call_that_was_lost_while_it_waited(call: CallEntry) -> None:
    record = record_of(replace(call, lost=NOON + 3600 * SECOND), "RU", None)
    assert (record.outcome, record.waited_seconds, record.talked_seconds) == ("failed", None, 0.0)


def test_a_call_that_was_lost_while_they_talked(call: CallEntry) -> None:
    lost = replace(
        call,
        lost=NOON + 3600 * SECOND,
        answered_by="shop",
        answered_phone="8{800}",
        answered=NOON + 5 * SECOND,
    )
    record = record_of(lost, "RU", None)
    assert record.answered_by == AnsweredBy("shop", "8{800}")
    assert (record.outcome, record.waited_seconds, record.talked_seconds) == ("answered:shop", 5.0, None)
