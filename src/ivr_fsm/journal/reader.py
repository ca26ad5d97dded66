"""Reads the journal: which calls there were, one call with its steps, what is new."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVarTuple

from sqlalchemy import ColumnElement, Engine, Select, and_, false, func, not_, or_, select

from ivr_fsm.flow.plan import Plan
from ivr_fsm.journal.codec import Json
from ivr_fsm.journal.database import faults
from ivr_fsm.journal.entries import CallEntry, FollowUp, GapEntry, StepEntry
from ivr_fsm.journal.numbers import spaced
from ivr_fsm.journal.tables import CALLS, FOLLOW_UPS, GAPS, LIVE, PLANS, STEPS, micros

SHORTEST_ID = 4
"""With so many of its first characters a call's id can be given."""

Columns = TypeVarTuple("Columns")

_OF_IDS = set("0123456789abcdef-")
_GREATEST_KEY = 2**63 - 1
_IN_NO_TEXT = re.compile("[\0\ud800-\udfff]")
"""What no database keeps in a text, and some do not even look for."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which calls: what is None or empty does not matter.

    Attributes:
        live: whether the call is still on.
        outcome: ``answered``, ``answered:office``, ``abandoned``, ``stopped``, ``unanswered``, ``partner``,
            ``failed``, ``lost``, ``refused``.
        abandoned_in: the state in which the caller hung up.
        answered_by: a target, or part of the phone of who answered.
        phone: the caller's number in E.164, or some digits of it.
        since, until: the call began then or later; before then.
        kind: ``order``, ``other``, ``partner``.
        search: the caller's number or some digits of it, part of a name, of a shop's name, of an order's id,
            or the beginning of a call's id.
        unseen: whoever searches sees only the last two digits of numbers, so no others are compared.
    """

    live: bool | None = None
    outcome: str = ""
    abandoned_in: str = ""
    answered_by: str = ""
    phone: str = ""
    since: datetime | None = None
    until: datetime | None = None
    kind: str = ""
    search: str = ""
    unseen: bool = False


