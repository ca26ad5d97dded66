"""What one call's page says of it, step by step."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from tests.journal.pen import PLAN

from ivr_fsm.flow import events
from ivr_fsm.flow.caller import Unknown
from ivr_fsm.flow.record import LegState
from ivr_fsm.flow.step import arrive, attempt
from ivr_fsm.journal.page import Leave, Page, Record, new_key
from ivr_fsm.journal.rows import Origin, Row, clean, short
from ivr_fsm.journal.tables import micros, moment

BEGAN = datetime(2026, 11, 3, 11, 32, tzinfo=UTC)


@dataclass
class Call:
    """A call at whose steps one second passes."""

    records: list[Record] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.call, first = arrive(PLAN, events.CallArrived(str(UUID(int=7)), "+79161234567"), BEGAN)
        self.page = Page(self, self.call, Origin("one", "f", "p"))
        self.page.write(first, 0.0, None)

    def put(self, record: Record, leave: Leave | None) -> None:
        self.records.append(record)

    def takes(self, event: events.Event) -> Row | None:
        at = BEGAN + timedelta(seconds=len(self.records))
        self.page.write(attempt(self.call, event, at), 0.0, None)
        return self.records[-1].call

    def talks(self) -> Row:
        self.takes(events.CallerIdentified(Unknown()))
        self.takes(events.PromptFinished(self.call.awaited))
        [leg] = self.call.legs
        self.takes(events.LegAnswered(leg))
        row = self.takes(events.Bridged(leg))
        assert row is not None
        return row


def test_steps_are_numbered_from_one() -> None:
    live = Call()
    for _ in range(3):
        live.takes(events.DigitPressed("7"))
    assert [record.step[1] for record in live.records if record.step] == [1, 2, 3, 4]
    assert len({record.step[0] for record in live.records if record.step}) == 1


def test_how_the_call_stands_is_written_when_that_changes() -> None:
    live = Call()
    assert live.records[0].call is not None
    assert live.takes(events.DigitPressed("7")) is None
    row = live.takes(events.CallerIdentified(Unknown()))
    assert row is not None
    assert (row["state"], row["kind"], row["since"]) == ("greeting", "other", micros(BEGAN) + 2_000_000)


def test_who_was_talked_to_stays_when_the_leg_is_gone() -> None:
    live = Call()
    row = live.talks()
    [leg] = live.call.legs.values()
    assert leg.state is LegState.BRIDGED
    assert (row["answered_by"], row["answered_phone"]) == ("office", "74951110011")
    answered = row["answered"]
    assert answered
    row = live.takes(events.CallerHungUp())
    assert row is not None
    assert (row["answered_by"], row["answered"], row["outcome"]) == ("office", answered, "answered:office")
    ended = row["ended"]
    assert ended == micros(BEGAN) + (len(live.records) - 1) * 1_000_000
    last = live.takes(events.LegEnded(leg.id, "NORMAL_CLEARING"))
    assert last is not None
    assert (last["state"], last["ended"]) == ("ended", ended)


def test_keys_lie_in_the_order_of_time_and_fit_the_tables() -> None:
    seconds = [datetime(year, 1, 1, tzinfo=UTC) for year in (1990, 2026, 2090)]
    keys = [new_key(at) for at in seconds]
    assert keys == sorted(keys)
    assert all(0 < key < 2**63 for key in keys)
    assert len({new_key(BEGAN) for _ in range(1000)}) == 1000


def test_a_time_comes_back_exactly() -> None:
    at = datetime(2026, 11, 3, 11, 32, 7, 999_999, tzinfo=UTC)
    assert moment(micros(at)) == at


@pytest.mark.parametrize("text", ["a\0b", "\ud800", "\x00\udfff" * 3, "Я\n\x1b"])
def test_every_text_can_be_kept(text: str) -> None:
    kept = clean(text)
    assert "\0" not in kept
    assert len(kept.encode()) > 0
    assert len(kept) == len(text)


def test_a_list_keeps_the_beginning() -> None:
    assert short("я" * 100_000) == "я" * 200
