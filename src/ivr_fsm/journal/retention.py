"""How long the journal keeps things: steps, personal data and recordings, each to an age of their own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import structlog
from sqlalchemy import ColumnElement, Engine, delete, func, select
from sqlalchemy.exc import SQLAlchemyError

from ivr_fsm.flow.plan import Plan
from ivr_fsm.journal.cards import forget_cards
from ivr_fsm.journal.database import reason
from ivr_fsm.journal.personal import number_of
from ivr_fsm.journal.recordings import note_removed, older_than
from ivr_fsm.journal.scrub import scrub
from ivr_fsm.journal.store import note_plan
from ivr_fsm.journal.tables import CALLS, GAPS, PLANS, STEPS, micros
from ivr_fsm.journal.taking import Rests, Taker, settled
from ivr_fsm.journal.thread import OneThread

EVERY = 3600.0
"""Seconds between two prunings of a service."""

CLOSING = 5.0
"""Seconds that the transaction under way may take when the service stops."""

_AT_ONCE = 10
"""How many calls are removed in one transaction."""

_ROWS = 1000
"""How many rows of another kind are."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Ages:
    """After how long calls, the personal data in them, and recordings are removed."""

    steps: timedelta
    personal: timedelta
    recordings: timedelta

    @classmethod
    def of_days(cls, steps: int, personal: int, recordings: int) -> Ages:
        """Return the ages of so many days each."""
        return cls(timedelta(days=steps), timedelta(days=personal), timedelta(days=recordings))


@dataclass(slots=True)
class Pruned:
    """How much was removed: calls with their steps, calls that lost their personal data, files, the rest.

    Attributes:
        faults: why the rest of a kind could not be removed, by its name.
    """

    calls: int = 0
    steps: int = 0
    personal: int = 0
    recordings: int = 0
    spoken: int = 0
    plans: int = 0
    gaps: int = 0
    faults: dict[str, str] = field(default_factory=dict)

    def counts(self) -> dict[str, int]:
        """Return what is not 0, by its name."""
        counted = {each.name: getattr(self, each.name) for each in fields(self) if each.name != "faults"}
        return {name: count for name, count in counted.items() if count}