class Reader:
    """Reads the journal in the database of *engine*."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def calls(
        self, wanted: Wanted, limit: int = 50, *, before: int | None = None, after: int | None = None
    ) -> list[CallEntry]:
        """Return calls that are *wanted*, the newest first.

        Args:
            wanted: which.
            limit: how many at most.
            before: the newest of those that are older than that key's.
            after: the oldest of those that are newer than that key's.
        """
        forward = before is None and after is not None
        rows = select(CALLS).where(*_conditions(wanted)).limit(limit)
        rows = rows.order_by(CALLS.c.key if forward else CALLS.c.key.desc())
        if before is not None:
            rows = rows.where(CALLS.c.key < before)
        elif after is not None:
            rows = rows.where(CALLS.c.key > after)
        found = [CallEntry.of(row) for row in self._rows(rows)]
        return found[::-1] if forward else found

    def each(self, wanted: Wanted) -> Iterator[CallEntry]:
        """Return every call that is *wanted*, the newest first, a few at a time."""
        before = None
        while found := self.calls(wanted, 500, before=before):
            yield from found
            before = found[-1].key

    def count(self, wanted: Wanted, most: int | None = None) -> int:
        """Return how many calls are *wanted*; *most*: count no further than that."""
        found = select(CALLS.c.key).where(*_conditions(wanted)).limit(most).subquery()
        [row] = self._rows(select(func.count().label("count")).select_from(found))
        return int(row["count"])

    def call(self, call_id: str) -> list[CallEntry]:
        """Return the calls whose id is *call_id* or begins with it, the newest first.

        A caller leg that comes to us twice (its first service died) is two calls with one id, so a call's
        key, which has no hyphen and more digits than the first part of an id, is understood, too.
        """
        name = call_id.lower()
        if len(name) < SHORTEST_ID or not set(name) <= _OF_IDS:
            return []
        by_key = len(name) > 8 and name.isdecimal()
        if by_key and (len(name) > len(str(_GREATEST_KEY)) or int(name) > _GREATEST_KEY):
            return []
        # In every collation: hyphens may not count in it, and "~" may come before letters.
        matches = CALLS.c.key == int(name) if by_key else CALLS.c.call.between(name, name + "g")
        rows = self._rows(select(CALLS).where(matches).order_by(CALLS.c.key.desc()).limit(50))
        return [CallEntry.of(row) for row in rows if by_key or row["call"].startswith(name)]

    def steps(self, key: int) -> list[StepEntry]:
        """Return the steps of a call in their order."""
        return [
            StepEntry.of(row)
            for row in self._rows(select(STEPS).where(STEPS.c.key == key).order_by(STEPS.c.number))
        ]

    def live_lengths(self) -> dict[int, int]:
        """Return the number of the last step of each call that is on now, by its key; 0: it has none yet."""
        last = func.coalesce(func.max(STEPS.c.number), 0)
        of_each = CALLS.outerjoin(STEPS, STEPS.c.key == CALLS.c.key)
        live = select(CALLS.c.key, last).select_from(of_each).where(LIVE).group_by(CALLS.c.key)
        return dict(self._tuples(live))

    def moves(self, first: int, last: int) -> list[tuple[int, float, str, str]]:
        """Return (key, monotonic seconds, state before, state after) of what moved calls, from key to key."""
        moved = (
            select(STEPS.c.key, STEPS.c.mono, STEPS.c.before, STEPS.c.after)
            .where(STEPS.c.key.between(first, last), STEPS.c.before != STEPS.c.after)
            .order_by(STEPS.c.key, STEPS.c.number)
        )
        return self._tuples(moved)

    def outcomes(self, wanted: Wanted, limit: int) -> list[tuple[int, str]]:
        """Return (key, outcome) of calls that are *wanted* and were taken, the newest first."""
        taken = select(CALLS.c.key, CALLS.c.outcome).where(*_conditions(wanted), CALLS.c.refused == "")
        return self._tuples(taken.order_by(CALLS.c.key.desc()).limit(limit))

    def follow_ups(self, key: int) -> list[FollowUp]:
        """Return what people did about a call that was over, in their order."""
        did = select(FOLLOW_UPS).where(FOLLOW_UPS.c.key == key).order_by(FOLLOW_UPS.c.id)
        return [FollowUp.of(row) for row in self._rows(did)]

    def backs(self, call_id: str) -> list[CallEntry]:
        """Return the calls that called the caller of that call back, in their order."""
        rows = select(CALLS).where(CALLS.c.back == call_id, CALLS.c.back != "").order_by(CALLS.c.key)
        return [CallEntry.of(row) for row in self._rows(rows)]

    def plan(self, revision: str) -> Plan | None:
        """Return the plan of that revision, if today's version can still read it."""
        try:
            return Plan.model_validate_json(json.dumps(self.stored_plan(revision)))
        except ValueError:
            return None

    def stored_plan(self, revision: str) -> Json:
        """Return the plan of that revision as JSON, whichever version wrote it; None: it is not there."""
        for row in self._rows(select(PLANS.c.plan).where(PLANS.c.revision == revision)):
            return json.loads(row["plan"])
        return None

    def gaps(self, since: datetime, until: datetime) -> list[GapEntry]:
        """Return the gaps that touch the time from *since* to *until*."""
        touching = and_(GAPS.c.ended >= micros(since), GAPS.c.began <= micros(until))
        return [GapEntry.of(row) for row in self._rows(select(GAPS).where(touching).order_by(GAPS.c.began))]

    def last_id(self) -> int:
        """Return the place in the journal after which `after` finds what is new."""
        [row] = self._rows(select(func.coalesce(func.max(STEPS.c.id), 0).label("id")))
        return int(row["id"])

    def after(self, place: int, limit: int = 500) -> list[tuple[int, CallEntry, StepEntry]]:
        """Return (place, call, step) of the next steps after *place*, in the order of writing."""
        columns = [*CALLS.c, *(column.label(f"step_{column.name}") for column in STEPS.c)]
        rows = select(*columns).join(STEPS, STEPS.c.key == CALLS.c.key).where(STEPS.c.id > place)
        return [
            (
                row["step_id"],
                CallEntry.of(row),
                StepEntry.of({k[5:]: v for k, v in row.items() if k[:5] == "step_"}),
            )
            for row in self._rows(rows.order_by(STEPS.c.id).limit(limit))
        ]

    def _rows(self, query: Select[Any]) -> Sequence[Any]:
        with faults(self._engine), self._engine.connect() as connection:
            return connection.execute(query).mappings().all()

    def _tuples(self, query: Select[*Columns]) -> list[tuple[*Columns]]:
        with faults(self._engine), self._engine.connect() as connection:
            return [(*row,) for row in connection.execute(query)]


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    calls = CALLS.c
    found = []
    if wanted.live is not None:
        found.append(LIVE if wanted.live else not_(LIVE))
    if wanted.outcome:
        found.append(_has_outcome(wanted.outcome))
    if wanted.abandoned_in:
        found.append(calls.outcome == f"abandoned:{wanted.abandoned_in}")
    if wanted.answered_by:
        digits = wanted.answered_by.lstrip("+")
        found.append(_has_answered(digits) if digits.isdigit() else calls.answered_by == wanted.answered_by)
    if wanted.phone:
        whole = wanted.phone.startswith("+")
        found.append(
            calls.phone == wanted.phone if whole else calls.phone.contains(wanted.phone, autoescape=True)
        )
    if wanted.kind:
        found.append(calls.kind == wanted.kind)
    if wanted.search.strip():
        found.append(_matches(wanted.search.strip(), unseen=wanted.unseen))
    if wanted.since is not None:
        found.append(calls.started >= micros(wanted.since))
    if wanted.until is not None:
        found.append(calls.started < micros(wanted.until))
    return found


