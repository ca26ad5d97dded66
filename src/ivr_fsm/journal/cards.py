"""The journal as the channel's outbox: the calls of which watchers were not told all yet, and their cards.

A card is what is known of a call's message in the channel: where it is, up to where its thread is written,
and what was on its way when that was noted. See `ivr_fsm.slack.projection`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    and_,
    delete,
    exists,
    insert,
    not_,
    or_,
    select,
    update,
)

from ivr_fsm.flow.plan import Plan
from ivr_fsm.journal.database import faults
from ivr_fsm.journal.entries import CallEntry, FollowUp, StepEntry
from ivr_fsm.journal.reader import Reader
from ivr_fsm.journal.rows import short
from ivr_fsm.journal.tables import CALLS, CARDS, FOLLOW_UPS, STEPS, micros

_PRINTED = ("state", "ended", "lost", "recording", "forgotten", "claimed", "done")

Print = tuple[Any, ...]
"""What of a call changes by other means than its steps: when it is another one, the call is worth a look."""


@dataclass(frozen=True, slots=True)
class Untold:
    """A call of which the watchers have not been told all.

    Attributes:
        key: the call whose card tells of it: its own, or that of the call that it calls back.
        call: its id.
        kind: the scenario of the call of that card; empty: that is not known yet.
        print: see `Print`.
    """

    key: int
    call: str
    kind: str
    print: Print


@dataclass(frozen=True, slots=True)
class Sending:
    """A message that was on its way.

    Attributes:
        part: what `ivr_fsm.slack.chat.Mark` calls it.
        since: when it was sent, an aware time in microseconds.
        posted: up to where the thread is written when it has arrived.
    """

    part: str
    since: int
    posted: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Card:
    """The message of a call.

    Attributes:
        key: the call's.
        channel: where it is, or will be; empty: that is not known yet.
        ts: the channel's name of it; empty: it is not there.
        posted: up to where its thread is written (`ivr_fsm.slack.message.Posted`).
        sending: what was on its way when this was written.
        error: why it was given up; empty: it was not.
    """

    key: int
    channel: str = ""
    ts: str = ""
    posted: Mapping[str, int] = field(default_factory=dict)
    sending: Sending | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """A call with all that its card tells of.

    Attributes:
        card: its card as it is now.
        call: the call.
        steps: its steps.
        plan: what it goes by, if today's version can read it.
        follow_ups: what people did about it.
        backs: the calls that called its caller back, each with its steps.
    """

    card: Card
    call: CallEntry
    steps: list[StepEntry]
    plan: Plan | None
    follow_ups: list[FollowUp]
    backs: list[tuple[CallEntry, list[StepEntry]]]


class Cards:
    """Those of one *instance* in the database of *engine*. Every method blocks, and raises JournalError."""

    def __init__(self, engine: Engine, instance: str) -> None:
        self.engine = engine
        self._instance = instance
        self._plan = lru_cache(maxsize=8)(Reader(engine).plan)

    def untold(self) -> list[Untold]:
        """Return the calls of this instance of which not all is told, the oldest first, and those back."""
        calls = CALLS.c
        own = (
            select(calls.key, calls.call, calls.kind, *(calls[name] for name in _PRINTED))
            .where(calls.instance == self._instance, calls.told.is_(None), calls.back == "")
            .order_by(calls.started)
        )
        with faults(self.engine), self.engine.connect() as connection:
            rows = connection.execute(own).all()
            return [_untold(row) for row in rows] + self._untold_backs(connection)

    def _untold_backs(self, connection: Connection) -> list[Untold]:
        # The card is that of the instance that had the first call.
        missed, back = CALLS.alias("missed"), CALLS.alias("back")
        query = (
            select(missed.c.key, back.c.call, missed.c.kind, *(back.c[name] for name in _PRINTED))
            .join(missed, and_(missed.c.call == back.c.back, missed.c.back == "", missed.c.refused == ""))
            .where(back.c.told.is_(None), back.c.back != "", missed.c.instance == self._instance)
            .order_by(missed.c.key)
        )
        return [_untold(row) for row in connection.execute(query)]

    def find(self, key: int) -> Found | None:
        """Return a call with all that its card tells of; None: it is gone."""
        with faults(self.engine), self.engine.connect() as connection:
            row: Any = connection.execute(select(CALLS).where(CALLS.c.key == key)).mappings().one_or_none()
            if row is None:
                return None
            call = CallEntry.of(row)
            follow_ups: list[Any] = list(
                connection.execute(
                    select(FOLLOW_UPS).where(FOLLOW_UPS.c.key == key).order_by(FOLLOW_UPS.c.id)
                ).mappings()
            )
            of_back = select(CALLS).where(CALLS.c.back == call.call, CALLS.c.back != "").order_by(CALLS.c.key)
            backs = [CallEntry.of(row) for row in _rows(connection, of_back)]
            found = Found(
                _card(connection, key),
                call,
                _steps(connection, key),
                None,
                [FollowUp.of(row) for row in follow_ups],
                [(back, _steps(connection, back.key)) for back in backs],
            )
        plan = self._plan(call.plan) if call.status == "live" else None
        return Found(found.card, call, found.steps, plan, found.follow_ups, found.backs)

    def save(self, card: Card) -> None:
        """Keep *card* as it is now."""
        sending = card.sending
        row = {
            "key": card.key,
            "channel": short(card.channel),
            "ts": short(card.ts),
            "posted": json.dumps(dict(card.posted)),
            "sending": json.dumps([sending.part, sending.since, dict(sending.posted)]) if sending else "",
            "error": short(card.error),
        }
        with faults(self.engine), self.engine.begin() as connection:
            _put(connection, row)

    def give_up(self, key: int, channel: str, why: str) -> None:
        """Note that the message of a call in *channel* is given up, because of *why*; the rest stays."""
        row = {"key": key, "channel": short(channel), "sending": "", "error": short(why)}
        with faults(self.engine), self.engine.begin() as connection:
            _put(connection, row)

    def told(self, found: Found, at: datetime) -> bool:
        """Note that the watchers were told all of what was *found*, unless there is more by now.

        Args:
            found: what they were told.
            at: aware time.
        """
        call, backs = found.call, [back.key for back, _ in found.backs]
        more = or_(
            exists().where(FOLLOW_UPS.c.key == call.key, FOLLOW_UPS.c.id > _last(found)),
            exists(_others(call, backs)),
        )
        noted = update(CALLS).where(CALLS.c.key == call.key, *_unchanged(call), not_(more))
        with faults(self.engine), self.engine.begin() as connection:
            # PostgreSQL: whoever adds something to the call is waited for, and what they added is seen.
            connection.execute(select(CALLS.c.key).where(CALLS.c.key == call.key).with_for_update())
            if not connection.execute(noted.values(told=micros(at))).rowcount:
                return False
            if backs:
                connection.execute(update(CALLS).where(CALLS.c.key.in_(backs)).values(told=micros(at)))
        return True


def _untold(row: Any) -> Untold:
    return Untold(row[0], row[1], row[2], tuple(row[3:]))


def _put(connection: Connection, row: dict[str, Any]) -> None:
    """Write what *row* says of a card; what it does not say stays, or is empty."""
    if not connection.execute(update(CARDS).where(CARDS.c.key == row["key"]).values(row)).rowcount:
        connection.execute(insert(CARDS).values({"ts": "", "posted": "{}", **row}))


def _unchanged(call: CallEntry) -> Iterator[Any]:
    """Return conditions that a call is as it was found, in what others change when it is over."""
    for name in ("forgotten", "claimed", "done"):
        at: datetime | None = getattr(call, name)
        yield CALLS.c[name].is_not_distinct_from(None if at is None else micros(at))
    yield CALLS.c.recording.is_not_distinct_from(call.recording)


def forget_cards(connection: Connection, keys: list[int]) -> None:
    """Remove what is known of the messages and of what people did, for calls that are removed."""
    for table in (CARDS, FOLLOW_UPS):
        connection.execute(delete(table).where(table.c.key.in_(keys)))


def tell_again(connection: Connection, which: ColumnElement[bool]) -> None:
    """Have the cards of calls look as the calls do now, if there are any."""
    has_card = exists().where(CARDS.c.key == CALLS.c.key, CARDS.c.ts != "")
    connection.execute(update(CALLS).where(which, has_card).values(told=None))


def _others(call: CallEntry, known: list[int]) -> Any:
    back = CALLS.alias("back")
    return select(back.c.key).where(back.c.back == call.call, back.c.back != "", back.c.key.not_in(known))


def _last(found: Found) -> int:
    return max((each.id for each in found.follow_ups), default=0)


def _card(connection: Connection, key: int) -> Card:
    for row in _rows(connection, select(CARDS).where(CARDS.c.key == key)):
        sending = Sending(*json.loads(row["sending"])) if row["sending"] else None
        return Card(key, row["channel"], row["ts"], json.loads(row["posted"]), sending, row["error"])
    return Card(key)


def _steps(connection: Connection, key: int) -> list[StepEntry]:
    rows = _rows(connection, select(STEPS).where(STEPS.c.key == key).order_by(STEPS.c.number))
    return [StepEntry.of(row) for row in rows]


def _rows(connection: Connection, query: Any) -> list[Any]:
    return list(connection.execute(query).mappings())