@dataclass(frozen=True, slots=True)
class Pruning:
    """Removes what is older than it may be. Several may do so at once, in one database too.

    Attributes:
        engine: the journal's database; None: there are only recordings.
        recordings: their folder, if any.
        ages: how old things may become.
        region: the country whose national numbers are understood.
        spoken: returns the files of announcements that were last used before a time (aware): they name
            callers, and become as old as personal data.
    """

    engine: Engine | None
    recordings: Path | None
    ages: Ages
    region: str
    spoken: Callable[[datetime], Iterable[Path]] = lambda _: ()

    def prune(self, now: datetime, stop: Event | None = None) -> Pruned:
        """Remove what is too old at *now* (aware), until *stop* is set, and return what was removed.

        A kind that cannot be removed keeps no other from being removed: see `Pruned.faults`.
        """
        rests, done = Rests(stop), Pruned()
        kinds: dict[str, Callable[[], object]] = {
            "recordings": lambda: self._remove_recordings(now, done),
            "spoken announcements": lambda: self._remove_spoken(now, done),
        }
        if (engine := self.engine) is not None:
            kinds |= {
                "calls": lambda: self._remove_calls(engine, now, rests, done),
                "personal data": lambda: self._forget_callers(engine, now, rests, done),
                "plans": lambda: self._remove_plans(engine, now, done),
                "gaps": lambda: self._remove_gaps(engine, now, rests, done),
                "copies": lambda: scrub(engine) if done.calls or done.personal else None,
            }
        for kind, remove in kinds.items():
            try:
                remove()
            except (SQLAlchemyError, OSError) as error:
                done.faults[kind] = reason(error)
        return done

    def look(self, now: datetime) -> Pruned:
        """Return what `prune` would remove.

        Raises:
            SQLAlchemyError: the database fails.
            OSError: a folder cannot be read.
        """
        found = Pruned(
            recordings=len(list(self._old_recordings(now))), spoken=len(list(self._old_spoken(now)))
        )
        if self.engine is None:
            return found
        calls, personal = self._old_calls(now), self._known_callers(now)
        counted = {
            "calls": select(func.count()).select_from(CALLS).where(calls),
            "steps": select(func.count()).where(STEPS.c.key.in_(select(CALLS.c.key).where(calls))),
            "personal": select(func.count()).select_from(CALLS).where(personal, ~calls),
            "gaps": select(func.count()).select_from(GAPS).where(self._old_gaps(now)),
            "plans": select(func.count()).select_from(PLANS).where(self._unused_plans(now, ~calls)),
        }
        with self.engine.connect() as connection:
            for name, query in counted.items():
                setattr(found, name, connection.scalar(query))
        return found

    def _old_calls(self, now: datetime) -> ColumnElement[bool]:
        return (CALLS.c.started < micros(now - self.ages.steps)) & settled(now)

    def _known_callers(self, now: datetime) -> ColumnElement[bool]:
        old = CALLS.c.started < micros(now - self.ages.personal)
        return old & CALLS.c.forgotten.is_(None) & settled(now)

    def _old_gaps(self, now: datetime) -> ColumnElement[bool]:
        return GAPS.c.ended < micros(now - self.ages.steps)

    def _unused_plans(self, now: datetime, of: ColumnElement[bool] | None = None) -> ColumnElement[bool]:
        used = select(CALLS.c.plan) if of is None else select(CALLS.c.plan).where(of)
        return (PLANS.c.first_used < micros(now - self.ages.steps)) & PLANS.c.revision.not_in(used)

    def _old_recordings(self, now: datetime) -> Iterator[Path]:
        if self.recordings is not None and self.recordings.is_dir():
            yield from older_than(self.recordings, now - self.ages.recordings)

    def _old_spoken(self, now: datetime) -> Iterator[Path]:
        yield from self.spoken(now - self.ages.personal)

    def _remove_recordings(self, now: datetime, done: Pruned) -> None:
        removed = []
        try:
            for file in self._old_recordings(now):
                file.unlink(missing_ok=True)
                removed.append(file.stem)
                done.recordings += 1
        finally:
            if self.engine is not None:
                note_removed(self.engine, removed)

    def _remove_spoken(self, now: datetime, done: Pruned) -> None:
        for file in self._old_spoken(now):
            file.unlink(missing_ok=True)
            done.spoken += 1

    def _remove_calls(self, engine: Engine, now: datetime, rests: Rests, done: Pruned) -> None:
        old = select(CALLS.c.key).where(self._old_calls(now)).order_by(CALLS.c.started).limit(_AT_ONCE)
        while keys := _column(engine, old):
            rests.begin()
            with engine.begin() as connection:
                done.steps += connection.execute(delete(STEPS).where(STEPS.c.key.in_(keys))).rowcount
                done.calls += connection.execute(delete(CALLS).where(CALLS.c.key.in_(keys))).rowcount
                forget_cards(connection, keys)
            if not rests.rest():
                return

    def _forget_callers(self, engine: Engine, now: datetime, rests: Rests, done: Pruned) -> None:
        taker = Taker(engine)
        known = select(CALLS.c.key, CALLS.c.phone).where(self._known_callers(now)).order_by(CALLS.c.started)
        with engine.connect() as connection:
            callers = connection.execute(known).all()
        for key, phone in callers:
            rests.begin()
            number = number_of(phone, self.region)
            try:
                done.personal += taker.take(key, number, now, now, known=True) is not None
            except (ValueError, LookupError, TypeError, AttributeError) as error:
                # A step that cannot be read keeps nobody else in the journal.
                done.faults["personal data"] = f"call {key}: {type(error).__name__}"
            if not rests.rest():
                return

    def _remove_plans(self, engine: Engine, now: datetime, done: Pruned) -> None:
        # What is to go is sought first: the search takes longer than the writer should wait.
        if plans := _column(engine, select(PLANS.c.revision).where(self._unused_plans(now)).limit(_ROWS)):
            with engine.begin() as connection:
                done.plans = connection.execute(delete(PLANS).where(PLANS.c.revision.in_(plans))).rowcount

    def _remove_gaps(self, engine: Engine, now: datetime, rests: Rests, done: Pruned) -> None:
        some = select(GAPS.c.id).where(self._old_gaps(now)).limit(_ROWS)
        removed = _ROWS
        while removed == _ROWS:
            rests.begin()
            with engine.begin() as connection:
                removed = connection.execute(delete(GAPS).where(GAPS.c.id.in_(some))).rowcount
            done.gaps += removed
            if not rests.rest():
                return


def _column(engine: Engine, query: Any) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.scalars(query))


class Keeper:
    """Prunes at the service's start and then regularly, in a thread of its own; faults are only logged."""

    def __init__(
        self, pruning: Pruning, plan: Plan, now: Callable[[], datetime], loop: asyncio.AbstractEventLoop
    ) -> None:
        self._pruning = pruning
        self._plan = plan
        self._now = now
        self._loop = loop
        self._thread = OneThread("retention")
        self._stop = Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin."""
        self._task = self._loop.create_task(self._run())

    async def close(self) -> None:
        """End, after the transaction that is under way."""
        if self._stop.is_set():
            return
        self._stop.set()
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        if self._pruning.engine is not None:
            await self._thread.finish(self._pruning.engine.dispose, CLOSING)
        else:
            self._thread.shutdown()

    async def _run(self) -> None:
        while True:
            try:
                pruned = await self._loop.run_in_executor(self._thread, self._prune)
                if removed := pruned.counts():
                    log.info("pruned", **removed)
                if pruned.faults:
                    why = "; ".join(f"{kind}: {fault}" for kind, fault in pruned.faults.items())
                    log.error("prune failed", why=why, effect=f"tried again in {EVERY:g} s")
            except Exception as error:
                log.error("prune failed", why=reason(error), effect=f"tried again in {EVERY:g} s")
            await asyncio.sleep(EVERY)

    def _prune(self) -> Pruned:
        """Runs in the thread."""
        pruned = self._pruning.prune(self._now(), self._stop)
        if self._pruning.engine is not None:
            # A plan that has had no call for so long may be the one that we serve by.
            try:
                with self._pruning.engine.begin() as connection:
                    note_plan(connection, self._plan, self._now())
            except SQLAlchemyError as error:
                pruned.faults["our plan"] = reason(error)
        return pruned