def _matches(text: str, *, unseen: bool) -> ColumnElement[bool]:
    if _IN_NO_TEXT.search(text):
        return false()
    calls, name = CALLS.c, text.lower()
    # SQLite knows capitals of ASCII only, PostgreSQL tells them apart.
    cases = {text, name, text.upper(), text.title(), text.capitalize()}
    digits = "".join(sign for sign in text if sign.isdecimal() and sign.isascii())
    if unseen and len(digits) > 2:
        # A number that stands in a name could be found out digit by digit.
        found = [calls.order_id == text]
    else:
        found = [
            column.contains(each, autoescape=True) for column in (calls.name, calls.shop) for each in cases
        ]
        found += [calls.order_id.contains(each, autoescape=True) for each in {text, name, text.upper()}]
    if len(name) >= SHORTEST_ID and set(name) <= _OF_IDS:
        found.append(calls.call.between(name, name + "g"))
    if digits and not set(text) - set("+0123456789 -()"):
        if unseen:
            found.append(calls.phone.endswith(digits[-2:], autoescape=True))
        else:
            national = digits[1:] if len(digits) == 11 and digits[0] == "8" else digits
            found.append(calls.phone.contains(national, autoescape=True))
    return or_(*found)


def _has_answered(digits: str) -> ColumnElement[bool]:
    """Return whether a phone with *digits* in it answered; phones are kept as somebody wrote them.

    Many calls have few of them: "materialized" has each looked at once, and not again for every call.
    """
    different = select(CALLS.c.answered_phone.label("phone")).distinct()
    phones = different.cte("phones").prefix_with("MATERIALIZED")
    having = select(phones.c.phone).where(phones.c.phone.regexp_match(spaced(digits)))
    return CALLS.c.answered_phone.in_(having)


def _has_outcome(outcome: str) -> ColumnElement[bool]:
    match outcome:
        case "lost":
            return and_(CALLS.c.lost.is_not(None), CALLS.c.ended.is_(None))
        case "refused":
            return CALLS.c.refused != ""
        case "answered" | "abandoned" | "stopped":
            return CALLS.c.outcome.startswith(f"{outcome}:")
        case _:
            return CALLS.c.outcome == outcome
